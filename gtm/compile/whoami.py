"""What a zone's name `whoami` answers from: its geo data, and some of its services."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from ipaddress import ip_address

from gtm.compile.compiled import CompiledApp
from gtm.dns.names import to_wire
from gtm.geo import Geo
from gtm.model import Topology, Zone
from gtm.snapshot import Steered, Whoami

MOST = 12  # apps and services listed: so many fit a message over UDP


@dataclass(frozen=True, slots=True)
class Places:
    """Where clients are, as a zone sees them."""

    geo: Geo

    def words(self, bits: int, address: int) -> tuple[str, ...]:
        """The place and the AS of an address, as far as they are known, with their networks."""
        client = ip_address(address.to_bytes(bits // 8, "big"))
        found, system = self.geo.find(client), self.geo.find_system(client)
        place = "unknown" if found.location is None else found.location.code() or "somewhere"
        words = [f"place={place} network={found.network}"]
        if system is not None:
            said = f"as={system.system}"
            words.append(f"{said} network={system.network}")
        return tuple(words)


def whoami_of(zone: Zone, geo: Geo, apps: Collection[CompiledApp]) -> Whoami | None:
    """What the zone's compiled apps are listed by; None if nobody may ask.

    A replicated app is one decision, of spread ones each service is.
    """
    if not zone.whoami.networks:
        return None
    found: list[tuple[str, Steered]] = []
    for app in apps:
        several = app.app.topology is Topology.SPREAD
        for key, service in app.services.items():
            found.append((f"{app.app.name}/{key}" if several else app.app.name, service.steered))
            if not several:
                break
    more = max(0, len(found) - MOST)
    return Whoami(to_wire(whoami_name(zone)), zone.whoami, Places(geo), tuple(found[:MOST]), more)


def whoami_name(zone: Zone) -> str:
    """Its absolute name."""
    return f"whoami.{zone.name}"
