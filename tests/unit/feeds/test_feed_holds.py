"""What reports hold out outlives a restart, no longer than it would have lasted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.durable import Damaged
from gtm.feeds import Feeds, HoldStore
from gtm.feeds.holdstore import KeptHold, KeptHolds, from_bytes, to_bytes
from gtm.health import Report
from gtm.model import State, Verdict
from gtm.steering.overlay import silent
from tests.unit.feeds.feed_worlds import Scene, read, zone_text
from tests.unit.feeds.test_feed_reports import FIRST, take_out

START = 1_700_000_000.0


def stage(**options: object) -> Scene:
    return Scene(read(zone_text(**options)))  # type: ignore[arg-type]


def kept(scene: Scene) -> KeptHolds:
    return KeptHolds(START + scene.now, tuple(scene.reports.kept(scene.now)))


def restarted(saved: KeptHolds, away: float, **options: object) -> Scene:
    """A new process whose monotonic clock runs like the old one's Unix time."""
    scene = stage(**options)
    scene.now = saved.at - START + away
    scene.reports.recall(saved, scene.now)
    return scene


def test_what_is_held_is_held_after_a_restart_and_put_back_by_probes() -> None:
    before = stage(passive="{window: 10s, hold: 40s}")
    take_out(before)
    saved = from_bytes(to_bytes(START + before.now, before.reports.kept(before.now)))
    after = restarted(saved, 5.0, passive="{window: 10s, hold: 40s}")
    assert after.down() == {FIRST}
    verdict = after.reports.verdict(after.target(FIRST))
    assert verdict.reason == (
        "as before the restart: 67 % of 120 requests failed in 10 s, reported by gw-1, gw-2; "
        "its probes succeed"
    )
    assert verdict.reported
    assert verdict.since == START + 1000.0
    after.step(34.9)
    assert after.down() == {FIRST}, "its hold is not over"
    after.step(1.0)
    assert after.down() == set()
    assert after.changes == [(FIRST, State.UP, "probed up")]


def test_rise_probes_after_the_restart_are_needed() -> None:
    before = stage()
    take_out(before)
    after = restarted(kept(before), 5.0)
    target = after.target(FIRST)
    after.reports.verdict(target)
    after.probed[target].probes = after.probed[target].successes = 1
    after.step(60.0)
    assert after.down() == {FIRST}
    after.probe(FIRST)
    after.step(1.0)
    assert after.down() == set()


@pytest.mark.parametrize(("away", "held"), [(0.0, True), (30.0, True), (30.1, False), (-5, False)])
def test_it_is_distrusted_with_age(away: float, held: bool) -> None:
    before = stage(passive="{window: 30s, hold: 20s}")
    take_out(before)
    after = restarted(kept(before), away, passive="{window: 30s, hold: 20s}")
    assert after.down() == ({FIRST} if held else set())


def test_what_is_out_of_bounds_by_now_is_not_held() -> None:
    before = stage()
    take_out(before)
    assert restarted(kept(before), 1.0, regions=1, each=1).down() == set()
    assert restarted(kept(before), 1.0, passive="{most: 10%}").down() == set()


def test_one_that_fails_again_after_a_restart_stays_out_longer() -> None:
    before = stage(passive="{window: 10s, hold: 20s}")
    take_out(before)
    after = restarted(kept(before), 1.0, passive="{window: 10s, hold: 20s}")
    after.step(30.0)
    assert after.down() == set()
    take_out(after)
    assert after.reports.held[after.target(FIRST)].until == after.now + 40.0


def feeds(folder: Path) -> Feeds:
    well = Report(Verdict(State.UP, "probed up", 1.0), successes=5, probes=5)
    return Feeds(
        lambda target: well,
        lambda: silent,
        lambda target, before, after: None,
        lambda: START,
        lambda: 1000.0,
        holds=HoldStore(folder),
    )


async def test_a_start_that_fails_forgets_nothing(tmp_path: Path) -> None:
    before = stage()
    take_out(before)
    HoldStore(tmp_path).save(START, before.reports.kept(before.now))
    failed = feeds(tmp_path)
    await failed.open()
    await failed.close()
    good = feeds(tmp_path)
    await good.open()
    good.serve(before.known)
    good.recall()
    assert [target.address for target in good.reports.held] == [FIRST]
    await good.save_holds_if_due()
    await good.close()
    saved = HoldStore(tmp_path).load(START).value
    assert saved is not None
    assert len(saved.holds) == 1


async def test_a_damaged_file_is_set_aside(tmp_path: Path) -> None:
    for name in ("reports.json", "reports.json.previous"):
        (tmp_path / name).write_text("{")
    one = feeds(tmp_path)
    await one.open()
    assert len(list(tmp_path.glob("reports.json*.damaged-*"))) == 2


@given(st.binary(max_size=400))
def test_other_octets_are_damage(octets: bytes) -> None:
    with pytest.raises(Damaged):
        from_bytes(octets)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["version", "at", "holds", "key", "reason", "until"]), inner
            )
        ),
    )
)
def test_whatever_json_it_is_it_is_holds_or_damage(value: object) -> None:
    try:
        from_bytes(json.dumps(value).encode())
    except Damaged:
        return


def test_what_is_written_is_read() -> None:
    one = KeptHold(key="k", rules="r", reason="why", since=1.0, until=2.0, times=3)
    assert from_bytes(to_bytes(5.0, [one])) == KeptHolds(5.0, (one,))
