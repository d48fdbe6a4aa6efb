"""How a zone is signed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Algorithm(Enum):
    """How keys of a zone sign (RFC 8624 section 3.1: the two to be chosen for new zones)."""

    ECDSA_P256 = "ecdsa-p256"
    ED25519 = "ed25519"

    @property
    def number(self) -> int:
        """As DNSKEY and RRSIG have it (RFC 6605 section 3, RFC 8080 section 3)."""
        return 13 if self is Algorithm.ECDSA_P256 else 15


@dataclass(frozen=True, slots=True)
class Dnssec:
    """How a zone is signed, all but its keys: those are in a folder of the server.

    New keys are of `algorithm`; `split` makes two of them, a KSK that signs the DNSKEY RRset and a
    ZSK that signs the rest, in place of one that signs all. Signatures are valid for `validity`
    seconds. `ttl` is that of DNSKEY, CDS and CDNSKEY; without `cds` the last two are not published.
    What roll-overs wait for beside TTLs of the zone: `parent_ttl`, that of the DS at the parent,
    and `propagation`, the seconds until all servers of a zone serve a change. `imports` is DNSKEY
    data (wire form) of other providers that sign the same zone (RFC 8901).
    """

    algorithm: Algorithm = Algorithm.ECDSA_P256
    split: bool = False
    validity: float = 14 * 86400.0
    ttl: int = 3600
    cds: bool = True
    parent_ttl: int = 86400
    propagation: float = 3600.0
    imports: tuple[bytes, ...] = ()
