"""The controller with a plane and a checker that only remember."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable, Collection
from ipaddress import ip_address
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gtm.checks import Target
from gtm.control.controller import Controller
from gtm.control.sources import Sources
from gtm.dns.conduct import Conduct
from gtm.errors import GeoError, ZoneFileError
from gtm.health import Checker, Pace, Report
from gtm.health.listeners import Listeners
from gtm.health.pace import Smoothed
from gtm.health.told import Census
from gtm.model import State, Verdict
from gtm.planes.back import NOBODY, Peers
from gtm.planes.stats import Kinds, SocketStats, Sums
from gtm.querylog import Tap
from gtm.snapshot import Snapshot
from tests.worlds import SAMPLE

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: [39, -77]}, eu: {location: IE}}
checks: {up: {type: tcp, port: 80}}
apps:
  shop:
    topology: replicated
    check: up
    services: {orders: {us: [192.0.2.1], eu: [198.51.100.1]}}
"""


class RememberingPlane:
    name = "remembering"
    stats: tuple[SocketStats, ...] = ()
    peers: Peers = NOBODY

    def __init__(self) -> None:
        self.published: list[Snapshot] = []
        self.prepared: list[tuple[Snapshot, threading.Thread]] = []
        self.meanwhile: Callable[[], None] = lambda: None  # what happens while one is read

    def summed(self, kinds: Kinds) -> Sums:
        return Sums.none(kinds.count)

    def prepare(self, snapshot: Snapshot) -> None:
        self.prepared.append((snapshot, threading.current_thread()))
        self.meanwhile()

    def publish(self, snapshot: Snapshot) -> None:
        self.published.append(snapshot)

    def count(self) -> None: ...

    def behave(self, conduct: Conduct) -> None: ...

    def limited(self) -> list[tuple[str, int, int]]:
        return []

    def tap(self, tap: Tap) -> None: ...

    retired = False

    def alive(self) -> bool:
        return True

    def retire(self) -> None: ...

    def stop(self) -> None: ...


class ToldChecker(Checker):
    """Believes what it is told, and tells the controller."""

    def __init__(self, on_change: Callable[[Target, Verdict, Verdict], None]) -> None:
        self.tell = on_change
        self._listeners = Listeners(on_change, lambda target, outcome: None)
        self.states: dict[str, State] = {}
        self.seconds: dict[str, float] = {}
        self.targets: frozenset[Target] = frozenset()
        self.frozen = None

    @property
    def ending(self) -> Collection[Target]:
        return ()

    def census(self) -> Census:
        return Census(len(self.targets), 0, 0, 0, 0, 0)

    def retarget(self, targets: Collection[Target]) -> None:
        self.targets = frozenset(targets)

    async def first_round(self, limit: float) -> bool:
        return True

    def verdict(self, target: Target) -> Verdict:
        state = self.states.get(target.address, State.UP)
        return Verdict(state, f"told {state.value}", 1.0)

    def report(self, target: Target) -> Report:
        return Report(self.verdict(target))

    def probed_as(self, target: Target) -> Target | None:
        return target if target in self.targets else None

    def pace(self, target: Target) -> Pace:
        seconds = self.seconds.get(target.address)
        return Pace() if seconds is None else Pace(Smoothed(seconds, 1.0), Smoothed(seconds, 1.0))

    def change(self, address: str, state: State) -> None:
        for target in self.targets:
            if target.address == address:
                before = self.verdict(target)
                self.states[address] = state
                self.tell(target, before, self.verdict(target))


class Stage:
    """A controller in its folder."""

    def __init__(self, folder: Path) -> None:
        self.zones = folder / "zones"
        self.zones.mkdir()
        self.geo = folder / "geo.mmdb"
        shutil.copy(SAMPLE, self.geo)
        self.write(ZONE)
        self.plane = RememberingPlane()
        self.checkers: list[ToldChecker] = []
        self.clock = 100.0
        self.controller = Controller(
            Sources(self.zones, (self.geo,)),
            self.plane,
            self._checker,
            now=lambda: 1000.0,
            clock=lambda: self.clock,
        )

    def _checker(self, on_change: Callable[[Target, Verdict, Verdict], None]) -> Checker:
        self.checkers.append(ToldChecker(on_change))
        return self.checkers[-1]

    @property
    def checker(self) -> ToldChecker:
        return self.checkers[-1]

    @property
    def latest(self) -> Snapshot:
        return self.plane.published[-1]

    def write(self, text: str, name: str = "gtm.yaml") -> None:
        (self.zones / name).write_text(text, encoding="utf-8")


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def test_it_publishes_once_the_first_round_is_done(stage: Stage) -> None:
    await stage.controller.start()
    assert stage.controller.ready
    assert [snapshot.epoch for snapshot in stage.plane.published] == [1]
    assert {target.address for target in stage.checker.targets} == {"192.0.2.1", "198.51.100.1"}


async def test_what_a_load_compiled_is_read_by_the_plane_beside_the_control_loop(
    stage: Stage,
) -> None:
    await stage.controller.start()
    stage.checker.change("192.0.2.1", State.DOWN)
    await asyncio.sleep(0)
    await stage.controller.loader.load()
    assert len(stage.plane.prepared) == 2, "once for each load, and not for a verdict"
    for snapshot, thread in stage.plane.prepared:
        assert thread is not threading.current_thread()
        assert any(snapshot.nodes is each.nodes for each in stage.plane.published)


async def test_a_verdict_that_changes_while_the_first_load_compiles_counts(stage: Stage) -> None:
    stage.plane.meanwhile = lambda: stage.checker.change("192.0.2.1", State.DOWN)
    await stage.controller.start()
    app = stage.controller.compiled.apps["gtm.example.com.", "shop"]
    assert State.DOWN in {verdict.state for verdict in app.health.regions.values()}


async def test_a_verdict_change_is_published_in_the_same_turn_of_the_loop(stage: Stage) -> None:
    await stage.controller.start()
    stage.checker.change("192.0.2.1", State.DOWN)
    stage.checker.change("198.51.100.1", State.DOWN)
    await asyncio.sleep(0)
    assert [snapshot.epoch for snapshot in stage.plane.published] == [1, 2], "both in one"
    app = stage.controller.compiled.apps["gtm.example.com.", "shop"]
    assert {verdict.state for verdict in app.health.regions.values()} == {State.DOWN}


async def test_a_transition_is_logged_once_with_its_reason(stage: Stage) -> None:
    await stage.controller.start()
    with capture_logs() as logs:
        stage.checker.change("192.0.2.1", State.DOWN)
        await asyncio.sleep(0)
    assert [(log["event"], log["log_level"]) for log in logs] == [
        ("endpoint_down", "warning"),
        ("region_down", "warning"),
    ]
    assert logs[0]["reason"] == "told down"
    assert logs[1]["region"] == "us"


async def test_a_good_file_replaces_the_old_one(stage: Stage) -> None:
    await stage.controller.start()
    stage.write(ZONE.replace("198.51.100.1", "198.51.100.2"))
    result = await stage.controller.loader.load()
    assert result.error is None
    assert stage.latest.epoch == 2
    assert {target.address for target in stage.checker.targets} == {"192.0.2.1", "198.51.100.2"}


async def test_a_bad_file_changes_nothing_and_says_all_of_it(stage: Stage) -> None:
    await stage.controller.start()
    targets = stage.checker.targets
    stage.write(ZONE.replace("location: IE", "locaton: IE").replace("192.0.2.1", "nonsense"))
    with capture_logs() as logs:
        result = await stage.controller.loader.load()
    assert len(result.mistakes) >= 2
    assert [snapshot.epoch for snapshot in stage.plane.published] == [1]
    assert stage.checker.targets == targets
    assert stage.controller.loader.counts.failed == 1
    assert logs[0]["event"] == "load_failed"
    assert [log["event"] for log in logs[1:]] == ["zone_file"] * len(result.mistakes)


async def test_a_good_file_after_a_bad_one_heals(stage: Stage) -> None:
    await stage.controller.start()
    stage.write("zone: [")
    await stage.controller.loader.load()
    stage.write(ZONE)
    assert (await stage.controller.loader.load()).error is None
    assert stage.controller.loader.last is not None
    assert stage.controller.loader.last.error is None


async def test_zones_that_are_wrong_at_the_start_are_an_error(stage: Stage) -> None:
    stage.write("zone: [")
    with pytest.raises(ZoneFileError):
        await stage.controller.start()
    assert not stage.controller.ready


async def test_a_database_that_is_broken_at_the_start_is_an_error_that_names_it(
    stage: Stage,
) -> None:
    stage.geo.write_bytes(b"this is no database")
    with pytest.raises(GeoError, match=r"cannot open .*geo\.mmdb"):
        await stage.controller.start()


async def test_a_database_replaced_by_a_broken_one_is_kept_in_use(stage: Stage) -> None:
    await stage.controller.start()
    geo = stage.controller.compiled.geo
    broken = stage.geo.with_suffix(".new")
    broken.write_bytes(b"this is no database")
    broken.replace(stage.geo)
    with capture_logs() as logs:
        await stage.controller.loader.load_if_changed()
    assert stage.controller.compiled.geo is geo
    assert "geo_database_kept" in [log["event"] for log in logs]


async def test_a_database_that_is_replaced_is_opened_again(stage: Stage) -> None:
    await stage.controller.start()
    geo = stage.controller.compiled.geo
    again = stage.geo.with_suffix(".new")
    shutil.copy(SAMPLE, again)
    again.replace(stage.geo)
    await stage.controller.loader.load_if_changed()
    assert stage.controller.compiled.geo is not geo
    assert stage.latest.epoch == 2


async def test_nothing_is_loaded_while_no_file_changes(stage: Stage) -> None:
    await stage.controller.start()
    await stage.controller.loader.load_if_changed()
    assert [snapshot.epoch for snapshot in stage.plane.published] == [1]


async def test_a_configmap_style_swap_of_a_symlink_is_seen(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    (stage.zones / "gtm.yaml").unlink()
    for version, text in (("1", ZONE), ("2", ZONE.replace("198.51.100.1", "198.51.100.9"))):
        (stage.zones / f"..{version}").mkdir()
        (stage.zones / f"..{version}" / "gtm.yaml").write_text(text, encoding="utf-8")
    (stage.zones / "..data").symlink_to("..1")
    (stage.zones / "gtm.yaml").symlink_to("..data/gtm.yaml")
    await stage.controller.start()
    (stage.zones / "..data_tmp").symlink_to("..2")
    (stage.zones / "..data_tmp").replace(stage.zones / "..data")
    await stage.controller.loader.load_if_changed()
    assert "198.51.100.9" in {target.address for target in stage.checker.targets}


async def test_verdicts_that_change_during_a_load_are_not_lost(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.controller.start()
    compile_all = stage.controller.writer._compile

    def compiling(*arguments: object) -> object:
        made = compile_all(*arguments)  # type: ignore[arg-type]
        loop.call_soon_threadsafe(stage.checker.change, "192.0.2.1", State.DOWN)
        return made

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(stage.controller.writer, "_compile", compiling)
    await stage.controller.loader.load()
    await asyncio.sleep(0)
    app = stage.controller.compiled.apps["gtm.example.com.", "shop"]
    assert app.health.regions["us"].state is State.DOWN


async def test_verdicts_may_change_during_the_first_load_and_that_of_a_new_app(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    compile_all, states = stage.controller.writer._compile, [State.DOWN, State.UP]

    def compiling(*arguments: object) -> object:
        made = compile_all(*arguments)  # type: ignore[arg-type]
        loop.call_soon_threadsafe(stage.checker.change, "192.0.2.1", states.pop(0))
        return made

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(stage.controller.writer, "_compile", compiling)
    await stage.controller.start()
    app = stage.controller.compiled.apps["gtm.example.com.", "shop"]
    assert app.health.regions["us"].state is State.DOWN
    stage.write(ZONE.replace("  shop:", "  store:"))
    assert (await stage.controller.loader.load()).error is None
    app = stage.controller.compiled.apps["gtm.example.com.", "store"]
    assert app.health.regions["us"].state is State.UP


async def test_an_old_database_is_warned_of_once(stage: Stage) -> None:
    stage.controller.reader._now = lambda: 1e11
    with capture_logs() as logs:
        await stage.controller.start()
        await stage.controller.loader.load()
    assert [log["event"] for log in logs].count("geo_database_old") == 1


async def test_loads_asked_for_while_one_runs_are_one_load_after_it(stage: Stage) -> None:
    await stage.controller.start()
    running = asyncio.create_task(stage.controller.loader.load())
    await asyncio.sleep(0)
    await asyncio.gather(running, *(stage.controller.loader.load() for _ in range(20)))
    assert stage.controller.loader.counts.succeeded == 3, (
        "the start, the one that ran, the one after it"
    )


async def test_a_fault_of_ours_in_a_load_is_counted_and_said_and_the_next_one_is_good(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.controller.start()
    with monkeypatch.context() as broken:
        broken.setattr(stage.controller.writer, "_compile", lambda *_: 1 / 0)
        with capture_logs() as logs:
            result = await stage.controller.loader.load()
    assert result.error is not None
    assert "ZeroDivisionError" in result.error
    assert [log["event"] for log in logs] == ["load_failed_internally", "load_failed"]
    assert (await stage.controller.loader.load()).error is None


async def test_a_load_that_finds_no_memory_changes_nothing_and_says_what_to_do(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.controller.start()

    def too_much(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr(stage.controller.writer, "_compile", too_much)
    before = stage.controller.compiled
    found = await stage.controller.loader.load()
    assert found.error is not None
    assert found.error.startswith("cannot load: there is not enough memory")
    assert "MemoryMax=" in found.error
    assert stage.controller.compiled is before


async def test_a_reload_takes_over_the_area_tables_that_nothing_changed(stage: Stage) -> None:
    await stage.controller.start()
    before = stage.controller.compiled.groups[0].decider
    stage.write(ZONE.replace("198.51.100.1", "198.51.100.2"))
    await stage.controller.loader.load()
    assert stage.controller.compiled.groups[0].decider is before
    stage.write(ZONE.replace("location: IE", "location: DE"))
    await stage.controller.loader.load()
    assert stage.controller.compiled.groups[0].decider is not before


async def test_what_is_new_is_probed_before_it_is_answered(stage: Stage) -> None:
    await stage.controller.start()
    rounds: list[int] = []

    async def first_round(limit: float) -> bool:
        rounds.append(len(stage.plane.published))
        return True

    stage.checker.first_round = first_round  # type: ignore[method-assign]
    stage.write(ZONE.replace("198.51.100.1", "198.51.100.2"))
    await stage.controller.loader.load()
    assert rounds == [1], "while the old snapshot serves"


async def test_a_database_that_is_not_in_use_is_said_until_a_good_one_is(stage: Stage) -> None:
    await stage.controller.start()
    good = stage.geo.read_bytes()
    stage.geo.write_bytes(b"this is no database")
    await stage.controller.loader.load_if_changed()
    assert "cannot open" in (stage.controller.reader.geo_error or "")
    stage.geo.write_bytes(good)
    await stage.controller.loader.load_if_changed()
    assert stage.controller.reader.geo_error is None


async def test_a_region_that_comes_back_ramps_by_the_controllers_own_timer(stage: Stage) -> None:
    now = [1000.0]
    stage.controller.now = stage.controller.writer._now = lambda: now[0]
    await stage.controller.start()
    assert stage.controller.writer._ramp_timer is None
    for state in (State.DOWN, State.UP):
        stage.checker.change("198.51.100.1", state)
        await asyncio.sleep(0)
    taken = stage.controller.compiled.groups[0].fractions
    assert taken is not None
    assert min(taken) == 0.1
    timer = stage.controller.writer._ramp_timer
    assert timer is not None
    assert timer.when() - asyncio.get_running_loop().time() <= 30 / 9
    now[0] += 30
    stage.controller.writer._ramp()
    assert stage.controller.compiled.groups[0].fractions is None
    assert stage.controller.writer._ramp_timer is None


# --- measurements -----------------------------------------------------------------------

SPEEDY = ZONE.replace("{type: tcp, port: 80}", "{type: http}").replace(
    "check: up", "check: up\n    steering: {latency_weight: 1}"
)
DUBLIN = int(ip_address("198.51.100.1"))


def region_of(snapshot: Snapshot, client: int) -> str:
    """The region that a client is steered to."""
    steered = next(node.steered for node in snapshot.nodes.values() if node.steered)
    plan = snapshot.plans[steered.group][steered.areas.find(32, client) >> 8]
    return steered.regions[plan.slots[0]]


async def measured(stage: Stage, **seconds: float) -> None:
    """A minute later, with these service times."""
    addresses = {"us": "192.0.2.1", "eu": "198.51.100.1"}
    stage.checker.seconds.update({addresses[name]: value for name, value in seconds.items()})
    stage.clock += 60.0
    await stage.controller.follow_measurements()


async def test_a_region_that_becomes_slow_loses_its_clients_and_gets_them_back(
    stage: Stage,
) -> None:
    stage.write(SPEEDY)
    await stage.controller.start()
    await measured(stage, us=0.010, eu=0.010)
    assert region_of(stage.latest, DUBLIN) == "eu"
    with capture_logs() as logs:
        await measured(stage, eu=0.500)
    assert region_of(stage.latest, DUBLIN) == "us"
    assert [log["event"] for log in logs] == ["service_time"]
    await measured(stage, eu=0.010)
    assert region_of(stage.latest, DUBLIN) == "eu"


async def test_less_than_a_tenth_publishes_nothing(stage: Stage) -> None:
    stage.write(SPEEDY)
    await stage.controller.start()
    await measured(stage, us=0.100, eu=0.100)
    published = list(stage.plane.published)
    await measured(stage, us=0.109, eu=0.091)
    await measured(stage, us=0.091, eu=0.109)
    assert stage.plane.published == published


async def test_verdicts_that_change_while_it_compiles_are_in_what_is_published(
    stage: Stage,
) -> None:
    stage.write(SPEEDY)
    await stage.controller.start()
    stage.checker.seconds = {"192.0.2.1": 0.01, "198.51.100.1": 0.01}
    task = asyncio.create_task(stage.controller.follow_measurements())
    await asyncio.sleep(0)
    stage.checker.change("198.51.100.1", State.DOWN)
    await task
    await asyncio.sleep(0)
    app = stage.controller.compiled.apps["gtm.example.com.", "shop"]
    assert app.health.regions["eu"].state is State.DOWN
    assert region_of(stage.latest, DUBLIN) == "us"


async def test_a_load_waits_for_measurements_that_are_taken_in(stage: Stage) -> None:
    stage.write(SPEEDY)
    await stage.controller.start()
    stage.checker.seconds = {"192.0.2.1": 0.01, "198.51.100.1": 0.9}
    taken_in = asyncio.create_task(stage.controller.follow_measurements())
    stage.write(SPEEDY.replace("198.51.100.1", "198.51.100.2"))
    result = await stage.controller.loader.load()
    await taken_in
    assert result.error is None
    assert {target.address for target in stage.checker.targets} == {"192.0.2.1", "198.51.100.2"}
    epochs = [snapshot.epoch for snapshot in stage.plane.published]
    assert epochs == sorted(set(epochs))
    zones = {zone.name: zone for zone in stage.controller.compiled.zones}
    (service,) = zones["gtm.example.com."].apps[0].services
    assert str(service.endpoints["eu"][0]) == "198.51.100.2"


async def test_the_regions_up_last_are_remembered_across_a_change_of_service_time(
    stage: Stage,
) -> None:
    stage.write(SPEEDY.replace("check: up", "check: up\n    when_all_down: last_good"))
    await stage.controller.start()
    stage.checker.change("192.0.2.1", State.DOWN)
    await asyncio.sleep(0)
    stage.checker.change("198.51.100.1", State.DOWN)
    await asyncio.sleep(0)
    assert region_of(stage.latest, int(ip_address("192.0.2.1"))) == "eu"
    await stage.controller.loader.load()
    assert region_of(stage.latest, int(ip_address("192.0.2.1"))) == "eu"


async def test_shares_by_response_time_are_rendered_anew_once_they_differ(stage: Stage) -> None:
    stage.write(
        ZONE.replace("us: [192.0.2.1]", "us: [192.0.2.1, 192.0.2.2]").replace(
            "check: up", "check: up\n    balance: ewma"
        )
    )
    await stage.controller.start()
    stage.checker.seconds = {"192.0.2.1": 0.03, "192.0.2.2": 0.01}
    await measured(stage)
    starts = starts_of(stage)
    assert starts.count(1) == 3 * starts.count(0)
    areas = stage.controller.compiled.deciders
    published = list(stage.plane.published)
    stage.checker.seconds = {"192.0.2.1": 0.031, "192.0.2.2": 0.0102}
    await measured(stage)
    assert stage.plane.published == published
    stage.checker.seconds = {"192.0.2.1": 0.01, "192.0.2.2": 0.01}
    await measured(stage)
    assert starts_of(stage) == (0, 1)
    assert stage.controller.compiled.deciders is areas, "a refresh, not a compile"


def starts_of(stage: Stage) -> tuple[int, ...]:
    compiled = stage.controller.compiled
    service = compiled.apps["gtm.example.com.", "shop"].services["orders"]
    return compiled.snapshot.answers[service.steered.number][0][0].starts
