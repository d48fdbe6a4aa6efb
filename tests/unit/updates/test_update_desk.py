"""Updates one after the other: kept before they are answered, published, bounded."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import structlog
from structlog.testing import capture_logs

from gtm.dns.types import Rcode
from gtm.updates import desk as desks
from gtm.updates.added import Added
from gtm.updates.desk import BURST, WAITING, Asked, UpdateDesk
from gtm.updates.journal import Journal
from tests.unit.updates.update_worlds import ZONE, name, request, text, update
from tests.worlds import eventually, read_zones

GRANTED = ZONE + (
    "tsig: {acme: {secret_env: ACME}}\n"
    "updates: {acme: {names: ['_acme-challenge.*', 'x*'], types: [TXT, A]}}\n"
)
TXT = 16


class Stage:
    """A desk with its folder; what it is told and answers, in order."""

    def __init__(self, folder: Path, *, kept: bool = True) -> None:
        self.folder = folder
        self.clock = 0.0
        self.happened: list[str] = []
        self.answers: list[Rcode] = []
        journal = Journal(folder) if kept else None
        self.desk = UpdateDesk(journal, self.publish, lambda: 1000.0, lambda: self.clock)
        self.desk.laid_over(read_zones({"a.yaml": GRANTED}))

    async def publish(self) -> None:
        on_disk = Journal(self.folder).load(1.0).added.get("gtm.example.", Added()).number
        self.happened.append(f"published {self.desk.number('gtm.example.')}, {on_disk} on disk")

    def ask(self, at: str, value: str, rrtype: str = "TXT") -> None:
        message = update()
        message.add(at, 60, rrtype, value)

        def answer(rcode: Rcode) -> None:
            self.happened.append(rcode.name)
            self.answers.append(rcode)

        self.desk.submit(Asked(request(message), "gtm.example.", "acme.", "192.0.2.1", answer))

    async def settle(self, count: int) -> list[Rcode]:
        """Deals with all of it, until there are so many answers."""
        task = asyncio.create_task(self.desk.run())
        await eventually(lambda: len(self.answers) >= count)
        task.cancel()
        return self.answers


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


async def test_an_update_is_on_disk_and_published_before_it_is_answered(stage: Stage) -> None:
    await stage.desk.open()
    stage.ask("x", "one")
    assert await stage.settle(1) == [Rcode.NOERROR]
    assert stage.happened == ["published 1, 1 on disk", "NOERROR"]
    assert stage.desk.counts == {("gtm.example.", "NOERROR"): 1}


async def test_those_that_wait_are_published_together_each_judged_by_those_before(
    stage: Stage,
) -> None:
    await stage.desk.open()
    for number in range(5):
        stage.ask("x", str(number))
    stage.ask("y", "no")
    stage.ask("x", "0")  # is there already: nothing changes
    answers = await stage.settle(7)
    assert answers == [*[Rcode.NOERROR] * 5, Rcode.REFUSED, Rcode.NOERROR]
    assert stage.happened[0] == "published 5, 5 on disk"
    found = stage.desk.standing("gtm.example.").added.sets[name("x"), TXT].data
    assert found == tuple(text(str(number)) for number in range(5))


async def test_what_changes_nothing_is_not_published(stage: Stage) -> None:
    await stage.desk.open()
    stage.ask("y", "no")
    assert await stage.settle(1) == [Rcode.REFUSED]
    assert stage.happened == ["REFUSED"]


async def test_after_a_restart_it_is_all_there(stage: Stage) -> None:
    await stage.desk.open()
    stage.ask("x", "one")
    await stage.settle(1)
    again = Stage(stage.folder)
    await again.desk.open()
    (zone,) = again.desk.laid_over(read_zones({"a.yaml": GRANTED}))
    assert any(each.name == "x.gtm.example." for each in zone.rrsets)
    assert again.desk.number("gtm.example.") == 1


async def test_what_the_disk_does_not_take_is_not_in_force(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.desk.open()

    def full(self: Journal, entries: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Journal, "append", full)
    stage.ask("x", "one")
    assert await stage.settle(1) == [Rcode.SERVFAIL]
    assert stage.desk.standing("gtm.example.").added == Added()


async def test_a_publication_that_takes_too_long_is_not_waited_for(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stage.desk.open()
    monkeypatch.setattr(desks, "PUBLISHED", 0.0)
    never = asyncio.Event()

    async def publish() -> None:
        await never.wait()

    stage.desk._publish = publish
    stage.ask("x", "one")
    assert await stage.settle(1) == [Rcode.NOERROR]
    never.set()


async def test_without_a_state_directory_updates_are_refused(tmp_path: Path) -> None:
    stage = Stage(tmp_path, kept=False)
    await stage.desk.open()
    stage.ask("x", "one")
    assert stage.answers == [Rcode.REFUSED]


async def test_one_key_is_bounded_and_the_queue_too(stage: Stage) -> None:
    await stage.desk.open()
    for number in range(BURST + 10):
        stage.ask("x", str(number))
    assert stage.answers == [Rcode.REFUSED] * 10
    stage.clock += 1000.0
    for number in range(WAITING):
        stage.ask("x", str(number))
    assert stage.answers.count(Rcode.SERVFAIL) == BURST + BURST - WAITING
    assert stage.answers.count(Rcode.REFUSED) == 10 + WAITING - BURST


async def test_an_operator_takes_records_out_again(stage: Stage) -> None:
    await stage.desk.open()
    stage.ask("x", "one")
    await stage.settle(1)
    assert await stage.desk.remove("gtm.example.", [(name("x"), TXT), (name("y"), TXT)], "me") == 1
    assert stage.desk.standing("gtm.example.").added.sets == {}
    assert stage.happened[-1] == "published 2, 2 on disk"


async def test_the_log_says_who_and_what_about_but_never_the_data(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    # one of its own: a module's keeps the form that it was first used with
    monkeypatch.setattr(desks, "log", structlog.get_logger("gtm"))
    await stage.desk.open()
    with capture_logs() as logs:
        stage.ask("_acme-challenge.www", "very-secret-token")
        await stage.settle(1)
    said = str(logs)
    assert "_acme-challenge.www.gtm.example TXT" in said
    assert "very-secret-token" not in said
