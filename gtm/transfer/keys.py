"""The secrets of TSIG keys, read where zone files say they stand."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence

import structlog

from gtm.dns.names import to_wire
from gtm.errors import GtmError
from gtm.guarded import reveal
from gtm.model import Zone
from gtm.peering import SharedKey, TsigKey

log = structlog.get_logger("gtm")

SHORTEST = 16  # octets of a secret; RFC 8945 section 8 wants as many as the MAC has


class KeyRing:
    """Keys by name on the wire. One that can't be read any more stays as it was."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """There are none until `read`."""
        self.keys: Mapping[bytes, SharedKey] = {}
        self._environment = environment
        self._read_as: dict[bytes, TsigKey] = {}

    def read(self, zones: Sequence[Zone]) -> None:
        """Takes in the keys of the zones. Reads files: for a worker thread."""
        found: dict[bytes, SharedKey] = {}
        for key in {key.name: key for zone in zones for key in zone.tsig}.values():
            name = to_wire(key.name)
            try:
                found[name] = shared_key(key, self._environment)
                self._read_as[name] = key
            except GtmError as error:
                before = self.keys.get(name)
                kept = before is not None and self._read_as.get(name) == key
                if kept and before is not None:
                    found[name] = before
                said = str(error)
                log.error("tsig_key_unread", error=said, the_one_before_is_used=kept)  # noqa: TRY400
        self.keys = found


def shared_key(key: TsigKey, environment: Mapping[str, str]) -> SharedKey:
    """The key with its secret. Raises GtmError. Reads a file: may block."""
    word = key.name.removesuffix(".")
    text = reveal(key.secret, environment, f"use the TSIG key {word}")
    try:
        secret = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise GtmError(f"cannot use the TSIG key {word}: {key.secret} is not base64") from None
    if len(secret) < SHORTEST:
        what = f"{key.secret} holds under {SHORTEST} octets"
        raise GtmError(f"cannot use the TSIG key {word}: {what}; `openssl rand -base64 32` has 32")
    return SharedKey(to_wire(key.name), key.algorithm, secret)
