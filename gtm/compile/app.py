"""An app compiled from scratch; what it answered before is taken over where nothing changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gtm.compile.answers import Answers, Joined
from gtm.compile.beside import Beside, beside, names_beside
from gtm.compile.compiled import CompiledApp, CompiledService
from gtm.compile.groups import Deciders, Group, group_of
from gtm.compile.services import Answered, columns_of, steered_node, types_of
from gtm.compile.static import ZoneContext
from gtm.compile.table import Table
from gtm.dns.draw import salt_of
from gtm.dns.names import to_wire
from gtm.model import App, Balance, Service, Topology, Zone
from gtm.snapshot import LAST_RESORT, Node, Snapshot, Steered
from gtm.steering.lifetimes import lifetimes
from gtm.steering.overlay import Overlay
from gtm.steering.readings import Readings
from gtm.steering.verdicts import (
    AppHealth,
    ServiceHealth,
    app_health,
    eligible,
    gateways_of,
    panics,
    withheld,
)
from gtm.walking import Walk, unseen


class Earlier(NamedTuple):
    """What a service answered in a region before a load, by how it stood there."""

    health: ServiceHealth
    panic: bool
    answered: Answered


class AppCompiler:
    """Compiles one app, adding its groups and answers to those of all."""

    def __init__(
        self,
        zone: Zone,
        app: App,
        context: ZoneContext,
        known: Deciders,
        groups: list[Group],
        table: Table,
        readings: Readings,
    ) -> None:
        """`groups` and `table` grow."""
        self._zone = zone
        self._app = app
        self._context = context
        self._known = known
        self._groups = groups
        self._table = table
        self._readings = readings
        self._alike: dict[object, Group] = {}
        self._shared: dict[tuple[str, ...], int] = {}
        self._deciding: dict[int, Service] = {}
        self._salt = salt_of(f"{zone.name}/{app.name}")
        self._before: CompiledApp | None = None
        self._answered = Table([], [])
        self._grouped: Sequence[Group] = ()

    def take_over(self, before: CompiledApp, snapshot: Snapshot, groups: Sequence[Group]) -> None:
        """What the app's compile for that snapshot knows may be used again, and goes on."""
        self._before = before
        self._answered = Table.copied(snapshot)
        self._grouped = groups

    def run(self, nodes: dict[bytes, Node], overlay: Overlay, walk: Walk = unseen) -> CompiledApp:
        """The app; the nodes of its services' names are put in the place of plain ones."""
        app, readings = self._app, self._readings
        known = None if self._before is None else self._before.health
        health = app_health(app, readings.verdict, overlay, known, gateways_of(self._zone, app))
        kept = lifetimes(self._zone, app, overlay, readings)
        services = {
            service.key: self._service(service, nodes, health, kept.of(self._zone, service.key).ttl)
            for service in walk(app.services)
        }
        more = frozenset(key for key, service in services.items() if service.beside)
        return CompiledApp(
            self._zone, app, self._context, health, services, self._deciding, overlay, kept, more
        )

    def _service(
        self, service: Service, nodes: dict[bytes, Node], health: AppHealth, ttl: int
    ) -> CompiledService:
        app = self._app.settled_for(service)
        number = self._group(service, health)
        group = self._groups[number]
        steered = Steered(
            service=service.name,
            number=self._table.next,
            areas=group.decider.areas,
            group=number,
            regions=(*group.regions, LAST_RESORT),
            types=types_of(self._app, service),
            salt=self._salt,
            ttl=service.ttl or self._zone.ttl,
            prefix4=app.steering.prefix4,
            prefix6=app.steering.prefix6,
            hashed=app.balance is Balance.HASH,
        )
        made = Answers(self._context, app, service, self._readings, ttl, max(ttl, steered.ttl))
        own = self._answers(made, group.regions, health)
        main = Beside(service.name, None, steered)
        self._put(main, own, group, made, nodes)
        if service.published is None:
            return CompiledService(service, steered)
        around = made.around(self._zone, own, health)
        found = []
        for name, says in names_beside(service, self._zone.name).items():
            one = beside(name, says, steered, self._table.next)
            self._put(one, around.answers(one), group, made, nodes)
            found.append(one)
        return CompiledService(service, steered, tuple(found))

    def _put(
        self,
        one: Beside,
        answered: Sequence[Answered],
        group: Group,
        made: Answers,
        nodes: dict[bytes, Node],
    ) -> None:
        """A name of a service into the table and the nodes."""
        columns = one.columns(made.service)
        joined = Joined(self._context, one.name, made.service.name, columns, made.longest)
        self._table.add(joined.behind(answered, group))
        name = to_wire(one.name)
        nodes[name] = steered_node(
            nodes[name], one.steered, made.app, made.service, self._context, name, columns
        )

    def _group(self, service: Service, health: AppHealth) -> int:
        """A block's services share the group of their regions; spread ones have their own.

        Their groups differ by number alone while the same regions are up for them.
        """
        regions = tuple(service.endpoints)
        block = self._app.topology is Topology.REPLICATED
        if block and regions in self._shared:
            return self._shared[regions]
        earlier = self._earlier_group(service)
        key = (
            regions,
            service.steering,
            eligible(self._app, service, health),
            withheld(self._app, service, health),
            id(earlier),
        )
        if key not in self._alike:
            self._alike[key] = group_of(
                self._zone,
                self._app,
                service,
                health,
                self._known,
                self._readings,
                earlier,
                signed=self._context.signer is not None,
            )
        self._groups.append(self._alike[key])
        number = self._shared[regions] = len(self._groups) - 1
        self._deciding[number] = service
        return number

    def _earlier_group(self, service: Service) -> Group | None:
        """The service's group before, which knows what was up last, and what ramps."""
        old = None if self._before is None else self._before.services.get(service.key)
        return None if old is None else self._grouped[old.steered.group]

    def _answers(self, made: Answers, regions: Sequence[str], health: AppHealth) -> list[Answered]:
        """What the service answers in each region, and as a last resort."""
        service = made.service
        here, panic = health.services[service.key], panics(made.app, service, health)
        earlier = self._earlier(made)
        answered = []
        for region in regions:
            found, known = here[region], earlier.get(region)
            if known is None:
                answered.append(made.of(region, found.usable(panic)))
            elif (known.health is found and known.panic == panic) or (
                known.health.usable(known.panic) == found.usable(panic)
            ):
                answered.append(known.answered)
            else:
                answered.append(made.of(region, found.usable(panic)))
        answered.append(made.last_resort())
        return answered

    def _earlier(self, made: Answers) -> Mapping[str, Earlier]:
        """What the service answered in each region before.

        Nothing where the same endpoints may be answered otherwise now.
        """
        before, key = self._before, made.service.key
        old = None if before is None else before.services.get(key)
        if before is None or old is None or made.measured or made.ttl != before.ttl(key):
            return {}
        settled = before.app.settled_for(old.service)
        if (made.app.balance, made.app.answers) != (settled.balance, settled.answers):
            return {}
        if made.service.published != old.service.published:
            return {}
        if columns_of(made.service) != columns_of(old.service):
            return {}
        signer = made.context.signer
        if signer is not before.context.signer and not (
            signer is not None and signer.like(before.context.signer)
        ):
            return {}
        panic = panics(before.app, old.service, before.health)
        here = before.health.services[key]
        answered = zip(old.steered.regions, self._answered.of(old.steered.number), strict=False)
        return {
            region: Earlier(here[region], panic, each)
            for region, each in answered
            if region in here and (signer is None or signer.lasts(each.records))
        }
