"""The names beside a service's own that are steered with it: SRV, SVCB and the zone's apex.

Each has answers and rows of its own, as any service has, though what a client gets follows from
the same plan: it is sent to the region that A and AAAA give it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gtm.compile.bindings import binding_rrset
from gtm.compile.dispatch import Serving, nearest_first, srv_rrset
from gtm.compile.services import (
    ADDRESSES,
    Answered,
    Columns,
    columns_of,
    rendered_answers,
    signed_records,
)
from gtm.compile.static import ZoneContext
from gtm.dns.names import to_wire
from gtm.dns.types import Type
from gtm.model import App, Endpoint, Region, Service
from gtm.published import Binding, Dispatch, names_of
from gtm.snapshot import LAST_RESORT, RRset, Steered
from gtm.steering.balance import weighed
from gtm.steering.readings import Readings
from gtm.steering.verdicts import AppHealth, panics

NOTHING = 0  # fills up the rows of a name with one type: they come in pairs
SRV: Columns = (Type.SRV, NOTHING)
SVCB: Columns = (Type.SVCB, NOTHING)


@dataclass(frozen=True, slots=True)
class Beside:
    """One such name (absolute), and what its records say; None is what the service itself says."""

    name: str
    says: Binding | Dispatch | None
    steered: Steered

    def columns(self, service: Service) -> Columns:
        """The types of its rows."""
        if self.says is None:
            return columns_of(service)
        return SRV if isinstance(self.says, Dispatch) else SVCB


def names_beside(service: Service, apex: str) -> dict[str, Binding | Dispatch | None]:
    """The names beside a service's own, with what their records say."""
    found: dict[str, Binding | Dispatch | None] = {}
    if service.published is not None and service.published.alias:
        found[apex] = None
    found.update(names_of(service.published, service.name))
    return found


def beside(name: str, says: Binding | Dispatch | None, of: Steered, number: int) -> Beside:
    """The name, steered as its service (`of`) is."""
    types = of.types
    if says is not None:
        types = frozenset({Type.SRV if isinstance(says, Dispatch) else Type.SVCB})
    return Beside(name, says, replace(of, number=number, types=types))


def serving(
    app: App, service: Service, health: AppHealth, readings: Readings
) -> dict[str, Serving]:
    """Who serves in each region, and as a last resort (""); `app` is settled for the service."""
    panic = panics(app, service, health)
    found: dict[str, Serving] = {}
    for region, here in health.services[service.key].items():
        usable = here.usable(panic)
        used = weighed(app, service, region, usable, readings)
        spare = (end for end, verdict in here.endpoints if end.backup and not verdict.down)
        found[region] = Serving(used, tuple(end for end in spare if end not in usable))
    if app.when_all_down.addresses:
        found[""] = Serving(tuple(map(Endpoint, app.when_all_down.addresses)))
    return found


@dataclass(frozen=True, slots=True)
class Situation:
    """What names beside a service are answered from.

    `own` is what the service itself answers, by region and last as a last resort; `serving` who
    serves in each region (as a last resort under ""), `up` the regions that may be answered.
    `longest` is the highest `ttl` that there can be.
    """

    context: ZoneContext
    service: Service
    regions: Mapping[str, Region]
    own: Sequence[Answered]
    serving: Mapping[str, Serving]
    up: frozenset[str]
    ttl: int
    longest: int

    def answers(self, one: Beside) -> list[Answered]:
        """What the name answers in each region, and as a last resort."""
        if one.says is None and self.context.signer is None:
            return list(self.own)
        regions = [*one.steered.regions[:-1], ""]
        found = []
        for region, own in zip(regions, self.own, strict=True):
            records = self._records(one.says, region, own.records)
            records = signed_records(self.context, one.name, records, self.longest)
            name, columns = self.service.name, one.columns(self.service)
            place = region or LAST_RESORT
            found.append(rendered_answers(self.context, name, place, records, columns))
        return found

    def _records(
        self, says: Binding | Dispatch | None, region: str, own: Sequence[RRset]
    ) -> tuple[RRset, ...]:
        """What it has in a region, where the service itself answers that; not signed yet."""
        if says is None:
            return tuple([replace(rrset, signatures=()) for rrset in own])
        if isinstance(says, Dispatch):
            rrset = self._dispatched(says, region)
        else:
            rrset = self._bound(says, own)
        return () if rrset is None else (rrset,)

    def _dispatched(self, says: Dispatch, region: str) -> RRset | None:
        if region not in self.serving:
            return None
        others: tuple[str, ...] = ()
        if region:
            every = tuple(self.regions[name] for name in self.service.endpoints)
            nearest = nearest_first(self.regions[region], every)
            others = tuple(name for name in nearest if name in self.up)
        return srv_rrset(self.service.name, says, region, self.serving, others, self.ttl)

    def _bound(self, says: Binding, own: Sequence[RRset]) -> RRset | None:
        """An SVCB record: its target is the service, or the host name that it is in a region."""
        if not own:
            return None
        alias = next((rrset for rrset in own if rrset.type == Type.CNAME), None)
        target = to_wire(self.service.name) if alias is None else alias.rdata[0]
        addresses = [rrset for rrset in own if rrset.type in ADDRESSES]
        return binding_rrset(Type.SVCB, target, says, self.ttl, addresses)
