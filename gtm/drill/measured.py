"""What a drill's answers come to: how long, how many moved where, and who got nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gtm.drill.course import Failure, Marks, Probe, Seen

BACK = 0.8  # of the share before: where clients are drawn by lot it is never quite the same
NOWHERE = ""  # the region of an answer that names none


@dataclass(frozen=True, slots=True)
class Moved:
    """A client that was answered by other regions while the drilled one was down."""

    probe: Probe
    to: frozenset[str]
    at: float


@dataclass(frozen=True, slots=True)
class Measured:
    """All that was measured; times are seconds.

    `gone` is from the act to the first answer after which none named the region; None if it was
    named to the end. `last_named` is the last that did. `held` is when the server said that it
    holds. `moved` counts answers by region of clients that had to move; `unneeded` are clients
    that moved though their region stayed. `half_back` and `back` are from taking it back to half
    and all of its clients answered by it again; None if that was not seen. `ttl` is the longest
    of an answer that named the region: so long may a resolver go on naming it.
    """

    asked: int
    gone: float | None
    last_named: float | None
    held: float
    named_after: int
    ttl: int
    before: Mapping[str, float]
    during: Mapping[str, float]
    after: Mapping[str, float]
    moved: Mapping[str, float]
    leaving: int
    staying: int
    unneeded: tuple[Moved, ...]
    failures: Mapping[Failure, int]
    first_failure: Seen | None
    half_back: float | None
    back: float | None
    slowest: float
    median: float


def measure(region: str, probes: Sequence[Probe], seen: Sequence[Seen], marks: Marks) -> Measured:
    """Everything, from the answers in the order in which they were asked for."""
    ordered = sorted(seen, key=lambda one: one.at)
    undone = marks.ended if marks.undone is None else marks.undone
    before = [one for one in ordered if one.at < 0]
    down = [one for one in ordered if 0 <= one.at < undone]
    after = [one for one in ordered if one.at >= undone] if marks.undone is not None else []
    gone, last = _gone(region, down)
    settled = [] if gone is None else [one for one in down if one.at >= gone]
    failed = [one for one in ordered if one.failure is not None]
    took = sorted(one.took for one in ordered if one.failure is not Failure.SILENCE)
    half, back = _back(region, probes, before, after, undone)
    return Measured(
        asked=len(ordered),
        gone=gone,
        last_named=last,
        held=marks.held,
        named_after=sum(region in one.regions and one.at > marks.held for one in down),
        ttl=max((one.ttl for one in ordered if region in one.regions), default=0),
        before=shares(before),
        during=shares(settled),
        after=shares(_last_of_each(after)),
        moved=shares(one for one in settled if probes[one.probe].leaves),
        leaving=sum(probe.leaves for probe in probes),
        staying=sum(not probe.leaves for probe in probes),
        unneeded=tuple(_unneeded(probes, down)),
        failures=Counter(one.failure for one in failed if one.failure is not None),
        first_failure=failed[0] if failed else None,
        half_back=half,
        back=back,
        slowest=took[-1] if took else 0.0,
        median=took[len(took) // 2] if took else 0.0,
    )


def shares(seen: Iterable[Seen]) -> dict[str, float]:
    """The part of the answers that each region has; one that names several counts for each in
    part, one that names none for NOWHERE.
    """
    counts: dict[str, float] = defaultdict(float)
    total = 0
    for one in seen:
        total += 1
        for name in one.regions or {NOWHERE}:
            counts[name] += 1 / (len(one.regions) or 1)
    return {name: count / total for name, count in sorted(counts.items())}


def _gone(region: str, down: Sequence[Seen]) -> tuple[float | None, float | None]:
    """From when on no answer named the region, and the last that did."""
    named = [place for place, one in enumerate(down) if region in one.regions]
    if not named:
        return (_answered(down[0]) if down else None), None
    last = named[-1]
    # by when its answer had come: it may have been given at any time until then
    return (_answered(down[last + 1]) if last + 1 < len(down) else None), down[last].at


def _answered(one: Seen) -> float:
    return one.at + one.took


def _unneeded(probes: Sequence[Probe], down: Sequence[Seen]) -> Iterable[Moved]:
    """The first move of each client whose regions were not drilled."""
    told: set[int] = set()
    for one in down:
        probe = probes[one.probe]
        quiet = probe.leaves or probe.drawn or one.probe in told or one.failure is not None
        if not quiet and one.regions != probe.home:
            told.add(one.probe)
            yield Moved(probe, one.regions, one.at)


def _last_of_each(seen: Sequence[Seen]) -> list[Seen]:
    return list({one.probe: one for one in seen}.values())


# --- the way back -----------------------------------------------------------------------


def _back(
    region: str,
    probes: Sequence[Probe],
    before: Sequence[Seen],
    after: Sequence[Seen],
    undone: float,
) -> tuple[float | None, float | None]:
    """From taking it back to half, and to all, of the region's clients being there for good."""
    fixed = {at for at, probe in enumerate(probes) if probe.leaves and not probe.drawn}
    if fixed:
        since = sorted(_since(region, after, fixed).values())
        half = since[(len(fixed) + 1) // 2 - 1] if len(since) * 2 >= len(fixed) else None
        whole = since[-1] if len(since) == len(fixed) else None
        return _less(half, undone), _less(whole, undone)
    wanted = shares(before).get(region, 0.0)
    return (
        _less(_reached(region, after, len(probes), wanted / 2), undone),
        _less(_reached(region, after, len(probes), wanted * BACK), undone),
    )


def _since(region: str, after: Sequence[Seen], fixed: set[int]) -> dict[int, float]:
    """For each client that is there at the end: since when it has been."""
    found: dict[int, float] = {}
    for one in after:
        if one.probe not in fixed or one.failure is Failure.SILENCE:
            continue
        if region in one.regions:
            found.setdefault(one.probe, one.at)
        else:
            found.pop(one.probe, None)
    return found


def _reached(region: str, after: Sequence[Seen], every: int, share: float) -> float | None:
    """When as many answers in a row as there are probes had that share; `every` > 0."""
    if share <= 0:
        return None
    for first in range(0, len(after) - every + 1, max(1, every // 4)):
        window = after[first : first + every]
        if shares(window).get(region, 0.0) >= share:
            return window[0].at
    return None


def _less(at: float | None, start: float) -> float | None:
    return None if at is None else max(0.0, at - start)
