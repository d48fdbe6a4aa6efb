"""From runs to figures."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

from bench import report
from bench.comparisons import comparisons
from bench.cpu import Usage
from bench.dnsperf import LoadReport
from bench.experiment import Plan
from bench.figures import Run, Spread, ratios, spread
from bench.machine import Machine, two_cores
from bench.peers import PEERS
from gtm.errors import StartError

MACHINE = Machine("a processor", (0, 1), "Linux 6", "a system", 8_000_000_000, 0.5)


def run(peer: str, number: int, seconds: float, answered: int = 1_000_000) -> Run:
    load = LoadReport(answered, answered, 5.0, 0.0002, 0.0001, {"NOERROR": answered})
    used = Usage(seconds, seconds / 4, seconds, 16_000_000)
    return Run(peer, number, load, used, 0.5, None if peer == "echo" else 1.0, 0.0)


RUNS = [
    run("gtm", 1, 8.0),
    run("gdnsd", 1, 4.0),
    run("echo", 1, 2.0),
    run("gtm", 2, 9.0),
    run("gdnsd", 2, 6.0),
    run("echo", 2, 3.0),
]
ROW = comparisons()["udp"]
PLAN = Plan("udp", ROW.about, ROW.contenders(list(PEERS.values())), ROW.bases, 2, 5.0, 0, 1)


def test_cost_is_cpu_time_for_each_answer_in_microseconds() -> None:
    assert RUNS[0].cost == pytest.approx(8.0)
    assert run("gtm", 1, 1.0, answered=0).cost == 0.0


def test_ratios_compare_runs_of_the_same_round() -> None:
    assert ratios(RUNS, "gtm", "gdnsd") == [pytest.approx(2.0), pytest.approx(1.5)]
    assert ratios(RUNS[:4], "gtm", "gdnsd") == [pytest.approx(2.0)]
    assert ratios(RUNS, "gtm", "absent") == []


def test_a_spread_is_minimum_median_and_maximum() -> None:
    assert spread([3.0, 1.0, 2.0]) == Spread(1.0, 2.0, 3.0)
    assert spread([]) is None


def test_the_table_names_every_peer_with_its_ratios() -> None:
    console = Console(width=80, file=io.StringIO(), record=True)
    console.print(report.table(PLAN, RUNS))
    text = console.export_text()
    assert all(name in text for name in PEERS)
    assert "1.50–2.00" in text
    assert "…" not in text


def test_the_results_file_holds_machine_versions_runs_and_summary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    now = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    path = report.write_json(PLAN, MACHINE, {"gdnsd": "gdnsd 3.8.1"}, RUNS, now)
    assert path.name == "20300102T030405Z-udp.json"
    read = json.loads(path.read_text())
    assert read["machine"]["processor"] == "a processor"
    assert read["versions"] == {"gdnsd": "gdnsd 3.8.1"}
    assert len(read["runs"]) == 6
    assert read["summary"]["gtm"]["ratios"]["gdnsd"]["median"] == pytest.approx(1.75)


def test_one_core_is_refused() -> None:
    lonely = Machine("a processor", (0,), "Linux 6", "a system", 1, 0.0)
    with pytest.raises(StartError, match="cannot measure on one core"):
        two_cores(lonely)
