"""A server's status laid out for people: what is not up, the server, then every app's regions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gtm.api.models import (
    AppStatus,
    CertificateStatus,
    CheckStatus,
    EndpointStatus,
    EventShape,
    GeoStatus,
    MistakeShape,
    RegionStatus,
    ServiceRegionStatus,
    ServiceStatus,
    SignedStatus,
    Status,
    VerdictShape,
    ZoneStatus,
)
from gtm.cli.apiline import api_line
from gtm.cli.feedsview import feeds_line
from gtm.cli.healthline import health_line
from gtm.cli.historyview import events_table
from gtm.cli.loadsview import loads_view
from gtm.cli.output import bare, counted, marked, span
from gtm.cli.overridesview import overrides_view, warnings
from gtm.cli.troubleview import told_reasons, trouble_view
from gtm.errors import Mistake

LATEST = 5  # of what happened lately
MANY = 20  # services of an app beyond which those that are up everywhere are only counted


def status_view(status: Status, lately: Sequence[EventShape] = ()) -> RenderableType:
    """All of it, each reason once; of what happened `lately` (newest first) the first few."""
    told = told_reasons(status)
    parts: list[RenderableType] = [_server(status), trouble_view(status), _loads(status)]
    if status.kept is not None and (status.overrides or any(warnings(status.kept, needed=False))):
        view = overrides_view(status.overrides, status.kept, status.now)
        parts += [Text(""), Text("overrides", "bold"), Padding(view, (0, 0, 0, 2))]
    if status.loads:
        parts += [Text(""), Text("load", "bold"), Padding(loads_view(status.loads), (0, 0, 0, 2))]
    if lately:
        view = events_table(lately[:LATEST], status.now, told)
        parts += [Text(""), Text("lately", "bold"), Padding(view, (0, 0, 0, 2))]
    for zone in status.zones:
        parts += [Text(""), _zone(zone)]
        if zone.signed is not None:
            parts.append(Padding(_signed(zone.signed, status.now), (0, 0, 0, 2)))
        for app in zone.apps:
            parts.append(Padding(_app(app, status.now, told), (0, 0, 0, 2)))
    return Group(*parts)


# --- the server and its files -----------------------------------------------------------


def _server(status: Status) -> Text:
    uptime = span(status.now - status.started)
    return Text.assemble(
        (f"gtm {status.version}", "bold"),
        f", {status.plane} plane, up {uptime}, epoch {status.epoch}, "
        f"{counted(status.queries, 'query')} on {', '.join(status.listen)}",
    )


def _loads(status: Status) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    table.add_row("last load", _last_load(status))
    for database in status.geo:
        table.add_row("geo", _database(database))
    if status.reload.geo_error is not None:
        said = f"the one before is still used: {status.reload.geo_error}"
        table.add_row("", Text(said, "bold red"))
    for warning in status.reload.warnings:
        table.add_row("", Text(_said(warning), "yellow"))
    if status.certificate is not None:
        table.add_row("certificate", _certificate(status.certificate))
    if status.access is not None and (guarded := api_line(status.access)):
        table.add_row("api", guarded)
    if status.feeds is not None and status.feeds.heard:
        table.add_row("feeds", feeds_line(status.feeds, status.now))
    if status.health is not None and (line := health_line(status.health, status.now)):
        table.add_row("health", line)
    if not status.geo:
        table.add_row("geo", "no database: clients get the first region that is up")
    return table


def _last_load(status: Status) -> Text:
    ago = f"{span(status.now - status.reload.at)} ago"
    if status.reload.error is None:
        return Text(f"good, {ago}")
    text = Text(f"refused {ago}; what was loaded before is still served", "bold red")
    for mistake in status.reload.mistakes:
        text.append(f"\n{_said(mistake)}", "red")
    if not status.reload.mistakes:
        text.append(f"\n{status.reload.error}", "red")
    return text


def _said(mistake: MistakeShape) -> str:
    return str(Mistake(**mistake.model_dump()))


def _database(database: GeoStatus) -> Text:
    text = Text(
        f"{Path(database.path).name} ({database.type}), {database.networks:,} networks, "
        f"built {datetime.fromtimestamp(database.built, UTC):%Y-%m-%d}"
    )
    if database.stale:
        words = ", more than a year old: networks move, give a newer file with --geoip"
        text.append(words, "yellow")
    return text


def _certificate(found: CertificateStatus) -> Text:
    ends = f"{datetime.fromtimestamp(found.expires, UTC):%Y-%m-%d}"
    text = Text(f"{Path(found.path).name} for {', '.join(found.names)}, until {ends}")
    if found.error is not None:
        text.append(f"\nthe one before is still used: {found.error}", "bold red")
    return text


# --- zones and apps ---------------------------------------------------------------------


def _zone(zone: ZoneStatus) -> Text:
    about = f", serial {zone.serial}, from {', '.join(Path(file).name for file in zone.files)}"
    text = Text.assemble((bare(zone.name), "bold"), (about, "dim"))
    if zone.updated_names:
        text.append(f", {counted(zone.updated_names, 'name')} changed by updates", "dim")
    for one in zone.secondaries:
        good = one.outcome in ("", "answered")
        said = f"{one.address} told of {one.serial}: {one.outcome or 'not yet answered'}"
        text.append(f"\n  {said}", "dim" if good else "yellow")
    return text


def _signed(signed: SignedStatus, now: float) -> Text:
    count = counted(signed.signatures, "signature")
    if signed.ends <= now:
        ended = f"signed: the first of {count} ended {span(now - signed.ends)} ago"
        return Text(f"{ended}: validating resolvers refuse what it covers", "bold red")
    said = f"signed: {count}, the first ends in {span(signed.ends - now)}"
    if signed.late:
        return Text(f"{said}, and none is made in its place", "bold red")
    return Text(f"{said}; made anew in {span(max(0.0, signed.due - now))}", "dim")


def _app(app: AppStatus, now: float, told: Sequence[str]) -> RenderableType:
    title = Text.assemble((app.name, "bold"), (f", {app.topology}, {app.policy}", "dim"))
    every = len(app.services) + app.services_left_off
    ailing = [service for service in app.services if every <= MANY or _ailing(service)]
    parts: list[RenderableType] = [title, _verdicts(app, ailing[:MANY])]
    if left := every - len(ailing):
        parts.append(Text(f"and {counted(left, 'service')} up in every region", "dim"))
    if (unshown := len(ailing) - MANY) > 0:
        words = f"and {counted(unshown, 'service')} not up everywhere; gtm top shows them all"
        parts.append(Text(words, "yellow"))
    parts.extend(_reasons(app, now, told))
    return Padding(Group(*parts), (0, 0, 1, 0))


def _ailing(service: ServiceStatus) -> bool:
    return any(region.state != "up" for region in service.regions)


def _verdicts(app: AppStatus, services: list[ServiceStatus]) -> Table:
    """Services by region; above them, for a block, the verdicts that steer."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", overflow="fold")
    names = [region.region for region in app.regions]
    for name in names:
        table.add_column(name, overflow="fold")
    if app.topology == "replicated":
        block = {region.region: region for region in app.regions}
        table.add_row(Text("the block", "bold"), *_cells(names, block))
    for service in services:
        here = {region.region: region for region in service.regions}
        own = f", {service.policy}" if service.policy else ""
        table.add_row(Text.assemble(bare(service.name), (own, "dim")), *_cells(names, here))
    return table


def _cells(names: list[str], verdicts: Mapping[str, VerdictShape]) -> list[Text]:
    return [_mark(verdicts[name]) if name in verdicts else Text("–", "dim") for name in names]


def _mark(verdict: VerdictShape) -> Text:
    return marked(verdict.state, verdict.act, verdict.by)


def _reasons(app: AppStatus, now: float, told: Sequence[str]) -> Iterator[RenderableType]:
    """Why what is not up is not, and since when, in the order of the table; what was `told` at the
    top is left out, save for checks of which there are several.
    """
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    untold = (one for one in _not_up(app) if _parts(one[1]) or not _is_told(one[1], told))
    for who, verdict in islice(untold, MANY):
        since = f", for {span(now - verdict.since)}" if verdict.since else ""
        table.add_row(_mark(verdict), Text.assemble((who, "bold"), f": {verdict.reason}{since}"))
        for check in _parts(verdict):
            inside = "  " * check.depth + check.name
            table.add_row(_mark(check), Text.assemble((inside, "bold"), f": {check.reason}"))
    for who, end in _ending(app):
        said = f": its certificate ends on {datetime.fromtimestamp(end, UTC):%Y-%m-%d}"
        table.add_row(Text("soon", "yellow"), Text.assemble((who, "bold"), said))
    if table.row_count:
        yield table


def _is_told(verdict: VerdictShape, told: Sequence[str]) -> bool:
    return any(verdict.reason in reason for reason in told)


def _parts(verdict: VerdictShape) -> list[CheckStatus]:
    """The checks of an endpoint, or of a service's only endpoint, that has several."""
    if isinstance(verdict, EndpointStatus):
        return verdict.checks
    if isinstance(verdict, ServiceRegionStatus) and len(verdict.endpoints) == 1:
        return verdict.endpoints[0].checks
    return verdict.checks if isinstance(verdict, RegionStatus) else []


def _ending(app: AppStatus) -> Iterator[tuple[str, float]]:
    """Endpoints whose certificate ends soon."""
    for service in app.services:
        for region in service.regions:
            for endpoint in region.endpoints:
                if endpoint.expires_soon and endpoint.expires is not None:
                    where = f"{bare(service.name)} in {region.region}"
                    yield f"{endpoint.endpoint} of {where}", endpoint.expires


def _not_up(app: AppStatus) -> Iterator[tuple[str, VerdictShape]]:
    explained = set()
    for service in app.services:
        name = bare(service.name)
        for region in service.regions:
            if region.state != "up":
                explained.add(region.region)
                yield f"{name} in {region.region}", region
                continue
            for endpoint in region.endpoints:
                if endpoint.state != "up":
                    yield f"{endpoint.endpoint} of {name} in {region.region}", endpoint
    for found in app.regions:
        # a block is down where a service is missing, too; else its services have said why
        if found.state != "up" and found.region not in explained:
            yield found.region, found
