"""Programs of the operator's: what they are told, how they are bounded, what is said of them."""

from __future__ import annotations

import asyncio
import os
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import Exec
from gtm.health import programs
from gtm.health.aim import Aim
from gtm.health.impairment import Impaired
from gtm.health.measure import Finding, Progress
from gtm.health.outcome import Outcome
from gtm.health.programs import KEPT, SHOWN, Programs, arguments, first_line
from tests.unit.health.probing import measured

AIM = Aim("192.0.2.10", 5432, "orders.gtm.example.com.")
FOR = "192.0.2.10:5432"


async def ran(*argv: str, patience: float = 10.0) -> Outcome:
    async def attempt(progress: Progress) -> Finding:
        return await programs.ask(Exec(argv), AIM, progress)

    return await measured(attempt, patience)


async def python(code: str, *argv: str, patience: float = 10.0) -> Outcome:
    return await ran(sys.executable, "-S", "-c", code, *argv, patience=patience)


NAMED = Path(sys.executable).name


async def test_status_0_is_well_and_the_first_line_says_why() -> None:
    outcome = await ran("sh", "-c", "echo; echo '  replica 3 s behind'; echo more")
    assert outcome.ok
    assert (
        outcome.reason == f'sh for {FOR} succeeded saying "replica 3 s behind" after less than 1 ms'
    )


async def test_another_status_is_a_failure_and_so_is_a_signal() -> None:
    outcome = await ran("sh", "-c", "echo 'disk full' >&2; exit 3")
    assert not outcome.ok
    assert outcome.reason.startswith(
        f'sh for {FOR} failed with exit status 3 saying "disk full" after '
    )
    outcome = await ran("sh", "-c", "kill -SEGV $$")
    assert not outcome.ok
    assert outcome.reason.startswith(f"sh for {FOR} was ended by SIGSEGV after ")


async def test_a_program_is_told_what_it_is_about_and_nothing_else() -> None:
    code = "import sys; print(*sys.argv[1:], sep='|')"
    outcome = await python(code, "{address}:{port}", "{name}", "{other}", "a b;$HOME")
    assert ' saying "192.0.2.10:5432|orders.gtm.example.com|{other}|a b;$HOME" ' in outcome.reason
    assert programs.environment(AIM) == {
        "PATH": programs.PATH,
        "LANG": "C.UTF-8",
        "GTM_ADDRESS": "192.0.2.10",
        "GTM_PORT": "5432",
        "GTM_NAME": "orders.gtm.example.com",
    }


async def test_nothing_of_this_process_reaches_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    code = (
        "import os, sys;"
        "print(os.environ.get('SECRET'), sys.stdin.read() == '', os.getcwd(),"
        "os.getpgid(0) == os.getpid(), os.environ['GTM_PORT'])"
    )
    assert ' saying "None True / True 5432" ' in (await python(code)).reason


async def test_time_that_is_up_ends_the_program_and_all_that_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    script = f"sleep 600 & echo $! > {pids}; echo $$ >> {pids}; trap '' TERM; wait; sleep 600"
    outcome = await ran("sh", "-c", script, patience=0.5)
    assert outcome.reason == f"sh for {FOR} not done within 500 ms"
    await gone(*map(int, pids.read_text().split()))


async def test_what_a_program_leaves_behind_is_ended_and_not_waited_for(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    outcome = await ran("sh", "-c", f"sleep 600 & echo $! > {pids}; echo well")
    assert outcome.ok
    assert ' saying "well" ' in outcome.reason
    await gone(int(pids.read_text()))


async def test_a_child_that_fled_with_the_output_holds_nobody_up(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    code = (
        "import os, sys, time\n"
        "print('well', flush=True)\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        f"    open({str(pid)!r}, 'w').write(str(os.getpid()))\n"
        "    time.sleep(600)\n"
        f"while not os.path.exists({str(pid)!r}) or not open({str(pid)!r}).read(): pass\n"
    )
    outcome = await python(code)
    os.kill(int(pid.read_text()), 9)
    assert outcome.ok, outcome.reason


async def gone(*pids: int) -> None:
    """Returns when none of these runs any more (a zombie does not)."""
    async with asyncio.timeout(10):
        while any(running(pid) for pid in pids):  # noqa: ASYNC110  # nobody tells of it
            await asyncio.sleep(0.005)


def running(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


async def test_endless_output_ends_the_program_and_is_not_kept() -> None:
    tracemalloc.start()
    try:
        outcome = await ran("yes", "x" * 1000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert not outcome.ok
    assert outcome.reason.startswith(f"yes for {FOR} wrote more than 1 MiB of output after ")
    assert peak < 2 << 20


async def test_much_output_is_drained_and_its_start_kept() -> None:
    outcome = await python("print('well'); print('x' * 500_000)")
    assert ' saying "well" ' in outcome.reason
    assert KEPT == 4096


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda file: None, "no such program, or no such interpreter as its first line names"),
        (lambda file: file.mkdir(), "gtm has no permission to run it"),
        (lambda file: file.write_text("#!/bin/sh\n"), "gtm has no permission to run it"),
        (lambda file: script(file, "#!/no/such\n"), "no such program, or no such interpreter"),
        (lambda file: script(file, "\x01\x02"), "it is no program"),
    ],
    ids=["missing", "directory", "not executable", "no interpreter", "no program"],
)
async def test_one_that_can_not_be_started_says_nothing_of_the_endpoint(
    tmp_path: Path, make: Callable[[Path], object], why: str
) -> None:
    file = tmp_path / "program"
    make(file)
    outcome = await ran(str(file))
    assert outcome.impairment is not None
    assert outcome.impairment.startswith(f"cannot run {file}: {why}")


def script(file: Path, text: str) -> None:
    file.write_text(text)
    file.chmod(0o755)


async def test_so_many_run_at_once_and_the_others_wait_or_are_not_made() -> None:
    places = Programs(at_once=2)
    async with places.place(1), places.place(1):
        with pytest.raises(Impaired, match="2 programs of exec checks are running already"):
            async with places.place(0.01):
                pass
        waiting = asyncio.create_task(enter(places))
        await asyncio.sleep(0)
        assert not waiting.done()
    await waiting


async def enter(places: Programs) -> None:
    async with places.place(10):
        pass


async def test_a_probe_that_is_cancelled_leaves_no_program(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    task = asyncio.create_task(ran("sh", "-c", f"echo $$ > {pid}; sleep 600", patience=60))
    async with asyncio.timeout(10):
        while not pid.exists() or not pid.read_text():  # noqa: ASYNC110  # nobody tells of it
            await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await gone(int(pid.read_text()))


@given(st.binary(max_size=1000))
def test_any_output_is_one_bounded_printable_line(output: bytes) -> None:
    line = first_line(output)
    assert line.isprintable()
    assert len(line) <= SHOWN + 1


@given(st.text(), st.text())
def test_what_is_put_into_an_argument_is_not_looked_into_again(address: str, name: str) -> None:
    made = arguments(("{address}", "x{name}y"), Aim(address, None, name.rstrip(".") or "n"))
    assert made == [address, f"x{name.rstrip('.') or 'n'}y"]
