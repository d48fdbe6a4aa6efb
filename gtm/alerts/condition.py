"""Which alert an event belongs to: what has one cause is told as one thing."""

from __future__ import annotations

from dataclasses import dataclass

from gtm.events import Event, Kind

PARTS = frozenset({Kind.ENDPOINT, Kind.SERVICE})


@dataclass(frozen=True, slots=True)
class Place:
    """The alert that an event belongs to.

    `within` is the alert that tells of it too, if that is open: endpoints of a region that is down
    need no message of their own. `name` is what the alert is called in labels.
    """

    alert: str
    name: str
    within: str = ""


NAMES = {
    Kind.ENDPOINT: "GtmEndpointDown",
    Kind.SERVICE: "GtmEndpointDown",
    Kind.REGION: "GtmRegionDown",
    Kind.ALL_DOWN: "GtmAllDown",
    Kind.OVERRIDE: "GtmOverride",
    Kind.RELOAD: "GtmReloadFailed",
    Kind.FROZEN: "GtmHealthFrozen",
    Kind.STALE: "GtmStale",
    Kind.CERTIFICATE: "GtmCertificate",
    Kind.CAPACITY: "GtmCapacity",
    Kind.SIGNATURES: "GtmSignatures",
}


def place(event: Event) -> Place:
    """The alert of an event: one for each region, one for what is not up in it."""
    name = NAMES[event.kind]
    if event.kind in PARTS:
        return Place(f"parts/{event.region}", name, f"region/{event.region}")
    if event.kind is Kind.REGION:
        return Place(f"region/{event.region}", name)
    if event.kind is Kind.ALL_DOWN:
        return Place(f"all_down/{event.zone}", name)
    if event.kind is Kind.CERTIFICATE:
        return Place(f"certificate/{event.region}", name)
    return Place(event.key, name)
