"""The API's `/v1/load`: what regions report, and how they stand."""

from __future__ import annotations

from collections.abc import Sequence

from gtm.api.call import Call
from gtm.api.models import LoadPosted, LoadRequest, Loads, LoadsTaken, LoadTaken, RegionLoad
from gtm.control.controller import Controller
from gtm.errors import GtmError
from gtm.load.picture import Standing


async def load(call: Call[None, None]) -> Loads:
    """Load and capacity of every region that has a capacity, or whose load is known."""
    return Loads(now=call.serving.now(), loads=standings(call.serving.controller))


async def add_load(call: Call[None, LoadRequest]) -> LoadsTaken:
    """Takes the loads that regions report, all of them or none."""
    return taken(call.serving.controller, call.body.loads)


def taken(controller: Controller, loads: Sequence[LoadPosted]) -> LoadsTaken:
    """Takes all of them, or none. Raises GtmError with every region that can't be."""
    wrong = []
    for each in loads:
        try:
            controller.capacity.site(each.region, each.zone)
        except GtmError as error:
            wrong.append(str(error))
    if wrong:
        more = f"; and {len(wrong) - 5} more" if len(wrong) > 5 else ""
        raise GtmError("; ".join(wrong[:5]) + more)
    found = []
    for each in loads:
        site = controller.capacity.post(each.region, each.zone, each.load)
        zones = [zone.rstrip(".") for zone in site.zones]
        found.append(LoadTaken(region=site.name, zones=zones, load=each.load))
    return LoadsTaken(taken=found)


def standings(controller: Controller) -> list[RegionLoad]:
    """Every region that has a capacity, or whose load is known."""
    return [
        _region(standing)
        for standing in controller.capacity.picture.sites
        if standing.site.region.capacity is not None or standing.report is not None
    ]


def _region(standing: Standing) -> RegionLoad:
    site, report = standing.site, standing.report
    capacity, load = site.region.capacity, standing.load
    return RegionLoad(
        region=site.name,
        zones=[zone.rstrip(".") for zone in site.zones],
        capacity=capacity,
        soft=site.region.soft,
        feed=standing.feed.value,
        load=None if report is None else report.load,
        source=None if report is None else report.source,
        age=None if report is None else report.age,
        expected=standing.expected,
        wanted=standing.wanted,
        taken=standing.taken,
        fixed=standing.fixed,
        used=None if capacity is None or load is None else load / capacity,
        spilling=standing.spilling,
    )
