"""An explanation laid out for people: question and answer first, then how it came about."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network
from pathlib import Path

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gtm.api.models import (
    EndpointExplained,
    ExplanationShape,
    PlaceExplained,
    RegionExplained,
    SteeringExplained,
)
from gtm.cli.output import bare, marked


def explained(found: ExplanationShape, source: str = "") -> RenderableType:
    """All of it; `source` says who was asked."""
    parts: list[RenderableType] = [_question(found), *_answer(found), _summary(found), Text("")]
    parts.append(_facts(found, source))
    if found.steering is not None:
        regions = found.steering.regions
        parts += [Text(""), _regions(regions), _dropped(regions), Text("")]
        parts.append(_endpoints(found.steering))
    return Group(*parts)


def _question(found: ExplanationShape) -> Text:
    name = f"{bare(found.name)} {found.type}"
    return Text.assemble((name, "bold"), " asked from ", (found.client, "bold"))


def _answer(found: ExplanationShape) -> list[RenderableType]:
    if not found.answer:
        return [Text(f"  {found.rcode}, without an answer", "bold yellow")]
    return [Text(f"  {line}", "bold cyan") for line in found.answer]


def _summary(found: ExplanationShape) -> Text:
    return Text(f"  {found.summary}")


# --- client, area, service --------------------------------------------------------------


def _facts(found: ExplanationShape, source: str) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    if source:
        table.add_row("by", source)
    table.add_row("zone", "none that is served" if found.zone is None else bare(found.zone))
    if (steering := found.steering) is not None:
        table.add_row("service", _service(steering))
        for note in steering.notes:
            table.add_row("", note)
    table.add_row("client", _client(found.client, found.place))
    if found.place.asn is not None:
        table.add_row("AS", _system(found.place))
    if steering is not None:
        table.add_row("area", f"number {steering.area} of {steering.areas} (from 0)")
    table.add_row("scope", _scope(found))
    if steering is not None and found.answer:
        table.add_row("ttl", f"{steering.ttl} s: {steering.ttl_reason}")
    return table


def _service(steering: SteeringExplained) -> str:
    return f"{steering.service}, of the {steering.topology} app {steering.app}: {steering.policy}"


def _client(client: str, place: PlaceExplained) -> str:
    if place.database is None:
        return f"{client}: no geo database knows where it is"
    where = place.code or "at an unnamed place"
    if place.latitude is not None and place.longitude is not None:
        where += f" ({place.latitude:.2f}, {place.longitude:.2f})"
    return f"{where}, by {place.network} in {Path(place.database).name}"


def _system(place: PlaceExplained) -> str:
    name = f"{place.asn} {place.organisation or ''}".rstrip()
    return f"{name}, by {place.asn_network} in {Path(place.asn_database or '').name}"


def _scope(found: ExplanationShape) -> str:
    if found.scope == 0:
        return "/0: holds for every client"
    network = ip_network((ip_address(found.client), found.scope), strict=False)
    return f"/{found.scope}: holds for {network}"


# --- regions and endpoints --------------------------------------------------------------


def _regions(regions: list[RegionExplained]) -> Table:
    """The regions in order of cost. Reasons stand where a region was dropped."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", no_wrap=True)
    table.add_column("region", no_wrap=True, overflow="ellipsis", max_width=24)
    table.add_column("cost", justify="right", no_wrap=True)
    table.add_column("round trip", no_wrap=True)
    table.add_column("bias", justify="right", no_wrap=True)
    table.add_column("share", justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    for region in regions:
        table.add_row(
            Text("→", "bold green") if region.picked else "",
            Text(region.region, "bold" if region.picked else ""),
            _milliseconds(region.cost),
            _round_trip(region),
            f"{region.bias:+d}" if region.bias else "0",
            _share(region.share),
            marked(region.state, region.act),
        )
    return table


def _dropped(regions: list[RegionExplained]) -> Table:
    """Why regions were not to be had; below the others' table, as reasons are long."""
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for region in regions:
        if region.dropped is not None:
            table.add_row(Text(f"   ✗ {region.region}", "red"), Text(region.dropped))
    return table


def _share(share: float) -> str:
    return f"{share:.1%}".replace(".0%", "%") if share else "–"


def _milliseconds(value: float | None) -> str:
    return "" if value is None else f"{value:.1f} ms"


def _round_trip(region: RegionExplained) -> str:
    if region.rtt_ms is None or region.rtt_from is None:
        return "place not known"
    added = f" + service {region.service_ms:.1f} ms" if region.service_ms else ""
    if region.rtt_from.startswith("measured"):
        return f"{region.rtt_ms:.1f} ms {region.rtt_from}{added}"
    return f"{region.rtt_ms:.1f} ms for {region.distance_km or 0:,.0f} km{added}"


def _endpoints(steering: SteeringExplained) -> RenderableType:
    picked = [region for region in steering.regions if region.picked]
    return Group(*(_of_region(region) for region in picked))


def _goes_by(endpoint: EndpointExplained) -> str:
    """What the endpoint's share goes by, where that is measured."""
    if endpoint.response_ms is not None:
        return f"; responds in {endpoint.response_ms:.1f} ms (smoothed)"
    return "" if endpoint.load is None else f"; load {endpoint.load:g}"


def _of_region(picked: RegionExplained) -> RenderableType:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for endpoint in picked.endpoints:
        left_out = "" if endpoint.answered else "not answered: "
        said = left_out + endpoint.reason + _goes_by(endpoint)
        table.add_row(
            endpoint.endpoint, marked(endpoint.state, endpoint.act), _share(endpoint.share), said
        )
        for check in endpoint.checks:
            table.add_row(
                "  " * check.depth + check.name, marked(check.state, check.act), "", check.reason
            )
        if endpoint.expires is not None:
            ends = f"{datetime.fromtimestamp(endpoint.expires, UTC):%Y-%m-%d}"
            table.add_row("", "", "", Text(f"certificate until {ends}", "dim"))
    title = Text.assemble(("endpoints in ", "dim"), picked.region)
    return Group(title, Padding(table, (0, 0, 0, 2)))
