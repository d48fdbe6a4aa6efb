"""State files that something else writes: read when changed, bounded, and never guessed at."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import File
from gtm.health import statefile
from gtm.health.aim import Aim
from gtm.health.measure import Finding, Progress
from gtm.health.outcome import Outcome
from gtm.health.statefile import SIZE_LIMIT, Entry, Files, parse
from tests.unit.health.probing import measured

SAMPLE = b"""
# written by the load balancer
192.0.2.10        up       # a comment
192.0.2.11:8443   down  taken out for a   kernel upgrade
192.0.2.11        up
2001:db8::1       up
[2001:DB8:0::1]:443 down
Backend.example.net. down issue#7
"""


def ticking() -> Callable[[], float]:
    """A clock on which every look is later than files are taken to be unchanged for."""
    now = [0.0]

    def clock() -> float:
        now[0] += 10
        return now[0]

    return clock


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "states"
    path.write_bytes(SAMPLE)
    return path


async def said(
    file: Path, aim: Aim, files: Files | None = None, max_age: float | None = None
) -> Outcome:
    files = files or Files(ticking())

    async def attempt(progress: Progress) -> Finding:
        return await files.ask(File(str(file), max_age), aim, progress)

    return await measured(attempt)


@pytest.mark.parametrize(
    ("aim", "up"),
    [
        (Aim("192.0.2.10"), True),
        (Aim("192.0.2.10", 80), True),
        (Aim("192.0.2.11", 8443), False),
        (Aim("192.0.2.11", 80), True),
        (Aim("2001:db8::1", 443), False),
        (Aim("2001:db8:0:0::1", 80), True),
        (Aim("BACKEND.example.net", 80), False),
    ],
    ids=str,
)
async def test_the_line_for_an_endpoint_decides(file: Path, aim: Aim, up: bool) -> None:
    outcome = await said(file, aim)
    assert outcome.ok is up
    assert outcome.impairment is None
    assert outcome.reason.startswith(f"{aim} is {'up' if up else 'down'} in {file}")


async def test_the_reason_is_that_of_the_file(file: Path) -> None:
    outcome = await said(file, Aim("192.0.2.11", 8443))
    assert outcome.reason.startswith(
        f"192.0.2.11:8443 is down in {file} (taken out for a   kernel upgrade), read after "
    )


async def test_an_endpoint_without_a_line_is_not_judged(file: Path) -> None:
    outcome = await said(file, Aim("192.0.2.99", 80))
    assert outcome.impairment == f"{file} has no line for 192.0.2.99:80"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"192.0.2.10 up\n192.0.2.11\n", 'line 2: an address is followed by "up" or "down"'),
        (b"192.0.2.10 UP\n", 'line 1: an address is followed by "up" or "down"'),
        (b"192.0.2.10:0 up", "line 1: 0 is no port"),
        (b"192.0.2.10:99999 up", "line 1: 99999 is no port"),
        (b"[::x]:80 up", "line 1: '::x' does not appear to be an IPv4 or IPv6 address"),
        (b'{"192.0.2.10": "up"}', 'line 1: "{"192.0.2.10":" is no address'),
        (b"\xff\xfe", "it is not UTF-8"),
        (b"#" * (SIZE_LIMIT + 1), "it is larger than 1 MiB"),
    ],
)
async def test_a_damaged_file_judges_nobody(file: Path, content: bytes, why: str) -> None:
    file.write_bytes(content)
    outcome = await said(file, Aim("192.0.2.10"))
    assert outcome.impairment == f"cannot use {file}: {why}"


async def test_a_missing_file_or_one_that_is_none_judges_nobody(file: Path) -> None:
    file.unlink()
    outcome = await said(file, Aim("192.0.2.10"))
    assert outcome.impairment == f"cannot use {file}: no such file or directory"
    os.mkfifo(file)
    outcome = await said(file, Aim("192.0.2.10"))
    assert outcome.impairment == f"cannot use {file}: it is no regular file"
    file.unlink()
    file.mkdir()
    outcome = await said(file, Aim("192.0.2.10"))
    assert outcome.impairment is not None


async def test_a_file_that_nobody_writes_any_more_judges_nobody(file: Path) -> None:
    os.utime(file, (1000, 1000))
    files = Files(ticking(), lambda: 1031.0)
    assert (await said(file, Aim("192.0.2.10"), files, max_age=60)).ok
    outcome = await said(file, Aim("192.0.2.10"), files, max_age=30)
    assert outcome.impairment == f"{file} was last written 31 s ago, more than 30 s (max_age)"


async def test_a_changed_file_is_read_again_and_an_unchanged_one_is_not(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[bytes] = []

    def noted(octets: bytes) -> dict[statefile.Key, Entry]:
        reads.append(octets)
        return parse(octets)

    monkeypatch.setattr(statefile, "parse", noted)
    files, aim = Files(ticking()), Aim("192.0.2.10")
    for _ in range(3):
        assert (await said(file, aim, files)).ok
    assert len(reads) == 1
    other = file.with_name("other")
    other.write_bytes(b"192.0.2.10 down")
    other.rename(file)
    assert not (await said(file, aim, files)).ok
    assert len(reads) == 2


async def test_a_file_that_was_damaged_or_missing_is_used_once_it_is_well(file: Path) -> None:
    files, aim = Files(ticking()), Aim("192.0.2.10")
    assert (await said(file, aim, files)).ok
    file.unlink()
    assert (await said(file, aim, files)).impairment
    file.write_bytes(b"x")
    assert (await said(file, aim, files)).impairment
    file.write_bytes(SAMPLE)
    assert (await said(file, aim, files)).ok


async def test_endpoints_share_a_look(file: Path) -> None:
    files = Files(lambda: 5.0)
    assert (await said(file, Aim("192.0.2.10"), files)).ok
    file.unlink()
    assert (await said(file, Aim("192.0.2.11"), files)).ok


@given(st.binary(max_size=300) | st.text("0129.:[]#up down\nab", max_size=100).map(str.encode))
def test_any_octets_are_entries_or_a_fault_in_words(octets: bytes) -> None:
    try:
        entries = parse(octets)
    except ValueError as error:
        assert len(str(error)) < 300
    else:
        assert all(port is None or 0 < port < 65536 for _, port in entries)


LINES = st.dictionaries(
    st.tuples(st.ip_addresses(), st.none() | st.integers(1, 65535)), st.booleans(), max_size=20
)


@given(LINES)
def test_what_is_written_is_what_is_read(states: dict[tuple[object, int | None], bool]) -> None:
    lines = []
    for (address, port), up in states.items():
        text = f"[{address}]" if ":" in str(address) and port else str(address)
        lines.append(f"{text}{f':{port}' if port else ''} {'up' if up else 'down'}")
    read = parse("\n".join(lines).encode())
    assert {key: entry.up for key, entry in read.items()} == {
        (str(address), port): up for (address, port), up in states.items()
    }
