"""The latest probes of each target: as many as are kept, in order, for as long as it is known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import Check, Target, Tcp
from gtm.health.outcome import Outcome
from gtm.live.probes import KEPT, Probed, Track


def target(address: str = "192.0.2.1") -> Target:
    return Target(Check("up", Tcp(), port=80), address)


@given(st.lists(st.none() | st.floats(0, 100, width=32), max_size=3 * KEPT))
def test_a_track_is_the_end_of_a_list(latencies: list[float | None]) -> None:
    track = Track()
    for number, latency in enumerate(latencies):
        track.add(float(number), latency)
    at, found = track.listed()
    assert found == latencies[-KEPT:]
    assert at == [float(number) for number in range(len(latencies))][-KEPT:]


def test_a_failed_probe_has_no_latency_and_an_impaired_one_is_none() -> None:
    probed = Probed()
    probed.note(target(), Outcome(True, "ok", 0.25, 10.0))
    probed.note(target(), Outcome(False, "refused", 0.5, 11.0))
    probed.note(target(), Outcome(False, "no files left", 0.0, 12.0, impairment="no files left"))
    assert probed.of(target()) == ([10.0, 11.0], [0.25, None])


def test_of_what_is_not_known_there_is_nothing() -> None:
    assert Probed().of(target()) == ([], [])
    assert Probed().of(None) == ([], [])


def test_a_load_keeps_the_tracks_of_what_stays() -> None:
    probed, gone = Probed(), target("192.0.2.2")
    for each in (target(), gone):
        probed.note(each, Outcome(True, "ok", 0.25, 10.0))
    probed.keep(lambda each: each != gone)
    assert probed.of(gone) == ([], [])
    assert probed.of(target())[1] == [pytest.approx(0.25)]
    assert len(probed) == 1
