"""What a measurement found that has to reach something, by name, for the goals and the page."""

from __future__ import annotations

from collections.abc import Sequence

from bench.comparisons import OWN
from bench.experiment import Plan
from bench.figures import Run, Spread, of_label, ratios, spread

Findings = dict[str, Spread]


def findings(plan: Plan, runs: Sequence[Run]) -> Findings:
    """Costs over each base, medians of latency over each base where the load was paced."""
    found: Findings = {}
    for contender in plan.contenders:
        for base in plan.bases:
            if contender.label != base and contender.peer.name == OWN:
                name = f"{contender.label} over {base}"
                _put(found, f"cost: {name}", ratios(runs, contender.label, base))
                if contender.workload.rate is not None:
                    _put(found, f"p50: {name}", ratios(runs, contender.label, base, p50))
                    _put(found, f"p99: {name}", ratios(runs, contender.label, base, p99))
        own = of_label(runs, contender.label)
        _put(found, f"ready: {contender.label}", [run.ready for run in own])
    return found


def p50(run: Run) -> float:
    """The median time to an answer in seconds; 0 where it was not measured."""
    return run.load.p50 or 0.0


def p99(run: Run) -> float:
    """The time within which 99 of 100 answers came; 0 where it was not measured."""
    return run.load.p99 or 0.0


def _put(found: Findings, name: str, values: Sequence[float]) -> None:
    if (one := spread(values)) is not None:
        found[name] = one
