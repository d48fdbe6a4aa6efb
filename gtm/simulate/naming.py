"""Which service a name in a log leads to, by the server's own lookup."""

from __future__ import annotations

from collections.abc import Callable

from dns.exception import DNSException

from gtm.dns.lookup import Asker, Chance, Lookup, zone_of
from gtm.dns.names import to_wire
from gtm.dns.types import Type
from gtm.simulate.scenario import Worlds
from gtm.snapshot import Snapshot

STEERED = (Type.A, Type.AAAA, Type.SRV, Type.SVCB, Type.HTTPS)
NOBODY = Asker(32, 0)  # whose place makes no difference to which service answers


def service_of(worlds: Worlds) -> Callable[[str], str | None]:
    """Finds the service that answers a name, as the server would: through aliases and wildcards.

    A name that is none before is looked up afterwards.
    """
    snapshots = [world.snapshot for world in (worlds.before, worlds.after)]

    def find(name: str) -> str | None:
        try:
            wire = to_wire(name)
        except (DNSException, ValueError):
            return None
        return next((found for each in snapshots if (found := _answering(each, wire))), None)

    return find


def _answering(snapshot: Snapshot, name: bytes) -> str | None:
    zone = zone_of(snapshot, name, Type.A)
    if zone is None:
        return None
    lookup = Lookup(snapshot, zone, NOBODY, NOBODY, Chance(0, 0.0))
    asked = (lookup.run(name, rrtype).service for rrtype in STEERED)
    return next(filter(None, asked), None)
