"""One thing that reports hold out, and what of it outlives a restart. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from gtm.checks import Passive, Target
from gtm.feeds.evidence import Evidence
from gtm.feeds.holdstore import REASON, RULES, KeptHold, KeptHolds
from gtm.health.question import identity
from gtm.model import State, Verdict

SAME = "as before the restart: "


@dataclass(slots=True)
class Hold:
    """A target that reports took out: `until` and `since` are monotonic and Unix seconds.

    `probes` is how many there had been when the reports were bad last.
    """

    verdict: Verdict
    evidence: Evidence
    until: float
    probes: int


def kept(target: Target, hold: Hold, times: int, until: float) -> KeptHold:
    """A hold for the file; `until` is Unix time."""
    return KeptHold(
        key=identity(target),
        rules=_rules(target.check.passive),
        reason=hold.verdict.reason[:REASON],
        since=hold.verdict.since,
        until=until,
        times=times,
    )


def believed(
    saved: KeptHolds, targets: Iterable[Target], now: float
) -> Iterator[tuple[Target, KeptHold]]:
    """What is still held `now` (Unix time) of what was, by what is served now.

    What was saved longer ago than its hold, or the window of its reports, says nothing any more.
    """
    by_key: dict[str, list[Target]] = {}
    for target in targets if saved.holds else ():
        by_key.setdefault(identity(target), []).append(target)
    for one in saved.holds:
        alike = by_key.get(one.key, [])
        exact = [target for target in alike if _rules(target.check.passive) == one.rules]
        for target in exact or (alike if len(alike) == 1 else []):
            passive = target.check.passive
            if passive and 0 <= now - saved.at <= max(passive.hold, passive.window):
                yield target, one


def again(one: KeptHold, left: float, now: float) -> Hold:
    """A hold taken up after a restart, with `left` seconds to go from the monotonic `now`."""
    reason = SAME + one.reason.removeprefix(SAME)
    verdict = Verdict(State.DOWN, reason, one.since, reported=True)
    return Hold(verdict, Evidence(False, 0, 0, ()), now + left, 0)


def _rules(passive: Passive | None) -> str:
    return repr(passive)[:RULES]
