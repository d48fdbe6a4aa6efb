"""How the server answers whatever zone is asked: what operators say of it in its settings."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from gtm.dns.cookies import SECRET, Jar
from gtm.networks import Networks

IDLE = 10.0  # seconds without a query until a TCP connection is closed (RFC 7766 section 6.2.3)
ANYBODY = Networks.of(["any"])
MAX_IDENTITY = 64  # octets, so that it fits into any answer


def _jar() -> Jar:
    return Jar((secrets.token_bytes(SECRET),))


@dataclass(frozen=True, slots=True)
class Conduct:
    """Words and limits of the server, given to responders beside the snapshot.

    `identity` is what NSID (RFC 5001) and id.server answer, `version` what version.server does
    (RFC 4892), None for nothing; names of class CHAOS are answered to `chaos_to` alone. `idle` is
    how many seconds a TCP connection may be silent (RFC 7828). `cookies` has a secret of its own
    where the fleet shares none. A setting that changes while the server runs makes another one.
    """

    identity: bytes | None = None
    version: bytes | None = None
    chaos_to: Networks = ANYBODY
    idle: float = IDLE
    cookies: Jar = field(default_factory=_jar)


PLAIN = Conduct()
