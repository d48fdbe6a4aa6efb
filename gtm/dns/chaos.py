"""What the server says of itself: TXT questions of class CHAOS (RFC 4892)."""

from __future__ import annotations

from collections.abc import Mapping

from gtm.dns.message import Placed, Query, Response
from gtm.dns.types import CHAOS, Rcode, Type
from gtm.snapshot import RRset

IDENTITY, VERSION = "identity", "version"
ASKED: Mapping[bytes, str] = {
    b"\x02id\x06server\x00": IDENTITY,  # RFC 4892 section 2
    b"\x08hostname\x04bind\x00": IDENTITY,
    b"\x07version\x06server\x00": VERSION,
    b"\x07version\x04bind\x00": VERSION,
}
TTL = 0  # nobody is to keep it: the next packet may reach another server


def answer(query: Query, identity: bytes | None, version: bytes | None) -> Response:
    """The answer to a question of class CHAOS; REFUSED for what is not told.

    `identity` and `version` are what operators want to be known, None for nothing.
    """
    told = {IDENTITY: identity, VERSION: version}
    asked = ASKED.get((query.name or b"").lower())
    words = None if asked is None else told[asked]
    if words is None or query.name is None:
        return Response(Rcode.REFUSED)
    if query.type not in (Type.TXT, Type.ANY):
        return Response(Rcode.NOERROR, authoritative=True)
    said = RRset(Type.TXT, TTL, (bytes((len(words),)) + words,))
    return Response(
        Rcode.NOERROR, authoritative=True, answer=(Placed(query.name.lower(), said),), rrclass=CHAOS
    )
