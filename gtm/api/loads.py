"""The API's `/v1/load`: what regions report, and how they stand."""

from __future__ import annotations

import json

from pydantic import ValidationError

from gtm.api.models import LoadPosted, LoadRequest, LoadsTaken, LoadTaken, RegionLoad
from gtm.controller import Controller
from gtm.errors import GtmError
from gtm.load.picture import Standing


def posted(body: bytes) -> tuple[LoadPosted, ...]:
    """The loads of a request. Raises GtmError."""
    try:
        tree = json.loads(body)
        whole = isinstance(tree, dict) and "loads" in tree
        return tuple(LoadRequest.model_validate(tree if whole else {"loads": [tree]}).loads)
    except (ValueError, RecursionError) as error:
        said = _faults(error) if isinstance(error, ValidationError) else "it is not JSON"
        raise GtmError(f"cannot take loads: {said}") from error


def _faults(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_context=False)
    said = [f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in found[:5]]
    return "; ".join(said) + ("; and more" if len(found) > 5 else "")


def taken(controller: Controller, loads: tuple[LoadPosted, ...]) -> LoadsTaken:
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
