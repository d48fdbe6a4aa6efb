"""Reports of real requests, laid over the verdicts of probes: they take out, probes put back.

A window for each target that is reported about. What its evidence takes out stays out until the
reports are no longer bad, `hold` is over, and then `rise` probes in a row have succeeded. Nothing
that is reported ever puts anything back, and a target that probes find down is theirs alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from gtm.checks import Target
from gtm.feeds.bounds import Bounds
from gtm.feeds.evidence import Evidence, weigh
from gtm.feeds.hold import Hold, again, believed, kept
from gtm.feeds.holdstore import KeptHold, KeptHolds
from gtm.feeds.known import Known
from gtm.feeds.window import OTHERS, Tally, Window
from gtm.health import Report
from gtm.health.question import question
from gtm.model import State, Verdict
from gtm.steering.overlay import Overlays

Value = TypeVar("Value")

REPORTER_WINDOW = 60.0  # seconds over which it is seen whether all that a reporter tells fails
REPORTERS = 1_024  # whose totals are kept; beyond, who was heard first is forgotten
LOOKED_AT = 2_000  # endpoints that one step weighs, the longest waiting first
AT_ONCE = 100  # those that one step takes out: it must not hold the control loop up
QUIET = 600.0  # seconds after which having been out before counts no more
LONGEST = 1800.0  # seconds: the most that `hold` grows to when an endpoint fails again and again


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What one item of a report says: timeouts are failures too."""

    service: str
    region: str
    endpoint: str
    ok: int = 0
    failed: int = 0
    timeouts: int = 0


@dataclass(slots=True)
class Heard:
    """A reporter: what it told of late, how much ever, and when last (Unix seconds)."""

    window: Window = field(default_factory=lambda: Window(REPORTER_WINDOW))
    items: int = 0
    last: float = 0.0


class Reports:
    """The layer. `report` is what probes say of a target; `now` is Unix time.

    `on_change(target, before, after)` is called when a target is taken out or put back, and
    `on_refusal(target, words)` once when it would be but may not.
    """

    def __init__(
        self,
        report: Callable[[Target], Report],
        overlays: Callable[[], Overlays],
        on_change: Callable[[Target, Verdict, Verdict], None],
        on_refusal: Callable[[Target, str], None],
        now: Callable[[], float],
    ) -> None:
        """Nothing was reported yet."""
        self._report = report
        self._overlays = overlays
        self._on_change = on_change
        self._on_refusal = on_refusal
        self._now = now
        self._known = Known(())
        self._windows: dict[Target, Window] = {}
        self._fresh: dict[Target, None] = {}
        self._held: dict[Target, Hold] = {}
        self._past: dict[Target, tuple[int, float]] = {}
        self.heard: dict[str, Heard] = {}
        self.refused: dict[Target, str] = {}
        self.items = 0
        self.items_refused = 0
        self.changes = 0  # of what is held

    @property
    def held(self) -> Mapping[Target, Hold]:
        """What reports hold out now."""
        return self._held

    def verdict(self, target: Target) -> Verdict:
        """What is believed of a target; may be asked from any thread."""
        found, hold = self._report(target).verdict, self._held.get(target)
        return found if hold is None or found.state is State.DOWN else hold.verdict

    def follow(self, known: Known) -> None:
        """Goes by what is served now; what stays, or is asked the same, keeps its history."""
        if known is self._known:
            return
        self._known = known
        renamed = self._renamed(known)
        self._windows = _moved(self._windows, renamed)
        self._held = _moved(self._held, renamed)
        self._past = _moved(self._past, renamed)
        self.refused = _moved(self.refused, renamed)
        self._fresh = _moved(self._fresh, renamed)
        for target, window in list(self._windows.items()):
            passive = target.check.passive
            if passive is None or passive.window != window.seconds:
                del self._windows[target]

    # --- over a restart -------------------------------------------------------------------

    def kept(self, now: float) -> list[KeptHold]:
        """What is held (monotonic `now`), for the file."""
        unix = self._now()
        return [
            kept(target, hold, self._past[target][0], max(0.0, unix + hold.until - now))
            for target, hold in self._held.items()
        ]

    def recall(self, saved: KeptHolds, now: float) -> None:
        """Takes up what was held before a restart, within bounds, of what is served now.

        To be called before there are answers: nobody is told.
        """
        unix, bounds = self._now(), self._bounds()
        for target, one in believed(saved, self._known.targets, unix):
            uses = self._known.uses(target)
            if target not in self._held and bounds.refusal(target, uses) is None:
                left = min(max(0.0, one.until - unix), LONGEST)
                self._held[target] = again(one, left, now)
                self._past[target] = (one.times, now)
                bounds.taken(uses)

    # --- what is told ---------------------------------------------------------------------

    def take(self, reporter: str, items: Iterable[Outcomes], now: float) -> dict[int, str]:
        """Counts a batch (monotonic `now`); gives why items were refused, by their index."""
        heard = self.hear(reporter)
        refused: dict[int, str] = {}
        for index, item in enumerate(items):
            self.items += 1
            heard.items += 1
            found = self._known.find(item.service, item.region, item.endpoint)
            if isinstance(found, str):
                self.items_refused += 1
                refused[index] = found
                continue
            self._count(reporter, heard, found, item, now)
        return refused

    def _count(
        self, reporter: str, heard: Heard, target: Target, item: Outcomes, now: float
    ) -> None:
        passive = target.check.passive
        if passive is None:
            return
        tally = Tally(item.ok, item.failed + item.timeouts)
        if target not in self._windows:
            self._windows[target] = Window(passive.window)
        self._windows[target].add(reporter, tally, now)
        heard.window.add(OTHERS, tally, now)
        self._fresh[target] = None

    def hear(self, reporter: str) -> Heard:
        """Notes that a reporter tells something now."""
        heard = self.heard.setdefault(reporter, Heard())
        heard.last = self._now()
        if len(self.heard) > REPORTERS:
            del self.heard[min(self.heard, key=lambda name: self.heard[name].last)]
        return heard

    # --- what follows from them -----------------------------------------------------------

    def step(self, now: float) -> None:
        """Takes out what the latest reports call for, and puts back what probes found well."""
        for target in list(self._held):
            self._watch(target, self._evidence(target, now), now)
        bounds = self._bounds()
        looked_at, taken = list(islice(self._fresh, LOOKED_AT)), 0
        for target in looked_at:
            if taken == AT_ONCE:
                break  # the next step goes on with the rest
            del self._fresh[target]
            evidence = self._evidence(target, now)
            calls = evidence.bad and self._report(target).verdict.state is State.UP
            if target in self._held or not calls:
                self.refused.pop(target, None)
            else:
                taken += self._take_out(target, evidence, bounds, now)

    def _bounds(self) -> Bounds:
        return Bounds(
            lambda each: self._report(each).verdict, self._held.__contains__, self._overlays()
        )

    def _evidence(self, target: Target, now: float) -> Evidence:
        passive, window = target.check.passive, self._windows.get(target)
        if passive is None or window is None:
            return Evidence(False, 0, 0, ())
        tallies = window.tallies(now)
        if not tallies:
            del self._windows[target]
        return weigh(
            tallies, passive, {name: self._elsewhere(name, tallies, now) for name in tallies}
        )

    def _elsewhere(self, reporter: str, here: Mapping[str, Tally], now: float) -> Tally:
        """What a reporter tells of everything but one target."""
        heard = self.heard.get(reporter)
        if heard is None:
            return Tally()
        total, part = heard.window.tallies(now).get(OTHERS, Tally()), here[reporter]
        return Tally(max(0, total.ok - part.ok), max(0, total.failed - part.failed))

    def _take_out(self, target: Target, evidence: Evidence, bounds: Bounds, now: float) -> bool:
        """Takes a target out if that is within bounds; whether it was."""
        uses = self._known.uses(target)
        why = bounds.refusal(target, uses)
        if why is not None:
            if target not in self.refused:
                self._on_refusal(target, f"{self._words(target, evidence)}; {why}")
            self.refused[target] = why
            self._fresh[target] = None  # it may be within bounds later
            return False
        self.refused.pop(target, None)
        report = self._report(target)
        reason = f"{self._words(target, evidence)}; its probes succeed"
        verdict = Verdict(State.DOWN, reason, self._now(), reported=True)
        self._held[target] = Hold(verdict, evidence, now + self._length(target, now), report.probes)
        self.changes += 1
        bounds.taken(uses)
        self._on_change(target, report.verdict, verdict)
        return True

    def _length(self, target: Target, now: float) -> float:
        """Seconds that it stays out at least: twice as long each time it fails again soon."""
        assert target.check.passive is not None  # noqa: S101  # else there would be no evidence
        times, last = self._past.get(target, (0, 0.0))
        times = times + 1 if now - last < QUIET and times else 1
        self._past[target] = (times, now)
        hold = target.check.passive.hold
        return max(hold, min(LONGEST, hold * 2.0 ** min(times - 1, 20)))

    def _watch(self, target: Target, evidence: Evidence, now: float) -> None:
        """One that is out: whether probes may have it back."""
        hold, report = self._held[target], self._report(target)
        if report.verdict.state is State.DOWN or target.check.passive is None:
            self._let_go(target, now)  # probes have said it themselves, or reports count no more
            return
        hold.probes = min(hold.probes, report.probes)  # they are counted anew after a reload
        if evidence.bad:
            hold.probes = report.probes
        since = min(report.successes, report.probes - hold.probes)
        if not evidence.bad and now >= hold.until and since >= target.check.judgement.rise:
            self._let_go(target, now)

    def _let_go(self, target: Target, now: float) -> None:
        hold = self._held.pop(target)
        self.changes += 1
        self._windows.pop(target, None)  # what was told before says nothing of how it is now
        times, _ = self._past.get(target, (1, now))
        self._past[target] = (times, now)
        after = self._report(target).verdict
        if after.state is not State.DOWN:
            self._on_change(target, hold.verdict, after)

    def _words(self, target: Target, evidence: Evidence) -> str:
        assert target.check.passive is not None  # noqa: S101  # else there would be no evidence
        return evidence.words(target.check.passive)

    def _renamed(self, known: Known) -> dict[Target, Target]:
        """Targets of before by what they are now: themselves, or another asked the same."""
        asked = {question(target): target for target in known.targets}
        mine = {*self._windows, *self._held, *self._past, *self.refused}
        return {
            target: target if target in known.targets else asked[question(target)]
            for target in mine
            if target in known.targets or question(target) in asked
        }


def _moved(values: dict[Target, Value], renamed: Mapping[Target, Target]) -> dict[Target, Value]:
    return {renamed[target]: value for target, value in values.items() if target in renamed}
