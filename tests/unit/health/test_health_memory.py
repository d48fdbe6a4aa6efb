"""What was learnt of targets survives a restart, and is distrusted with age."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import Target, Unknown
from gtm.durable import Damaged
from gtm.health.memory import Memory, recall
from gtm.health.memoryfile import HealthStore, from_bytes, to_bytes
from gtm.health.pace import Pace, Smoothed
from gtm.health.question import identity
from gtm.health.state import Flaps, Health
from gtm.model import State, Verdict
from tests.unit.health.checker_scene import A, B, Clock, Scene
from tests.unit.health.health_backends import altered
from tests.unit.health.virtual_time import run

moments = st.floats(0, 1e10)
counts = st.integers(0, 1000)
memories = st.builds(
    Memory,
    st.builds(
        Health,
        st.builds(
            Verdict,  # as probes alone make it: no word of an operator's, no reports
            *(st.sampled_from(State), st.text(max_size=100), moments),
            *(st.none(), st.none(), st.just(value=False)),
        ),
        *(counts, counts, counts),
        st.builds(
            Flaps,
            st.lists(moments, max_size=9).map(tuple),
            *(st.floats(0, 1e6), moments, st.integers(1, 99), counts),
        ),
    ),
    st.builds(Pace, *[st.builds(Smoothed, st.floats(0, 100), st.floats(0, 20))] * 2),
    moments,
)


@given(st.lists(memories, max_size=3))
def test_what_is_written_is_what_is_read(found: list[Memory]) -> None:
    kept = [(replace(A, address=f"192.0.2.{n}"), memory) for n, memory in enumerate(found)]
    assert from_bytes(to_bytes(kept)) == {identity(target): memory for target, memory in kept}


@given(memories, st.data())
def test_a_file_that_is_cut_short_or_changed_is_damaged_or_whole(
    memory: Memory, data: st.DataObject
) -> None:
    text = to_bytes([(A, memory), (B, memory)])
    cut = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(Damaged):
        from_bytes(text[:cut])
    flipped = bytearray(text)
    flipped[cut] ^= data.draw(st.integers(1, 255))
    try:
        assert len(from_bytes(bytes(flipped))) <= 2
    except Damaged as damage:
        assert str(damage)


@given(st.binary(max_size=200))
def test_junk_is_damaged(junk: bytes) -> None:
    with pytest.raises(Damaged):
        from_bytes(junk)


def test_targets_that_ask_the_same_have_one_identity_and_others_their_own() -> None:
    assert identity(replace(A, check=altered(A.check, fall=9, interval=1.0))) == identity(A)
    assert identity(replace(A, check=replace(A.check, port=81))) != identity(A)
    assert identity(B) != identity(A)
    assert identity(replace(A, server_name="orders.gtm.example.com")) != identity(A)


UP = Health(Verdict(State.UP, "HTTP 200", 900.0), successes=40)
PACED = Pace(Smoothed(0.04, 5.0), Smoothed(0.03, 5.0))


def test_a_fresh_memory_is_believed_and_says_that_it_is_one() -> None:
    found = recall(Memory(UP, PACED, 1000.0), A, 1020.0)
    assert found.trusted
    assert found.health.verdict == Verdict(State.UP, "as before the restart: HTTP 200", 900.0)
    assert found.health.successes == 40
    assert found.pace is PACED
    again = recall(Memory(found.health, PACED, 1000.0), A, 1020.0)
    assert again.health.verdict.reason == "as before the restart: HTTP 200"


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (1180.0, "not probed yet; was up 3 min ago, before the restart"),
        (1000.0 + 86400 * 5, "not probed yet; was up 5 days ago, before the restart"),
        (900.0, "not probed yet; was up by a clock that ran ahead, before the restart"),
    ],
)
def test_an_old_memory_is_kept_in_words_alone(now: float, words: str) -> None:
    found = recall(Memory(UP, PACED, 1000.0), A, now)
    assert not found.trusted
    assert found.health.verdict == Verdict(State.UNKNOWN, words, now)
    assert found.health.successes == 0


def test_how_fast_a_target_is_is_believed_for_longer_but_not_for_ever() -> None:
    assert recall(Memory(UP, PACED, 1000.0), A, 4000.0).pace is PACED
    assert recall(Memory(UP, PACED, 1000.0), A, 9000.0).pace.response_time is None


def test_a_restart_counts_on_where_the_last_run_ended(tmp_path: Path) -> None:
    def ill(probed: Target) -> bool:
        return probed != B

    async def first(clock: Clock) -> None:
        s = Scene(clock, lambda one: clock() < 1012 or ill(one))
        s.checker.retarget([A, B])
        await s.checker.first_round(1.0)
        await asyncio.sleep(16.0)
        assert s.checker.verdict(B).state is State.UP, "not yet"
        HealthStore(tmp_path).save(s.checker.memories())
        await s.checker.close()

    async def second(clock: Clock) -> None:
        s = Scene(lambda: clock() + 20, ill)
        kept = HealthStore(tmp_path).load(clock() + 20)
        assert kept.value is not None
        s.checker.recall(kept.value)
        s.checker.retarget([A, B])
        assert s.checker.verdict(A).state is State.UP
        assert s.checker.verdict(A).since < 1001
        assert s.checker.verdict(A).reason == "as before the restart: well"
        assert s.checker.pace(A).response_time is not None
        await s.checker.first_round(1.0)
        assert s.checker.verdict(A).reason == "well"
        assert s.checker.verdict(B).state is State.UP
        assert "of 3" in s.checker.verdict(B).reason
        await asyncio.sleep(12.0)
        assert s.checker.verdict(B).state is State.DOWN
        await s.checker.close()

    run(first)
    run(second)


def test_a_trusted_memory_that_no_probe_confirms_goes_stale() -> None:
    async def scene(clock: Clock) -> None:
        target = replace(A, check=altered(A.check, unknown=Unknown.DOWN))
        s = Scene(clock, lambda _: "this process has too many open files")
        s.checker.recall({identity(target): Memory(UP, PACED, clock() - 5)})
        s.checker.retarget([target])
        assert not await s.checker.first_round(1.0)
        assert s.checker.verdict(target).state is State.UP
        await asyncio.sleep(30.0)
        assert s.checker.verdict(target).state is State.UNKNOWN
        assert s.checker.verdict(target).down
        await s.checker.close()

    run(scene)


def test_a_damaged_file_falls_back_to_the_good_copy(tmp_path: Path) -> None:
    store = HealthStore(tmp_path)
    assert store.load(1.0).value is None
    store.save([(A, Memory(UP, PACED, 1000.0))])
    (tmp_path / "health.jsonl").write_bytes(b"{}")
    kept = store.load(2.0)
    assert kept.value is not None
    assert kept.trouble is not None
    assert "the good copy health.jsonl.previous is used" in kept.trouble
