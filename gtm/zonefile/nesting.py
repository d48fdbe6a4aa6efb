"""Zones inside zones: what the inner one hides of the outer one.

The closest enclosing zone alone answers for a name, so what the outer zone has at or below the
inner one's apex is never answered, but for what delegates it (RFC 1034 section 4.2.1).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from gtm.model import Zone
from gtm.zonefile import names, rdata
from gtm.zonefile.findings import Findings, Spot, listed
from gtm.zonefile.ordinary import every_rrset

_DELEGATING = (rdata.TYPES["NS"], rdata.TYPES["DS"])
_ADDRESSES = (rdata.TYPES["A"], rdata.TYPES["AAAA"])


def warn_of_hidden(zones: Mapping[str, tuple[Zone, Spot]], findings: Findings) -> None:
    """Warn of names that an inner zone hides; `zones` has them by name, with their place."""
    for name, inner in _inner(zones).items():
        outer, spot = zones[name]
        hidden: dict[str, set[str]] = {}
        for answered in _answered(outer, inner):
            for apex in _over(answered, outer.name, inner):
                hidden.setdefault(apex, set()).add(answered)
        for apex, found in hidden.items():
            findings.warn(
                zones[apex][1],
                f"the zone {apex} hides names of {outer.name} ({spot}): {listed(sorted(found))}",
                "move them here, or remove them there",
            )


def _inner(zones: Collection[str]) -> dict[str, set[str]]:
    """The zones inside each that has some: by a walk up from each, as there may be thousands."""
    found: dict[str, set[str]] = {}
    for name in zones:
        for outer in names.parents(name, "."):
            if outer in zones:
                found.setdefault(outer, set()).add(name)
    return found


def _answered(zone: Zone, inner: Collection[str]) -> Iterator[str]:
    """The names that the zone means to answer: not what delegates the inner zones."""
    rrsets = list(every_rrset(zone))
    glue = {
        rdata.target(rrset.type, wire)
        for rrset in rrsets
        if rrset.type == rdata.TYPES["NS"] and rrset.name in inner
        for wire in rrset.rdata
    }
    for rrset in rrsets:
        delegates = rrset.type in _DELEGATING and rrset.name in inner
        if not delegates and not (rrset.type in _ADDRESSES and rrset.name in glue):
            yield rrset.name
    for app in zone.apps:
        for service in app.services:
            yield service.name


def _over(name: str, zone: str, inner: Collection[str]) -> Iterator[str]:
    """The highest inner apex that the name is at or below, if there is one."""
    over = [apex for apex in (name, *names.parents(name, zone)) if apex in inner]
    yield from over[-1:]
