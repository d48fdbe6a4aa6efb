"""Which targets are asked the same, whatever is made of the answers."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from hashlib import blake2b

from gtm.checks import Check, Target


def question(target: Target) -> Target:
    """The target without how often it is asked and how its answers are judged.

    Two targets with one question have one history: a new `interval` or `fall` does not make what
    was learnt untrue.
    """
    check = target.check
    return replace(
        target, check=Check("", check.probe, check.port, check.address, check.source, check.family)
    )


def identity(target: Target) -> str:
    """The question in a short text that is the same on every machine and after a restart."""
    digest = blake2b(_asked(target.check), digest_size=16)
    digest.update(f"{target.address} {target.server_name}".encode())
    return digest.hexdigest()


@lru_cache(maxsize=1024)
def _asked(check: Check) -> bytes:
    """What a check asks. There are few checks, and thousands of targets of each."""
    return repr((check.probe, check.port, check.address, check.source, check.family)).encode()
