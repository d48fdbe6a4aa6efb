"""The latency feed: measured round trips from client areas to regions, as gateways tell them.

Memory is bounded: so many cells of an area and a region, in each so many reporters, of each so
many samples. A cell that only one reporter feeds makes room before one that several do, so that a
reporter who names every area on earth pushes out nothing but the like.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from gtm.feeds.cell import Cell, Heard
from gtm.feeds.client import Client
from gtm.model import GeoCode, LatencyRules, MeasuredLatency, Zone, frozen_mapping
from gtm.steering.held import Held

FASTEST = 0.1  # milliseconds: nothing faster was ever a round trip to a client
SLOWEST = 10_000.0  # milliseconds: slower ones say that something was broken
CELLS = 1_024
PAUSE = 60.0  # seconds between two changes of one value: areas are compiled anew for each

Key = tuple[GeoCode, str]  # area, region


@dataclass(frozen=True, slots=True)
class Row:
    """A cell for people: what it comes to under the rules of a zone, or what it lacks for that."""

    area: GeoCode
    region: str
    heard: Heard
    used: float | None
    latest: float


class LatencyFeed:
    """Samples, and the values that steering goes by: held still while they change little."""

    def __init__(self) -> None:
        """Nothing was told yet."""
        self._alone: OrderedDict[Key, Cell] = OrderedDict()
        self._shared: OrderedDict[Key, Cell] = OrderedDict()
        self._held: dict[LatencyRules, Held[Key]] = {}
        self._values: Mapping[LatencyRules, Mapping[Key, tuple[float, str]]] = {}
        self.samples = 0
        self.evicted = 0

    def __len__(self) -> int:
        """How many cells there are."""
        return len(self._alone) + len(self._shared)

    def add(
        self,
        reporter: str,
        client: Client,
        region: str,
        milliseconds: float,
        now: float,
        count: int = 1,
    ) -> None:
        """Takes in a sample (Unix time `now`), clipped to what a round trip can be."""
        self.samples += 1
        clipped = min(SLOWEST, max(FASTEST, milliseconds))
        for area in client.areas:
            cell = self.cell((area, region))
            cell.add(reporter, clipped, now, client.network, count)
            self._file((area, region), cell)

    def restore(
        self, key: Key, reporter: str, rows: Iterable[tuple[float, float, int, int]]
    ) -> None:
        """Takes in what was kept of a reporter: milliseconds, Unix time, network, weight."""
        cell = self.cell(key)
        for milliseconds, at, network, weight in rows:
            cell.add(reporter, milliseconds, at, network, weight)
        self._file(key, cell)

    def cell(self, key: Key) -> Cell:
        """The cell of an area and a region; a new one if there was none, in another's place."""
        found = self._alone.get(key) or self._shared.get(key)
        if found is not None:
            return found
        if len(self) >= CELLS:
            (self._alone or self._shared).popitem(last=False)
            self.evicted += 1
        self._alone[key] = Cell()
        return self._alone[key]

    def _file(self, key: Key, cell: Cell) -> None:
        """Moves a cell to the end of the row that it belongs to."""
        self._alone.pop(key, None)
        self._shared.pop(key, None)
        (self._alone if cell.alone else self._shared)[key] = cell

    def cells(self) -> Iterator[tuple[Key, Cell]]:
        """Every cell, those that several reporters feed first."""
        yield from self._shared.items()
        yield from self._alone.items()

    # --- what steering goes by --------------------------------------------------------------

    def follow(self, zones: Iterable[Zone], now: float, clock: float) -> frozenset[Key]:
        """Takes in what the samples come to, at Unix time `now` and monotonic `clock`.

        Gives the keys whose value is another now. A value moves when it differs by a tenth; one
        for which there is not enough any more is given up when its samples have expired.
        """
        rules = {zone.latency_feed for zone in zones if zone.latency_feed.use}
        values: dict[LatencyRules, dict[Key, tuple[float, str]]] = {}
        for each in rules:
            held = self._held.setdefault(each, Held(pause=PAUSE))
            values[each] = self._valued(each, held, now, clock)
        self._held = {each: held for each, held in self._held.items() if each in rules}
        changed = frozenset(_differing(self._values, values))
        self._values = values
        return changed

    def _valued(
        self, rules: LatencyRules, held: Held[Key], now: float, clock: float
    ) -> dict[Key, tuple[float, str]]:
        found = {key: cell.estimate(rules, now) for key, cell in self.cells()}
        # None keeps a value: so it does while samples are there, but contradict each other
        measured = {
            key: None if estimate is None else estimate.milliseconds
            for key, estimate in found.items()
            if estimate is not None or (key in held.values and self._alive(key, rules, now))
        }
        held.follow(measured, clock)
        before = self._values.get(rules, {})
        said = {
            key: estimate.words() if estimate else before.get(key, (0.0, ""))[1]
            for key, estimate in found.items()
        }
        return {key: (value, said[key]) for key, value in held.values.items()}

    def _alive(self, key: Key, rules: LatencyRules, now: float) -> bool:
        cell = self._alone.get(key) or self._shared.get(key)
        return cell is not None and cell.latest >= now - rules.expire

    def laid_over(self, zone: Zone) -> Zone:
        """The zone with what the feed measured; what its file says stays as it is."""
        written = _written(zone.latency)
        values = self._values.get(zone.latency_feed, {}) if zone.latency_feed.use else {}
        added: dict[GeoCode, dict[str, tuple[float, str]]] = {}
        for (area, region), value in values.items():
            if region in zone.regions and region not in written.get(area, {}):
                added.setdefault(area, {})[region] = value
        if not added and all(not known.said for known in zone.latency):
            return zone
        areas = sorted(added, key=str)
        merged = [_merged(area, written[area], added.get(area, {})) for area in written]
        merged += [_merged(area, {}, added[area]) for area in areas if area not in written]
        return replace(zone, latency=tuple(merged))

    def rows(self, rules: LatencyRules, now: float) -> list[Row]:
        """Everything that was told, by area and region, as a zone with these rules sees it."""
        values = self._values.get(rules, {})
        found = [
            Row(*key, cell.heard(rules, now), values.get(key, (None,))[0], cell.latest)
            for key, cell in self.cells()
        ]
        return sorted(found, key=lambda row: (str(row.area), row.region))


def _written(latency: Iterable[MeasuredLatency]) -> dict[GeoCode, dict[str, float]]:
    """What a zone's file says, without what the feed has added."""
    found = {}
    for known in latency:
        own = {name: ms for name, ms in known.milliseconds.items() if name not in known.said}
        if own or not known.said:
            found[known.area] = own
    return found


def _merged(
    area: GeoCode, written: Mapping[str, float], added: Mapping[str, tuple[float, str]]
) -> MeasuredLatency:
    measured = {region: value for region, (value, _) in sorted(added.items())}
    said = {region: words for region, (_, words) in added.items()}
    return MeasuredLatency(area, frozen_mapping({**written, **measured}), said)


def _differing(
    before: Mapping[LatencyRules, Mapping[Key, tuple[float, str]]],
    after: Mapping[LatencyRules, Mapping[Key, tuple[float, str]]],
) -> Iterator[Key]:
    """The keys that have another value, or none any more; other words are no change."""
    for rules in {*before, *after}:
        old, new = before.get(rules, {}), after.get(rules, {})
        for key in {*old, *new}:
            was, now = old.get(key), new.get(key)
            if (was and was[0]) != (now and now[0]):
                yield key
