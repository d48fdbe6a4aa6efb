"""The page of results."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import outcome, page, report
from bench.comparisons import comparisons
from bench.goals import GOALS
from bench.machine import Machine
from bench.main import COMPARISONS, SPECIAL
from bench.outcome import Outcome, Row
from bench.page import ORDER, latest
from bench.peers import PEERS
from gtm.errors import GtmError

MACHINE = Machine("a processor", (0, 1), "Linux 6", "a system", 8_000_000_000, 0.5)
OUTCOME = Outcome(
    "reload",
    "latency during a reload",
    "2 reloads",
    [Row("p99: reloading over quiet", "×", [1.5, 2.5, 2.75]), Row("seconds: reload", "s", [3.0])],
)


def written(folder: Path, monkeypatch: pytest.MonkeyPatch, day: int = 2) -> Path:
    monkeypatch.setattr(report, "RESULTS", folder)
    now = datetime(2030, 1, day, tzinfo=UTC)
    return outcome.write_outcome(OUTCOME, MACHINE, {"gdnsd": "gdnsd 3.8.1"}, now)


def test_everything_on_the_page_can_be_measured() -> None:
    assert set(ORDER) <= {*COMPARISONS, *SPECIAL}
    assert {goal.name for goal in GOALS} <= set(ORDER)


def test_goals_of_comparisons_are_for_contenders_and_bases_that_there_are() -> None:
    rows = comparisons()
    for goal in GOALS:
        kind, _, compared = goal.finding.partition(": ")
        if goal.name in rows and kind in ("cost", "p50"):
            label, _, base = compared.partition(" over ")
            row = rows[goal.name]
            labels = [each.label for each in row.contenders(list(PEERS.values()))]
            assert label in labels
            assert base in row.bases
            assert base in labels


def test_a_goal_is_reached_missed_or_not_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, monkeypatch)
    lines = page.page(latest(tmp_path)).splitlines()
    (missed,) = [line for line in lines if line.startswith("| full reload")]
    assert missed.endswith("| ≤ 2 × | 2.5 × (1.5–2.75) | **no** |")
    (absent,) = [line for line in lines if line.startswith("| control loop stuck")]
    assert absent.endswith("| – | not measured |")


def test_the_page_tells_machine_versions_day_and_method(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, monkeypatch)
    text = page.page(latest(tmp_path))
    assert "a processor, 2 cores, 8 GB, Linux 6, a system; gdnsd 3.8.1; 2030-01-02, " in text
    assert "load average 0.5 at the start." in text
    assert "## Latency during a reload" in text
    assert "| p99: reloading over quiet | 2.50 (1.50–2.75) | × |" in text


def test_the_page_says_where_the_machine_did_other_things(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = json.loads(written(tmp_path, monkeypatch).read_text())
    assert "did other things" not in page.page({"reload": document})
    disturbed = {**document, "disturbed": 1, "runs": [{}, {}]}
    text = page.page({"reload": disturbed})
    assert "did other things in some runs of reload" in text
    assert "In 1 of 2 runs something else used more than a tenth of a core." in text


def test_the_latest_result_of_a_workload_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(tmp_path, monkeypatch, day=3)
    path = written(tmp_path, monkeypatch, day=1)
    document = json.loads(path.read_text())
    assert document["values"]["seconds: reload"] == [3.0]
    assert latest(tmp_path)["reload"]["measured_at"].startswith("2030-01-03")


def test_without_results_there_is_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "RESULTS", tmp_path)
    monkeypatch.setattr(page, "PATH", tmp_path / "performance.md")
    with pytest.raises(GtmError, match="has no results; measure first"):
        page.write_page()
    assert not (tmp_path / "performance.md").exists()
