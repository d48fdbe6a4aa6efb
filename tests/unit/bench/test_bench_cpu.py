"""Reading what a server used from /proc."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bench.cpu import PAGE, TICK, Usage, family, machine_seconds, usage


def process(
    proc: Path, pid: int, parent: int, ticks: tuple[int, int], nanoseconds: list[int]
) -> None:
    """Writes the files of one process as the kernel shows them; one thread per count."""
    folder = proc / str(pid)
    before = [str(parent), *["0"] * 9]
    after = ["0"] * 8
    fields = ["S", *before, *map(str, ticks), *after, "10", *["0"] * 20]
    folder.mkdir(parents=True)
    (folder / "stat").write_text(f"{pid} (odd) name (x) {' '.join(fields)}\n")
    for thread, count in enumerate(nanoseconds):
        (folder / "task" / str(pid + thread)).mkdir(parents=True)
        (folder / "task" / str(pid + thread) / "schedstat").write_text(f"{count} 5 6\n")


def test_all_threads_of_all_descendants_count(tmp_path: Path) -> None:
    process(tmp_path, 100, 1, (10, 20), [1_000_000, 2_000_000])
    process(tmp_path, 200, 100, (1, 2), [500_000])
    process(tmp_path, 300, 200, (0, 0), [250_000])
    process(tmp_path, 400, 1, (99, 99), [9_000_000])
    assert family(100, tmp_path) == [100, 200, 300]
    read = usage(100, tmp_path)
    assert read.seconds == pytest.approx(0.00375)
    assert read.user == pytest.approx(11 * TICK)
    assert read.system == pytest.approx(22 * TICK)
    assert read.resident == 3 * 10 * PAGE


def test_ticks_stand_in_where_the_kernel_has_no_schedstat(tmp_path: Path) -> None:
    process(tmp_path, 100, 1, (10, 20), [1])
    (tmp_path / "100" / "task" / "100" / "schedstat").unlink()
    assert usage(100, tmp_path).seconds == pytest.approx(30 * TICK)


def test_a_process_that_is_gone_used_nothing(tmp_path: Path) -> None:
    assert usage(100, tmp_path) == Usage(0.0, 0.0, 0.0, 0)


def test_what_was_used_in_between_is_the_difference() -> None:
    later, earlier = Usage(3.0, 2.0, 1.0, 500), Usage(1.0, 0.5, 0.5, 400)
    assert later.since(earlier) == Usage(2.0, 1.5, 0.5, 500)


def test_the_busy_time_of_the_machine_leaves_out_idle_and_stolen_time(tmp_path: Path) -> None:
    (tmp_path / "stat").write_text("cpu  1 2 4 1000 1000 8 16 1000 0 0\ncpu0 1 1 1\n")
    assert machine_seconds(tmp_path) == pytest.approx(31 * TICK)


def test_this_process_can_be_read() -> None:
    assert usage(os.getpid()).resident > 0
