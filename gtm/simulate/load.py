"""From shares to load: which region would get more than it can take."""

from __future__ import annotations

from dataclasses import dataclass

from gtm.simulate.outcome import Load, Picture
from gtm.simulate.scenario import Worlds, regions_of
from gtm.simulate.spill import Brought, spilled
from gtm.simulate.traffic import Traffic


@dataclass(frozen=True, slots=True)
class Reckoned:
    """Loads, and how they were come by."""

    loads: tuple[Load, ...]
    said: tuple[str, ...]


def loads(
    worlds: Worlds,
    traffic: Traffic,
    picture: Picture,
    total_load: float | None,
    brought: Brought,
) -> Reckoned:
    """The regions that have a capacity, with their load; none where nothing says what it is.

    `brought` is the traffic by group and area afterwards.
    """
    capacities = {**regions_of(worlds.before), **regions_of(worlds.after)}
    if all(capacity is None for capacity in capacities.values()) or not picture.total:
        return Reckoned((), () if total_load is None else ("no region has a capacity",))
    scale, said = _scale(traffic, picture.total, total_load)
    if scale is None:
        return Reckoned((), (said,))
    kept = spilled(worlds.after, {key: scale * amount for key, amount in brought.items()})
    found = [
        Load(
            share.region,
            capacity,
            share.before * scale,
            share.after * scale,
            kept.get(share.region, 0.0),
        )
        for share in picture.shares
        if share.region is not None and (capacity := capacities.get(share.region)) is not None
    ]
    return Reckoned(tuple(found), (said,))


def _scale(traffic: Traffic, total: float, total_load: float | None) -> tuple[float | None, str]:
    """What one unit of traffic is in the capacities' unit, and why."""
    if total_load is not None:
        return total_load / total, (
            f"load: the whole traffic is taken to be {total_load:,g} in the unit of `capacity`, "
            "and each region gets its share of that"
        )
    if traffic.absolute:
        return 1.0, "load: the queries given are taken as they are, in the unit of `capacity`"
    if traffic.seconds:
        return 1 / traffic.seconds, (
            f"load: the log's queries over its {traffic.seconds:,.0f} seconds, as an average a "
            "second, are compared with `capacity`; peaks are higher (--load says what is meant)"
        )
    if traffic.seen is not None:
        return None, (
            "capacity is not compared: no region's load is known (POST /v1/load, or X-GTM-Load in "
            "health responses); --load says what all of it is in the unit of `capacity`"
        )
    return None, (
        "capacity is not compared: the traffic says shares, not load; "
        "give --load with the whole load in the unit of `capacity`"
    )
