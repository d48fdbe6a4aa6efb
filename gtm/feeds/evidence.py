"""Whether what reporters tell about an endpoint is enough to take it out. Pure.

No reporter decides alone where there are others: it counts for at most half of what is weighed,
and without any one of them the rest must still say the same. One that is alone needs more
outcomes, and is not believed if everything else it tells fails too: then it is the reporter that
is cut off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gtm.checks import Passive
from gtm.feeds.window import Tally
from gtm.health.outcome import span

ALONE = 3  # times the minimum that a reporter needs who is alone
NAMED = 3  # reporters that a reason names


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was told about an endpoint within the window, and whether it is `bad` enough."""

    bad: bool
    failed: int
    outcomes: int
    reporters: tuple[str, ...]

    def words(self, rules: Passive) -> str:
        """`60 % of 120 requests failed in 30 s, reported by gw-1, gw-2`."""
        share = 100 * self.failed / self.outcomes if self.outcomes else 0.0
        named = ", ".join(self.reporters[:NAMED])
        more = len(self.reporters) - NAMED
        also = f" and {more} more" if more > 0 else ""
        return (
            f"{share:.0f} % of {self.outcomes} requests failed in {span(rules.window)}, "
            f"reported by {named}{also}"
        )


def weigh(tallies: Mapping[str, Tally], rules: Passive, elsewhere: Mapping[str, Tally]) -> Evidence:
    """The evidence of some reporters; `elsewhere` is what each tells of everything else."""
    told = {name: tally for name, tally in tallies.items() if tally.outcomes}
    failed = sum(tally.failed for tally in told.values())
    outcomes = sum(tally.outcomes for tally in told.values())
    witnesses = sum(1 for tally in told.values() if tally.failed)
    bad = witnesses >= max(1, rules.reporters) and (
        _lone(*next(iter(told.items())), rules, elsewhere)
        if len(told) == 1
        else _agreed(list(told.values()), rules)
    )
    names = sorted((name for name in told if told[name].failed), key=lambda n: -told[n].failed)
    return Evidence(bad, failed, outcomes, tuple(names))


def _lone(name: str, tally: Tally, rules: Passive, elsewhere: Mapping[str, Tally]) -> bool:
    if tally.outcomes < ALONE * rules.minimum or not _above(tally.failed, tally.outcomes, rules):
        return False
    other = elsewhere.get(name, Tally())
    cut_off = other.outcomes >= rules.minimum and _above(other.failed, other.outcomes, rules)
    return not cut_off


def _agreed(told: list[Tally], rules: Passive) -> bool:
    """Whether it is enough with the largest counted as half, and without any one of them."""
    failed = sum(tally.failed for tally in told)
    outcomes = sum(tally.outcomes for tally in told)
    largest = max(told, key=lambda tally: tally.outcomes)
    rest = outcomes - largest.outcomes
    weight = min(largest.outcomes, rest)
    weighed = failed - largest.failed + largest.failed * weight / largest.outcomes
    if rest + weight < rules.minimum or not _above(weighed, rest + weight, rules):
        return False
    return all(_above(failed - tally.failed, outcomes - tally.outcomes, rules) for tally in told)


def _above(failed: float, outcomes: float, rules: Passive) -> bool:
    return failed > rules.failures * outcomes
