"""What is published of a service beside its addresses: HTTPS, SVCB and SRV records.

A service's `HTTPS` record (RFC 9460) stands at its own name, `SVCB` and `SRV` records (RFC 2782)
at names below it that begin with underscores. SRV records point to names, so each address has one
of its own below the service: the name is made of the address, and so means it for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

REGIONS = 3  # that an SRV answer names, unless the zone file says otherwise


@dataclass(frozen=True, slots=True)
class Binding:
    """What an HTTPS or SVCB record says (RFC 9460 section 7), but for what steering fills in.

    `alpn` are protocols beside the scheme's default one, which `default_alpn` says is spoken too.
    `port` None is the scheme's. `ech` is an ECHConfigList as it is, `dohpath` a URI template
    (RFC 9461 section 5). `mandatory` names the keys that clients must understand. With `hints` the
    addresses of the endpoints in use stand in the record.
    """

    alpn: tuple[str, ...] = ()
    default_alpn: bool = True
    port: int | None = None
    ech: bytes = b""
    dohpath: str = ""
    mandatory: tuple[str, ...] = ()
    hints: bool = True


@dataclass(frozen=True, slots=True)
class Dispatch:
    """What SRV records say for one protocol: the port, and how many regions an answer names."""

    port: int
    regions: int = REGIONS


@dataclass(frozen=True, slots=True)
class Published:
    """All of a service's. `svcb` and `srv` are by what stands before the service's name.

    With `alias` the service is answered at the zone's apex too.
    """

    https: Binding | None = None
    svcb: tuple[tuple[str, Binding], ...] = ()
    srv: tuple[tuple[str, Dispatch], ...] = ()
    alias: bool = False


def names_of(published: Published | None, service: str) -> dict[str, Binding | Dispatch]:
    """The names of SVCB and SRV records of a service (by its absolute name), with what they say."""
    if published is None:
        return {}
    records: list[tuple[str, Binding | Dispatch]] = [*published.svcb, *published.srv]
    return {f"{label}.{service}": says for label, says in records}


def target_name(service: str, region: str, address: IPv4Address | IPv6Address) -> str:
    """What SRV records call an address of a service in a region.

    `192-0-2-10.us-east.orders.gtm.example.com.`; IPv6 is written out, all eight groups of it, so
    that no label begins with a hyphen. Addresses of last resort are in no region ("").
    """
    label = address.exploded.replace(".", "-").replace(":", "-")
    return f"{label}.{region.lower()}.{service}" if region else f"{label}.{service}"
