"""The `file` check: a state file that something else writes, a line for each endpoint.

    # written by the load balancer
    192.0.2.10        up
    192.0.2.11:8443   down  taken out for a kernel upgrade
    [2001:db8::1]:443 up
    backend.example.net down

A line is an address or host name (with a port: that port alone, before a line without), `up` or
`down`, and if wanted a reason in the rest of the line. `#` starts a comment at the start of a
line or after a space. The last of two lines about one thing holds.

A file that is missing, damaged, too old (`max_age`) or has no line for an endpoint says nothing
about it: no verdict moves, and what is believed of the endpoint ages. To replace a file, write
another and rename it.
"""

from __future__ import annotations

import asyncio
import os
import re
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path

from gtm.checks import File
from gtm.health.aim import Aim
from gtm.health.impairment import Impaired
from gtm.health.measure import Clock, Finding, Progress
from gtm.health.outcome import span

# Some ten thousand endpoints. A file that grows without end is not read without end.
SIZE_LIMIT = 1 << 20

# Seconds for which a file is taken to be unchanged: the endpoints in it share a look.
LOOK_AGAIN = 1.0

# Characters of a reason in the file that are kept.
REASON_LIMIT = 200

_COMMENT = re.compile(r"(^|\s)#.*")
_WITH_PORT = re.compile(r"(?:\[(?P<six>[^\]]*)\]|(?P<other>[^:\[\]]+)):(?P<port>[0-9]{1,5})")

Key = tuple[str, int | None]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a file says of one endpoint."""

    up: bool
    reason: str


@dataclass(slots=True)
class _Kept:
    """What was read of one file; `fault` is why it can't be used."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    looked: float | None = None
    stamp: tuple[int, int, int] | None = None
    entries: Mapping[Key, Entry] = field(default_factory=dict)
    fault: str | None = None


class Files:
    """The state files that checks share. `clock` is monotonic seconds, `now` Unix time."""

    def __init__(self, clock: Clock = time.monotonic, now: Clock = time.time) -> None:
        """Starts with none."""
        self._clock = clock
        self._now = now
        self._kept: dict[str, _Kept] = {}

    async def ask(self, asked: File, aim: Aim, progress: Progress) -> Finding:
        """What the file says of the endpoint. Raises Impaired where it says nothing."""
        progress.lacking = f"{asked.path} not read"
        kept = await self._look(asked.path)
        if kept.fault is not None:
            raise Impaired(f"cannot use {asked.path}: {kept.fault}")
        self._refuse_if_old(asked, kept)
        entry = _entry(kept.entries, aim)
        if entry is None:
            raise Impaired(f"{asked.path} has no line for {aim}")
        state = "up" if entry.up else "down"
        reason = f" ({entry.reason})" if entry.reason else ""
        return Finding(ok=entry.up, what=f"{aim} is {state} in {asked.path}{reason}, read")

    async def _look(self, path: str) -> _Kept:
        kept = self._kept.setdefault(path, _Kept())
        async with kept.lock:
            if kept.looked is None or self._clock() - kept.looked >= LOOK_AGAIN:
                await asyncio.to_thread(_refresh, kept, path)
                kept.looked = self._clock()
        return kept

    def _refuse_if_old(self, asked: File, kept: _Kept) -> None:
        if asked.max_age is None or kept.stamp is None:
            return
        age = self._now() - kept.stamp[0] / 1e9
        if age > asked.max_age:
            raise Impaired(
                f"{asked.path} was last written {span(age)} ago, "
                f"more than {span(asked.max_age)} (max_age)"
            )


def parse(octets: bytes) -> dict[Key, Entry]:
    """The lines of a file. Raises ValueError with the line and what is wrong with it."""
    try:
        lines = octets.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    entries: dict[Key, Entry] = {}
    for number, line in enumerate(lines, 1):
        words = _COMMENT.sub("", line).split(None, 2)
        if not words:
            continue
        try:
            key = _key(words[0])
            entries[key] = _read(words)
        except ValueError as error:
            raise ValueError(f"line {number}: {error}") from None
    return entries


def _read(words: list[str]) -> Entry:
    if len(words) < 2 or words[1] not in ("up", "down"):
        raise ValueError('an address is followed by "up" or "down"')
    reason = "".join(each if each.isprintable() else " " for each in "".join(words[2:]))
    return Entry(words[1] == "up", reason.strip()[:REASON_LIMIT])


def _key(text: str) -> Key:
    found = _WITH_PORT.fullmatch(text)
    if found is None:
        return _plain(text), None
    port = int(found["port"])
    if not 0 < port < 65536:
        raise ValueError(f"{port} is no port")
    if found["six"] is not None:
        return str(ip_address(found["six"])), port
    return _plain(found["other"]), port


def _plain(text: str) -> str:
    """An address as it is compared: one has several spellings in IPv6, a name in its case."""
    try:
        return str(ip_address(text))
    except ValueError:
        if any(each in text for each in "[]:/,;=\"'"):
            raise ValueError(f'"{text[:80]}" is no address') from None
        return text.rstrip(".").lower()


def _entry(entries: Mapping[Key, Entry], aim: Aim) -> Entry | None:
    plain = _plain(aim.address)
    return entries.get((plain, aim.port)) or entries.get((plain, None))


def _refresh(kept: _Kept, path: str) -> None:
    """Read the file if it is another than the one that was read. Runs in a thread."""
    try:
        stamp = _stamp(Path(path).stat())
        if stamp == kept.stamp and kept.fault is None:
            return
        octets, kept.stamp = _contents(path)
        kept.entries, kept.fault = parse(octets), None
    except OSError as error:
        kept.fault = (error.strerror or str(error)).lower()
    except ValueError as error:
        kept.fault = str(error)


def _contents(path: str) -> tuple[bytes, tuple[int, int, int]]:
    """The file and its stamp. Opened so that a pipe does not make it wait."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise ValueError("it is no regular file")
        octets = file.read(SIZE_LIMIT + 1)
    if len(octets) > SIZE_LIMIT:
        raise ValueError(f"it is larger than {SIZE_LIMIT >> 20} MiB")
    return octets, _stamp(found)


def _stamp(found: os.stat_result) -> tuple[int, int, int]:
    return found.st_mtime_ns, found.st_ino, found.st_size
