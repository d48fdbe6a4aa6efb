"""Writes docs/performance.md from the latest result of each workload.

Nothing on the page is written by hand but what is in this file, so that it can be made again:
`scripts/bench --workload all --runs 3 --seconds 3 --page`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.goals import GOALS, Goal
from bench.report import RESULTS
from gtm.errors import GtmError

PATH = Path(__file__).parent.parent / "docs" / "performance.md"
ORDER = (
    *("udp", "udp-ecs", "tcp", "names", "tables", "policies", "signed", "workers"),
    *("udp-low", "udp-medium", "reload", "stuck", "areas", "xdp"),
)
Result = Mapping[str, Any]

INTRODUCTION = """\
# Performance

What a query costs the server, measured by `scripts/bench` on one machine beside
[gdnsd](https://gdnsd.org), the fastest name server of this kind that we know, and a bare echo,
which sends every packet back with one `recvmmsg` and one `sendmmsg` for many: no server that uses
sockets can cost less. This page is made from the results by the same program:

```sh
scripts/bench --install --workload all --runs 3 --seconds 3 --page   # about 16 minutes
```

- **Cost is CPU time** (user and system, all threads and processes of the server) for each answer.
  It hardly depends on what else the machine does, and it is what decides how many queries a core
  can answer. Rates and latencies do depend on it.
- Server and load have a core each, on loopback. Each run is a fresh process; contenders take
  turns, and ratios are taken between neighbours in time. Figures are medians, with the least and
  the most.
- All are told the same: regions, addresses, client networks. A sample of each one's answers is
  checked (`right`).
"""
METHODS = {
    "udp": "Questions come as fast as they are answered, 100 on the way.",
    "udp-ecs": "Each question has a client subnet of its own (RFC 7871), from all networks.",
    "names": "Names of a master file, with the 1,000 services beside them; gdnsd has the same.",
    "policies": "Plain questions. `spilled`: the region nearest to the client is at 160 % of its "
    "capacity.",
    "signed": "Every question has the DO bit; answers of the signed zone have a signature of ECDSA "
    "P-256 behind the address.",
    "workers": "Each worker is asked 60,000 times a second, so two have twice the work of one; "
    "server and load share both cores.",
    "udp-low": "An open loop: the clock decides when questions are sent. The load never sleeps.",
    "udp-medium": "As above, twenty times the rate.",
}


def write_page() -> Path:
    """Writes the page; GtmError if there is no result at all, or it can't be written."""
    results = latest(RESULTS)
    if not results:
        raise GtmError(f"cannot write {PATH.name}: {RESULTS} has no results; measure first")
    try:
        PATH.write_text(page(results))
    except OSError as error:
        raise GtmError(f"cannot write {PATH}: {error.strerror}") from error
    return PATH


def latest(folder: Path) -> dict[str, Result]:
    """The newest result of each workload on the page that has one."""
    found: dict[str, Result] = {}
    for name in ORDER:
        paths = sorted(folder.glob(f"*Z-{name}.json"))
        if paths:
            found[name] = json.loads(paths[-1].read_text())
    return found


def page(results: Mapping[str, Result]) -> str:
    """The page, in Markdown."""
    parts = [INTRODUCTION, *_goals(results), *_machines(results)]
    for result in results.values():
        parts += _section(result)
    return "\n".join(parts)


def _goals(results: Mapping[str, Result]) -> Iterator[str]:
    yield "## Goals\n"
    told = [(goal, _measured(goal, results)) for goal in GOALS]
    rows = [
        [
            goal.about,
            f"≤ {_number(goal.limit)} {goal.unit}",
            _spread(goal, found),
            _word(goal, found),
        ]
        for goal, found in told
    ]
    yield _table(["", "goal", "measured", "reached"], rows)
    if disturbed := [name for name, result in results.items() if result.get("disturbed")]:
        yield (
            f"The machine also did other things in some runs of {', '.join(disturbed)}: more than "
            "a tenth of a core. Ratios of cost bear that, latencies do not: measure again before "
            "you rely on them.\n"
        )


def _measured(goal: Goal, results: Mapping[str, Result]) -> Mapping[str, float] | None:
    found: Mapping[str, float] | None = (
        results.get(goal.name, {}).get("findings", {}).get(goal.finding)
    )
    return found


def _spread(goal: Goal, found: Mapping[str, float] | None) -> str:
    if found is None:
        return "–"
    least, middle, most = (_number(found[key]) for key in ("minimum", "median", "maximum"))
    return f"{middle} {goal.unit}" + (f" ({least}–{most})" if least != most else "")


def _word(goal: Goal, found: Mapping[str, float] | None) -> str:
    if found is None:
        return "not measured"
    return "yes" if found["median"] <= goal.limit else "**no**"


def _machines(results: Mapping[str, Result]) -> Iterator[str]:
    yield "## Where\n"
    for text, names in _alike(results):
        alone = len(names) == len(results)
        yield text if alone else f"{', '.join(names)}: {text}"
        yield ""


def _alike(results: Mapping[str, Result]) -> list[tuple[str, list[str]]]:
    """Descriptions of machines, versions and days, each with the workloads that share it."""
    groups: dict[str, list[str]] = {}
    for name, result in results.items():
        groups.setdefault(_where(result), []).append(name)
    return list(groups.items())


def _where(result: Result) -> str:
    machine, versions = result["machine"], result["versions"]
    memory = _number(machine["memory"] / 1e9)
    return (
        f"{machine['processor']}, {len(machine['cores'])} cores, {memory} GB, "
        f"{machine['kernel']}, {machine['system']}; {'; '.join(versions.values())}; "
        f"{result['measured_at'][:10]}, load average {machine['load']:g} at the start."
    )


def _section(result: Result) -> Iterator[str]:
    yield f"## {result['about'][0].upper()}{result['about'][1:]}\n"
    method = METHODS.get(result["name"])
    disturbed = result.get("disturbed", 0)
    yield f"`{result['name']}`: {result['method']}. {method or ''}".rstrip() + "\n"
    yield _table(result["headings"], result["rows"])
    if disturbed:
        yield (
            f"In {disturbed} of {len(result['runs'])} runs something else used more than a tenth "
            "of a core.\n"
        )


def _table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [headings, ["---", *["---:"] * (len(headings) - 1)], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _number(value: float) -> str:
    digits = 0 if value >= 100 else 1 if value >= 20 else 2
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
