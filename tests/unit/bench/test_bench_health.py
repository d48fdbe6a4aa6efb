"""The zone that the health workload probes, and what is made of its runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.health import ENDPOINTS, Sample, middle, ratios, zone_text
from bench.healthreport import health_table
from bench.probed import Arrivals
from gtm.control.sources import watched
from gtm.zonefile import load


@pytest.mark.parametrize(("probed", "targets"), [(None, 0), (18080, ENDPOINTS)])
def test_the_zone_loads_and_has_so_many_targets_or_none(
    tmp_path: Path, probed: int | None, targets: int
) -> None:
    (tmp_path / "zone.yaml").write_text(zone_text(probed))
    found, _ = watched(load(tmp_path).zones)
    assert len(found) == targets
    assert all(one.address.startswith("127.") for one in found)


def test_figures_are_medians_over_the_runs_of_one_kind() -> None:
    found = [
        Sample(checks, 1000, p50, p50 * 2, 0.1, 0.4, 100.0, 60.0, 20)
        for checks, p50 in (
            (False, 80.0),
            (True, 90.0),
            (False, 100.0),
            (True, 95.0),
            (False, 90.0),
            (True, 500.0),
        )
    ]
    assert middle(found, True, "p50") == 95.0
    assert middle(found, False, "p99") == 180.0


def test_a_ratio_is_that_of_two_turns_side_by_side() -> None:
    found = [
        Sample(checks, 1000, p50, p50 * 2, 0.1, 0.4, 100.0, 60.0, 20)
        for checks, p50 in ((False, 80.0), (True, 100.0), (False, 400.0), (True, 440.0))
    ]
    assert ratios(found, "p99") == [1.1, 1.25]
    assert "1.18 times (1.10 to 1.25)" in str(health_table(found).caption)


def test_evenness_is_that_of_the_tenths_of_a_second_that_lie_inside() -> None:
    every = Arrivals(100.0, (900, 20, 20, 30, 10, 900))
    assert every.between(100.05, 100.55) == (200.0, 1.5)
    assert every.between(200.0, 200.5) == (0.0, 0.0)
