"""Signed messages (TSIG, RFC 8945): queries checked, answers signed."""

from __future__ import annotations

import hmac
import struct
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import IntEnum

import dns.exception
import dns.name

from gtm.peering import Algorithm, SharedKey

FUDGE = 300  # seconds that clocks may differ by (RFC 8945 section 10)
TYPE, ANY = 250, 255  # type TSIG, of class ANY
_COUNT = 10  # where ARCOUNT stands in a message
_FIXED = struct.Struct("!HHIH")  # type, class, TTL and the length of the data
_SHORTEST_MAC = 10  # octets (RFC 8945 section 5.2.2.1)

ALGORITHMS: Mapping[bytes, Algorithm] = {
    dns.name.from_text(one.value).to_digestable(): one for one in Algorithm
}
_WIRE = {one: wire for wire, one in ALGORITHMS.items()}
DIGESTS = {Algorithm.SHA256: "sha256", Algorithm.SHA384: "sha384", Algorithm.SHA512: "sha512"}
SIZES = {Algorithm.SHA256: 32, Algorithm.SHA384: 48, Algorithm.SHA512: 64}  # octets of a MAC


class TsigError(IntEnum):
    """What is wrong with a signature (RFC 8945 section 3)."""

    NONE = 0
    BADSIG = 16
    BADKEY = 17
    BADTIME = 18
    BADTRUNC = 22


UNSIGNED = (TsigError.BADSIG, TsigError.BADKEY)  # answers to these can't be signed (5.3.2)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a TSIG record says (RFC 8945 section 4.2), and where it begins in its message.

    Names are in lower case. `time` is Unix time, `fudge` seconds.
    """

    start: int
    owner: bytes
    algorithm: bytes
    time: int
    fudge: int
    mac: bytes
    original: int
    error: int = TsigError.NONE
    other: bytes = b""

    def record(self) -> bytes:
        """The record on the wire."""
        data = self.algorithm + self.time.to_bytes(6, "big")
        data += struct.pack("!HH", self.fudge, len(self.mac)) + self.mac
        data += struct.pack("!HHH", self.original, self.error, len(self.other)) + self.other
        return self.owner + _FIXED.pack(TYPE, ANY, 0, len(data)) + data

    def variables(self) -> bytes:
        """What of it is signed (section 4.3.3)."""
        head = self.owner + struct.pack("!HI", ANY, 0) + self.algorithm + self.timers()
        return head + struct.pack("!HH", self.error, len(self.other)) + self.other

    def timers(self) -> bytes:
        """What of it is signed in all messages of an answer but the first (section 5.3.1)."""
        return self.time.to_bytes(6, "big") + self.fudge.to_bytes(2, "big")


def read(packet: bytes, start: int) -> Signature:
    """The TSIG record that begins at an offset of a packet. Raises ValueError.

    A MAC that is longer than the algorithm's, or too short to mean anything, is malformed
    (RFC 8945 section 5.2.2.1).
    """
    try:
        signature = _read(packet, start)
    except (dns.exception.DNSException, struct.error) as error:
        raise ValueError("a TSIG record that can't be read") from error
    known = ALGORITHMS.get(signature.algorithm)
    size = len(signature.mac)
    if known is not None and size:
        whole = SIZES[known]
        if not max(_SHORTEST_MAC, whole // 2) <= size <= whole:
            raise ValueError("a TSIG record with a MAC of no possible length")
    return signature


def _read(packet: bytes, start: int) -> Signature:
    owner, used = dns.name.from_wire(packet, start)
    at = start + used
    _, rrclass, ttl, length = _FIXED.unpack_from(packet, at)
    if rrclass != ANY or ttl != 0:
        raise ValueError("a TSIG record of another class than ANY, or with a TTL")
    at += _FIXED.size
    end = at + length
    algorithm, used = dns.name.from_wire(packet, at)
    at += used
    high, low, fudge, size = struct.unpack_from("!HIHH", packet, at)
    at += 10
    mac = packet[at : at + size]
    at += size
    original, error, size = struct.unpack_from("!HHH", packet, at)
    at += 6
    if at + size != end or end > len(packet):
        raise ValueError("a TSIG record that does not fit")
    return Signature(
        start,
        owner.to_digestable(),
        algorithm.to_digestable(),
        high << 32 | low,
        fudge,
        mac,
        original,
        error,
        packet[at:end],
    )


def mac_of(key: SharedKey, *parts: bytes) -> bytes:
    """The MAC of octets."""
    return hmac.digest(key.secret, b"".join(parts), DIGESTS[key.algorithm])


@dataclass(frozen=True, slots=True)
class Seal:
    """How a query was signed, and so how its answers are. `key` is None where it is not known."""

    signature: Signature
    key: SharedKey | None
    error: TsigError

    @property
    def name(self) -> str | None:
        """The key that the query was rightly signed with, as zone files name it."""
        if self.key is None or self.error:
            return None
        return dns.name.from_wire(self.key.name, 0)[0].to_text()

    @property
    def size(self) -> int:
        """Octets that signing adds to an answer, at the most."""
        mac = 0 if self.key is None else SIZES[self.key.algorithm]
        empty = replace(self.signature, mac=b"", other=b"")
        return len(empty.record()) + mac + 6

    def close(self, message: bytes, now: float) -> bytes:
        """The answer with its TSIG record (RFC 8945 section 5.3)."""
        return Sealing(self).next(message, now)


class Sealing:
    """Signs the messages of one answer, one after the other (RFC 8945 section 5.3.1).

    Every message is signed, over the MAC of the one before.
    """

    def __init__(self, seal: Seal) -> None:
        """Nothing is signed yet."""
        self._seal = seal
        self._before = seal.signature.mac
        self._first = True

    def next(self, message: bytes, now: float) -> bytes:
        """The next message, signed. `now` is Unix time."""
        seal, asked, at = self._seal, self._seal.signature, int(now)
        late = seal.error is TsigError.BADTIME
        made = Signature(
            len(message),
            asked.owner,
            asked.algorithm,
            # RFC 8945 section 5.2.3: then the client's time, and ours beside it
            asked.time if late else at,
            FUDGE,
            b"",
            int.from_bytes(message[:2], "big"),
            seal.error,
            at.to_bytes(6, "big") if late else b"",
        )
        if seal.key is not None and seal.error not in UNSIGNED:
            before = len(self._before).to_bytes(2, "big") + self._before
            said = made.variables() if self._first else made.timers()
            made = replace(made, mac=mac_of(seal.key, before, message, said))
            self._before, self._first = made.mac, False
        return _with_record(message, made)


def check(packet: bytes, signature: Signature, keys: Mapping[bytes, SharedKey], now: float) -> Seal:
    """Whether a query was signed with a key that is known, in the order of RFC 8945 section 5.2."""
    key = keys.get(signature.owner)
    if key is None or signature.algorithm != _WIRE[key.algorithm]:
        return Seal(signature, None, TsigError.BADKEY)
    right = mac_of(key, bare(packet, signature), signature.variables())
    if not signature.mac or not hmac.compare_digest(right[: len(signature.mac)], signature.mac):
        return Seal(signature, key, TsigError.BADSIG)
    if abs(signature.time - now) > signature.fudge:
        return Seal(signature, key, TsigError.BADTIME)
    if len(signature.mac) < len(right):
        return Seal(signature, key, TsigError.BADTRUNC)
    return Seal(signature, key, TsigError.NONE)


def bare(packet: bytes, signature: Signature) -> bytes:
    """A message as it was before it was signed (RFC 8945 section 4.3.2)."""
    count = int.from_bytes(packet[_COUNT : _COUNT + 2], "big") - 1
    head = signature.original.to_bytes(2, "big") + packet[2:_COUNT] + count.to_bytes(2, "big")
    return head + packet[_COUNT + 2 : signature.start]


def signed(message: bytes, key: SharedKey, now: float) -> tuple[bytes, bytes]:
    """A message of ours, signed, and its MAC. `now` is Unix time."""
    number = int.from_bytes(message[:2], "big")
    algorithm = _WIRE[key.algorithm]
    made = Signature(len(message), key.name, algorithm, int(now), FUDGE, b"", number)
    made = replace(made, mac=mac_of(key, message, made.variables()))
    return _with_record(message, made), made.mac


def answers(packet: bytes, signature: Signature, key: SharedKey, mac: bytes) -> bool:
    """Whether an answer is signed with the key of the message that had this MAC."""
    said = len(mac).to_bytes(2, "big") + mac
    right = mac_of(key, said, bare(packet, signature), signature.variables())
    return signature.owner == key.name and hmac.compare_digest(right, signature.mac)


def _with_record(message: bytes, signature: Signature) -> bytes:
    """The message with one more record in its additional section."""
    count = int.from_bytes(message[_COUNT : _COUNT + 2], "big") + 1
    head = message[:_COUNT] + count.to_bytes(2, "big")
    return head + message[_COUNT + 2 :] + signature.record()
