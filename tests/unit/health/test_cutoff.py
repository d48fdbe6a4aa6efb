"""A checker that is cut off is told from targets that fail, in simulated time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import Freeze
from gtm.health.cutoff import CutOff, Standing

INTERVAL = 5.0
Well = Callable[[str, float], bool]
"""Whether a target answers at a time."""


@dataclass
class World:
    """Targets `r<region>-<n>` probed in turn at their own moments of the interval."""

    regions: Mapping[str, int]
    rules: Freeze = field(default_factory=Freeze)
    canaries: tuple[str, ...] = ()
    seed: int = 1
    standings: list[tuple[float, Standing]] = field(default_factory=list)

    def __post_init__(self) -> None:
        names = [f"{name}-{n}" for name, count in self.regions.items() for n in range(count)]
        draw = Random(self.seed)
        self.phases = {name: draw.random() * INTERVAL for name in (*names, *self.canaries)}
        self.detector: CutOff[str] = CutOff(0.0, self.rules)
        self.detector.follow(
            {name: (name.split("-")[0],) for name in names},
            [INTERVAL] * len(names),
            dict.fromkeys(self.canaries, INTERVAL),
        )
        self.failed: dict[str, int] = dict.fromkeys(self.phases, 0)
        self.believed_down: set[str] = set()

    def run(self, rounds: range, well: Well) -> list[Standing]:
        """The standings that it went through; `well` says who answers."""
        before = len(self.standings)
        for number in rounds:
            for name, phase in sorted(self.phases.items(), key=lambda pair: pair[1]):
                self._probe(name, number * INTERVAL + phase, well)
        return [standing for _, standing in self.standings[before:]]

    def _probe(self, name: str, at: float, well: Well) -> None:
        ok = well(name, at)
        self.failed[name] = 0 if ok else self.failed[name] + 1
        if name in self.canaries:
            found = self.detector.heard_canary(name, ok, self.failed[name] >= 3, at)
        else:
            found = self.detector.heard(name, ok, at)
            if self.failed[name] >= 3 and not found.disbelieves:
                self.believed_down.add(name)
        last = self.standings[-1][1] if self.standings else Standing.CLEAR
        if found.standing is not last:
            self.standings.append((at, found.standing))


def always(_: str, __: float) -> bool:
    return True


def never(_: str, __: float) -> bool:
    return False


def all_but(*gone: str) -> Well:
    """Regions or targets that do not answer."""
    return lambda name, _: name not in gone and name.split("-")[0] not in gone


WORLDS = {
    "small": {"us": 2, "eu": 2},
    "usual": {"us": 10, "eu": 10, "ap": 10},
    "large": {"us": 300, "eu": 300, "ap": 300, "sa": 100},
}


@pytest.mark.parametrize("size", WORLDS)
@given(seed=st.integers(0, 1000))
def test_a_cut_off_checker_takes_nothing_down_and_thaws_by_itself(size: str, seed: int) -> None:
    world = World(WORLDS[size], seed=seed)
    world.run(range(3), always)
    assert world.run(range(3, 20), never)[-1] is Standing.FROZEN
    assert not world.believed_down
    assert world.run(range(20, 23), always) == [Standing.CLEAR]


@pytest.mark.parametrize("size", WORLDS)
@given(seed=st.integers(0, 1000))
def test_it_is_frozen_within_one_interval(size: str, seed: int) -> None:
    world = World(WORLDS[size], seed=seed)
    world.run(range(3), always)
    world.run(range(3, 4), never)
    assert world.standings[-1][1] is Standing.FROZEN


@given(seed=st.integers(0, 1000), gone=st.sampled_from(["us", "eu", "ap"]))
def test_a_region_that_fails_is_believed(seed: int, gone: str) -> None:
    world = World(WORLDS["usual"], seed=seed)
    world.run(range(3), always)
    world.run(range(3, 10), all_but(gone))
    assert {name.split("-")[0] for name in world.believed_down} == {gone}
    assert len(world.believed_down) == 10
    assert Standing.FROZEN not in [standing for _, standing in world.standings]


def test_two_of_three_regions_that_fail_together_are_believed() -> None:
    world = World(WORLDS["usual"])
    world.run(range(3), always)
    world.run(range(3, 10), all_but("us", "eu"))
    assert len(world.believed_down) == 20


@pytest.mark.parametrize(
    "regions", [{"us": 1, "eu": 1}, {"us": 3}, {"us": 2, "eu": 1}, {"us": 200}]
)
def test_too_few_targets_or_a_single_region_are_no_sign_of_a_cut_off(
    regions: Mapping[str, int],
) -> None:
    world = World(regions)
    world.run(range(3), always)
    assert world.run(range(3, 10), never) == []
    assert len(world.believed_down) == sum(regions.values())


def test_what_was_down_before_counts_neither_way() -> None:
    world = World({"us": 10, "eu": 10, "ap": 40})
    world.run(range(6), all_but("ap"))
    world.believed_down.clear()
    assert world.run(range(6, 12), never)[-1] is Standing.FROZEN
    assert not [name for name in world.believed_down if not name.startswith("ap")]
    assert world.run(range(12, 14), all_but("ap")) == [Standing.CLEAR]


def test_one_in_ten_may_go_on_answering() -> None:
    world = World({"here": 3, "us": 15, "eu": 15})
    world.run(range(3), always)
    world.run(range(3, 10), all_but("us", "eu"))
    assert world.standings[-1][1] is Standing.FROZEN


def test_a_true_outage_of_everything_is_believed_in_the_end() -> None:
    world = World(WORLDS["usual"], rules=Freeze(most=60.0))
    world.run(range(3), always)
    passed = world.run(range(3, 40), never)
    assert passed == [Standing.SUSPECTED, Standing.FROZEN, Standing.BELIEVED]
    frozen, believed = (at for at, _ in world.standings[1:])
    assert 60.0 <= believed - frozen < 60.0 + INTERVAL
    assert len(world.believed_down) == 30
    assert world.run(range(40, 44), all_but("us")) == [Standing.CLEAR]


def test_failures_one_after_another_over_minutes_are_no_cut_off() -> None:
    world = World({"us": 6, "eu": 6})
    world.run(range(3), always)
    order = list(world.phases)
    world.run(range(3, 60), lambda name, at: at < 20.0 + 15.0 * order.index(name))
    assert Standing.FROZEN not in [standing for _, standing in world.standings]
    assert len(world.believed_down) == 12


# --- canaries -----------------------------------------------------------------------------


def test_a_canary_that_answers_makes_failures_believed_at_once() -> None:
    world = World(WORLDS["usual"], canaries=("dns",))
    world.run(range(3), always)
    world.run(range(3, 10), lambda name, _: name == "dns")
    assert world.standings[-1][1] is Standing.BELIEVED
    assert len(world.believed_down) == 30


@pytest.mark.parametrize("regions", [{"us": 1, "eu": 1}, {"us": 3}])
def test_canaries_freeze_what_is_too_small_to_tell_by_itself(regions: Mapping[str, int]) -> None:
    world = World(regions, canaries=("dns", "ntp"))
    world.run(range(3), always)
    world.run(range(3, 20), never)
    assert world.standings[-1][1] is Standing.FROZEN
    assert not world.believed_down
    assert world.run(range(20, 23), always)[-1] is Standing.CLEAR


def test_a_canary_that_died_alone_freezes_nothing() -> None:
    world = World(WORLDS["usual"], canaries=("dns",))
    world.run(range(3), always)
    world.run(range(3, 20), all_but("dns", "us"))
    assert world.standings == []
    assert len(world.believed_down) == 10


# --- targets come and go ------------------------------------------------------------------


def test_targets_that_are_removed_while_frozen_are_not_waited_for() -> None:
    world = World({"us": 4, "eu": 16})
    world.run(range(3), always)
    world.run(range(3, 5), never)
    world.detector.follow({f"us-{n}": ("us",) for n in range(4)}, [INTERVAL] * 4)
    for n in range(2):
        world.detector.heard(f"us-{n}", True, 30.0)
    assert world.detector.finding.standing is Standing.CLEAR


def test_most_intervals_not_the_longest_decide_how_long_at_once_is() -> None:
    detector: CutOff[int] = CutOff(0.0, Freeze())
    detector.follow({n: (f"r{n % 2}",) for n in range(20)}, [5.0] * 19 + [600.0])
    for n in range(20):
        detector.heard(n, True, 1.0)
    for n in range(10):
        detector.heard(n, False, 2.0 + n)
    assert len(detector.lost()) == 6
    assert detector.finding.standing is Standing.CLEAR


@given(
    st.lists(
        st.tuples(st.integers(0, 7), st.booleans(), st.floats(0.0, 10.0), st.booleans()),
        max_size=200,
    )
)
def test_whatever_happens_disbelief_is_bounded_and_only_of_known_targets(
    events: list[tuple[int, bool, float, bool]],
) -> None:
    detector: CutOff[int] = CutOff(0.0, Freeze(most=30.0))
    detector.follow({n: (f"r{n % 3}",) for n in range(7)}, [5.0] * 7, {7: 5.0})
    now = disbelieved = 0.0
    for key, ok, gap, down in events:
        now += gap
        if key == 7:
            found = detector.heard_canary(key, ok, down and not ok, now)
        else:
            found = detector.heard(key, ok, now)
        disbelieved = disbelieved + gap if found.disbelieves else 0.0
        assert disbelieved <= 2 * 30.0 + 10.0
        assert set(detector.lost()) <= set(range(7))
