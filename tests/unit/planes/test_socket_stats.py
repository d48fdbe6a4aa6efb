"""Counters of sockets: all that was counted is found again, by what it was."""

from __future__ import annotations

from gtm.planes.stats import SocketStats, answers_by_service
from gtm.snapshot import Tally

TALLIES = [Tally("example.com.", name, "us-east", "A", "NOERROR") for name in ("a", "b", "c")]


def test_what_threads_of_rust_and_python_counted_is_told_together() -> None:
    stats = SocketStats("udp", "1", fast=[4, 0], native=[(1, 2), (2, 5)])
    stats.slow[TALLIES[2]] += 1
    assert list(stats.answers(TALLIES)) == [
        (TALLIES[0], 4),
        (TALLIES[1], 2),
        (TALLIES[2], 5),
        (TALLIES[2], 1),
    ]
    assert stats.total() == 12
    assert answers_by_service([stats], TALLIES) == {
        ("example.com.", "a"): 4,
        ("example.com.", "b"): 2,
        ("example.com.", "c"): 6,
    }


def test_a_count_newer_than_the_tallies_waits_for_the_next_look() -> None:
    stats = SocketStats("udp", "1", native=[(0, 1), (3, 7)])
    assert list(stats.answers(TALLIES)) == [(TALLIES[0], 1)]
