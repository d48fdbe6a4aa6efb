"""Parsers of the words of a zone file that stand for a choice. Each raises Wrong for another."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TypeVar

from gtm.model import Algorithm, AllDown, Balance, Draw, Policy, Stale, Topology
from gtm.zonefile.findings import Wrong, nearest, shown

_Word = TypeVar("_Word", bound=Enum)


def policy(value: object) -> Policy:
    """How clients are steered."""
    return _choice(value, Policy, "policy")


def topology(value: object) -> Topology:
    """Whether an app's services move together."""
    return _choice(value, Topology, "topology")


def draw(value: object) -> Draw:
    """Where a share decides."""
    return _choice(value, Draw, "draw")


def balance(value: object) -> Balance:
    """How the endpoints inside a region are used."""
    return _choice(value, Balance, "balance")


def stale(value: object) -> Stale:
    """What is believed of a load that is too old."""
    return _choice(value, Stale, "way to take a load that is too old")


def algorithm(value: object) -> Algorithm:
    """How keys sign; the names that other software has for the two are taken too."""
    if isinstance(value, str):
        value = _ALGORITHMS.get(value.lower().replace("_", "").replace("-", ""), value)
    return _choice(value, Algorithm, "DNSSEC algorithm that gtm signs with")


_ALGORITHMS = {
    "ecdsap256": "ecdsa-p256",
    "ecdsap256sha256": "ecdsa-p256",
    "ecdsa256": "ecdsa-p256",
    "ed25519": "ed25519",
}


def all_down(value: object) -> AllDown:
    """What to answer when no region is up, save addresses."""
    words = {mode.value: mode for mode in AllDown if mode is not AllDown.ADDRESSES}
    if isinstance(value, str) and value in words:
        return words[value]
    hint = nearest(value, words) if isinstance(value, str) else ""
    fallback = f"{_either(words)} or `[addresses]`"
    raise Wrong(f"{shown(value)} is not an answer of last resort", f"write {hint or fallback}")


def _choice(value: object, kind: type[_Word], what: str) -> _Word:
    words = [str(member.value) for member in kind]
    remedy = f"write {_either(words)}"
    if isinstance(value, str) and value in words:
        return kind(value)
    hint = nearest(value, words) if isinstance(value, str) else ""
    raise Wrong(f"{shown(value)} is not a {what}", f"write {hint}" if hint else remedy)


def _either(words: Iterable[str]) -> str:
    return " or ".join(f"`{word}`" for word in words)
