"""A drill as it happens: look, force down, watch, take back, watch the return; and whatever
happens in between, take back.

The override has an expiry a little after its end, so that even a command that is killed leaves
nothing behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from gtm.api.models import OverrideAdded, OverrideRemoved, Overrides, RegionLoad, Status
from gtm.cli.client import Client
from gtm.cli.drillscene import Sampled, Scene, by_service
from gtm.cli.stopping import told_to_stop
from gtm.drill import Candidate, Marks, Probe, Reading, Seen, choose, read
from gtm.drill.asking import Asker, asking, question
from gtm.drill.course import Failure
from gtm.errors import GtmError, ServerError

BEFORE = 3.0  # seconds of answers before the act, to compare with
MARGIN = 5.0  # seconds after its end at which the override expires if nobody took it back
RETURN = 90.0  # seconds at most that the way back is watched: a ramp is 30 s if nothing is said
AFTER = 3.0  # seconds that are watched once everybody is back
ROUND = 0.2  # seconds in which each client asks once
AT_ONCE = 64  # questions on their way while clients are chosen
KEPT = 10_000  # answers that were read, to be known again
RESTORE_TRIES, RESTORE_PAUSE = 5, 1.0  # seconds


class Stage(StrEnum):
    """How far a drill is."""

    CHOOSING = "choosing clients"
    BEFORE = "before"
    DOWN = "down"
    RETURN = "return"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be done: the override's words, and for how many seconds."""

    scene: Scene
    duration: float
    reason: str
    author: str
    force: bool

    def body(self, *, rehearsal: bool = False) -> dict[str, object]:
        """As the API takes it. The same words as `gtm force down`."""
        return {
            "act": "down",
            "target": self.scene.scope.target,
            "reason": self.reason,
            "author": self.author,
            "seconds": self.duration + MARGIN,
            "force": self.force,
            "rehearsal": rehearsal,
        }


@dataclass(slots=True)
class Course:
    """All that is known so far, for whoever looks on. Times of `seen` are as in Marks."""

    stage: Stage = Stage.CHOOSING
    probes: tuple[Probe, ...] = ()
    seen: list[Seen] = field(default_factory=list)
    act: float = 0.0  # the clock at the act; until then when it is to be
    began: float = 0.0
    held: float | None = None
    undone: float | None = None
    restored: float | None = None
    ended: float = 0.0
    added: OverrideAdded | None = None
    cut_short: str | None = None
    loads: dict[str, list[RegionLoad]] = field(default_factory=dict)

    def marks(self) -> Marks:
        """When things were done, once it is over."""
        return Marks(self.began, self.held or 0.0, self.undone, self.restored, self.ended)


class Drill:
    """One drill of one server. `watch` is called several times a second with what is known."""

    def __init__(
        self, there: Client, order: Order, watch: Callable[[Course], None] = lambda course: None
    ) -> None:
        """Nothing is done yet."""
        self._there = there
        self._order = order
        self._watch = watch
        self._services = by_service(order.scene.sampled)
        self._readings: dict[tuple[str, bytes], Reading] = {}
        self.course = Course()

    async def run(self, server: tuple[str, int], networks: dict[str, str]) -> Course:
        """All of it. Raises ServerError where it can't begin, or can't be taken back.

        Ctrl-C, SIGTERM and SIGHUP end it early: it is taken back, and what was seen is kept.
        """
        course = self.course
        async with asking(*server, len(networks)) as asker:
            with told_to_stop() as stop:
                await self._choose(asker, networks)
                course.act = time.monotonic() + BEFORE
                places = {network: at for at, network in enumerate(networks)}
                async with self._sampling(asker, places):
                    course.stage, course.began = Stage.BEFORE, -BEFORE
                    await self._loaded("before")
                    if not await self._pause(stop, course.act - time.monotonic()):
                        raise ServerError("the drill was stopped before anything was done")
                    await self._act(stop)
                    await self._watch_return(stop)
                course.ended = self._now()
                course.stage = Stage.OVER
        return course

    def _now(self) -> float:
        return time.monotonic() - self.course.act

    # --- whom to look at --------------------------------------------------------------

    async def _choose(self, asker: Asker, networks: dict[str, str]) -> None:
        """Asks everything once, and keeps clients that must move and clients that must not."""
        gate = asyncio.Semaphore(AT_ONCE)

        async def one(at: int, network: str, place: str, service: str) -> Candidate:
            sampled = self._services[service]
            async with gate:
                answer = await asker.ask(at, question(service, sampled.rrtype, network))
            found = read(answer or b"", sampled.regions)
            return Candidate(service, sampled.rrtype, network, place, found.regions)

        asked = [
            one(at, network, place, service)
            for service in self._services
            for at, (network, place) in enumerate(networks.items())
        ]
        candidates = await asyncio.gather(*asked)
        if not any(one.regions for one in candidates):
            raise ServerError(
                "cannot drill: no answer to any client names a region; is DNS answered there? "
                "say where with --server ADDR:PORT"
            )
        lots = await asyncio.to_thread(self._lots, list(networks))
        region = self._order.scene.scope.region
        with_lots = [_with_lot(one, one.service in lots) for one in candidates]
        self.course.probes = choose(with_lots, region)
        if not any(probe.leaves for probe in self.course.probes):
            raise ServerError(
                f"cannot drill {region}: none of {len(networks)} clients is sent there now; "
                "name some that are with --client NETWORK"
            )

    def _lots(self, networks: Sequence[str]) -> set[str]:
        """Services whose clients are dealt out by lot."""
        from gtm.api.models import ExplanationShape

        found = set()
        for service, sampled in self._services.items():
            query = {
                "name": service,
                "type": sampled.rrtype,
                "client": networks[0].partition("/")[0],
            }
            steering = self._there.get("/v1/explain", ExplanationShape, query).steering
            if steering is not None and steering.pick in ("draw", "random"):
                found.add(service)
        return found

    # --- asking all the time ----------------------------------------------------------

    @contextlib.asynccontextmanager
    async def _sampling(self, asker: Asker, places: dict[str, int]) -> AsyncIterator[None]:
        questions = [
            (places[one.network], question(one.service, one.rrtype, one.network))
            for one in self.course.probes
        ]
        asking_all = asyncio.create_task(self._ask_all(asker, questions))
        try:
            yield
        finally:
            asking_all.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asking_all

    async def _ask_all(self, asker: Asker, questions: Sequence[tuple[int, bytes]]) -> None:
        """Every client once a round, evenly over it."""
        gap = ROUND / len(questions)
        due = time.monotonic()
        async with asyncio.TaskGroup() as going:
            while True:
                for number, (client, query) in enumerate(questions):
                    going.create_task(self._ask(asker, number, client, query))
                    due += gap
                    behind = due - time.monotonic()
                    await asyncio.sleep(max(0.0, behind))
                    if behind < -1.0:  # a machine that stood still is not made up for
                        due = time.monotonic()
                self._watch(self.course)

    async def _ask(self, asker: Asker, number: int, client: int, query: bytes) -> None:
        started = time.monotonic()
        try:
            answer = await asker.ask(client, query)
        except OSError:  # a network that is gone for a moment must not end a drill
            answer = None
        took = time.monotonic() - started
        at, sampled = started - self.course.act, self._services[self.course.probes[number].service]
        if answer is None:
            seen = Seen(at, number, frozenset(), Failure.SILENCE, took)
        else:
            found = self._read(sampled, answer)
            seen = Seen(at, number, found.regions, found.failure, took, found.ttl)
        self.course.seen.append(seen)

    def _read(self, sampled: Sampled, answer: bytes) -> Reading:
        """As `read`; answers come again and again, so those that were read are kept."""
        key = sampled.service, answer[2:]
        if (found := self._readings.get(key)) is None:
            if len(self._readings) >= KEPT:
                self._readings.clear()
            found = self._readings[key] = read(answer, sampled.regions)
        return found

    # --- the act, and its end ---------------------------------------------------------

    async def _act(self, stop: asyncio.Event) -> None:
        """Forces it down for the duration, and takes it back whatever happens."""
        course, body = self.course, self._order.body()
        before = course.act
        course.act = time.monotonic()
        course.began -= course.act - before
        course.seen[:] = [_shifted(one, before - course.act) for one in course.seen]
        try:
            course.added = await asyncio.to_thread(
                self._there.act, "POST", "/v1/overrides", OverrideAdded, None, body
            )
            course.held, course.stage = self._now(), Stage.DOWN
            if not await self._pause(stop, self._order.duration - self._now()):
                course.cut_short = f"stopped after {self._now():.0f} s"
            await self._loaded("during")
        finally:
            await self._restore()

    async def _restore(self) -> None:
        """Takes the override back; what was never put in force, or is gone already, is well."""
        course = self.course
        course.undone = self._now()
        for left in reversed(range(RESTORE_TRIES)):
            try:
                await asyncio.to_thread(self._take_back)
            except GtmError as error:
                if not left:
                    raise ServerError(_left_behind(self._order, course, error)) from error
                await asyncio.sleep(RESTORE_PAUSE)
            else:
                break
        course.restored, course.stage = self._now(), Stage.RETURN

    def _take_back(self) -> None:
        number = self._number()
        if number is None:
            return  # somebody else took it back, or its time was over
        query = {"number": str(number), "by": self._order.author}
        self._there.act("DELETE", "/v1/overrides", OverrideRemoved, query)

    def _number(self) -> int | None:
        """The override's number, if it is in force: also where its answer was lost."""
        listed = self._there.get("/v1/overrides", Overrides).overrides
        if self.course.added is not None:
            number = self.course.added.override.number
            return number if any(one.number == number for one in listed) else None
        mine = self._order
        for one in listed:
            if (one.target, one.reason, one.author) == (
                mine.scene.scope.target,
                mine.reason,
                mine.author,
            ):
                return one.number
        return None

    async def _watch_return(self, stop: asyncio.Event) -> None:
        """Until every client that left is back for some seconds, or long enough."""
        course = self.course
        if course.cut_short is not None:
            stop.clear()  # a second Ctrl-C ends the watching, too
        limit, since = self._now() + RETURN, None
        while self._now() < limit:
            if not await self._pause(stop, ROUND):
                course.cut_short = course.cut_short or "stopped while the return was watched"
                break
            if not self._all_back():
                since = None
            elif since is None:
                since = self._now()
            elif self._now() - since >= AFTER:
                break
        await self._loaded("after")

    def _all_back(self) -> bool:
        """Whether the latest answer to each client that left names the region again."""
        course, region = self.course, self._order.scene.scope.region
        latest = {one.probe: one for one in course.seen[-4 * len(course.probes) :]}
        fixed = [at for at, one in enumerate(course.probes) if one.leaves and not one.drawn]
        if not fixed:
            return any(region in one.regions for one in latest.values())
        return all(at in latest and region in latest[at].regions for at in fixed)

    async def _loaded(self, when: str) -> None:
        """Notes what regions carry; a drill goes on without."""
        with contextlib.suppress(GtmError):
            status = await asyncio.to_thread(self._there.get, "/v1/status", Status)
            self.course.loads[when] = status.loads

    async def _pause(self, stop: asyncio.Event, seconds: float) -> bool:
        """Waits; False if it was told to stop."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, seconds)):
                await stop.wait()
        return not stop.is_set()


def _with_lot(one: Candidate, drawn: bool) -> Candidate:
    return Candidate(one.service, one.rrtype, one.network, one.place, one.regions, drawn)


def _shifted(one: Seen, by: float) -> Seen:
    return Seen(one.at + by, one.probe, one.regions, one.failure, one.took, one.ttl)


def _left_behind(order: Order, course: Course, error: GtmError) -> str:
    if course.added is None:
        return f"cannot tell whether {order.scene.scope.target} is forced down: {error}"
    return (
        f"cannot take {order.scene.scope.target} back: {error}; it ends by itself "
        f"{order.duration + MARGIN:.0f} s after it began, or with "
        f"gtm undrain {course.added.override.number}"
    )
