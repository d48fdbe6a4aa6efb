"""gtm under systemd: what it is told, its sockets, and a sandbox that leaves all that is needed.

Needs systemd-analyze and systemd-socket-activate (Debian package systemd), dig (bind9-dnsutils) and
strace. No systemd has to run: the tests stand in its place.
"""

from __future__ import annotations

import ctypes
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import dns.message
import dns.query
import pytest

from tests.system.harness import (
    GTM,
    PATIENCE,
    Backend,
    free_port,
    needs,
    plain_environment,
    run_gtm,
    until,
)
from tests.worlds import SAMPLE

UNITS = Path(__file__).parents[2] / "deploy" / "systemd"
NAME = "orders.gtm.example.com"
ZONE = """
zone: gtm.example.com
ttl: 30
nameservers: {ns1: [127.0.0.1]}
regions: {us-east: {location: US}, eu-west: {location: IE}}
checks: {web: {type: http, port: PORT, interval: 300ms, timeout: 300ms, fall: 2}}
freeze: {most: 1s}
apps:
  shop:
    topology: replicated
    check: web
    services: {orders: {us-east: [127.0.0.11], eu-west: [127.0.0.12]}}
"""
PR_SET_MDWE, REFUSE_GAIN = 65, 1  # prctl(2): no memory becomes executable, as the unit has it
EXPOSURE = 2.0
BY_ROOT = {"fchown"}  # gives files to its user where it runs as root, as a test may; the unit never


@pytest.fixture(scope="module")
def backends() -> Iterator[dict[str, Backend]]:
    port = free_port()
    made = {address: Backend(address, port) for address in ("127.0.0.11", "127.0.0.12")}
    yield made
    for each in made.values():
        each.kill()


@pytest.fixture(scope="module")
def zones(tmp_path_factory: pytest.TempPathFactory, backends: dict[str, Backend]) -> Path:
    folder = tmp_path_factory.mktemp("zones")
    port = str(backends["127.0.0.11"].port)
    (folder / "gtm.yaml").write_text(ZONE.replace("PORT", port), encoding="utf-8")
    return folder


def command(zones: Path, folder: Path) -> list[str]:
    api = ["--api", f"unix:{folder / 'gtm.sock'}"]
    usual = ["--geoip", str(SAMPLE), "--log-format", "json"]
    return [str(GTM), "serve", str(zones), *api, *usual]


@contextmanager
def running(
    arguments: list[str],
    log: Path,
    environment: dict[str, str] | None = None,
    pass_fds: tuple[int, ...] = (),
    before: Callable[[], None] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as out:
        process = subprocess.Popen(
            arguments,
            stdout=out,
            stderr=out,
            env=plain_environment() | (environment or {}),
            pass_fds=pass_fds,
            preexec_fn=before,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE)


class Manager:
    """What listens where systemd would."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(self.path))
        self.socket.settimeout(3 * PATIENCE)

    def hear(self) -> dict[str, str]:
        lines = self.socket.recv(4096).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def hear_until(self, key: str, value: str = "1") -> dict[str, str]:
        """The next message with it; what comes before may only be signs of life and of standing."""
        while True:
            heard = self.hear()
            if value in heard.get(key, ""):
                return heard
            assert heard.keys() <= {"WATCHDOG", "STATUS"}, heard


def test_systemd_hears_all_of_a_life_in_order(
    tmp_path: Path, zones: Path, backends: dict[str, Backend]
) -> None:
    manager, listen = Manager(tmp_path), f"127.0.0.1:{free_port()}"
    told = {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "400000"}
    arguments = [*command(zones, tmp_path), "--listen", listen]
    with running(arguments, tmp_path / "log", told) as process:
        assert manager.hear()["STATUS"].startswith("starting: ")
        ready = manager.hear_until("READY")
        assert ready["STATUS"].endswith("plane; no region is down")
        assert dns.query.udp(
            dns.message.make_query(NAME, "A"), "127.0.0.1", PATIENCE, int(listen.split(":")[1])
        ).answer
        manager.hear_until("WATCHDOG")
        backends["127.0.0.12"].kill()
        manager.hear_until("STATUS", "down: eu-west (shop)")
        backends["127.0.0.12"].start()
        manager.hear_until("STATUS", "no region is down")
        process.send_signal(signal.SIGHUP)
        assert int(manager.hear_until("RELOADING")["MONOTONIC_USEC"]) > 0
        manager.hear_until("READY")
        process.terminate()
        manager.hear_until("STOPPING")
        assert process.wait(PATIENCE) == 0


def test_a_server_that_is_stuck_gives_no_sign_of_life_and_answers_on(
    tmp_path: Path, zones: Path
) -> None:
    manager, port = Manager(tmp_path), free_port()
    told = {"NOTIFY_SOCKET": str(manager.path), "WATCHDOG_USEC": "400000"}
    arguments = [*command(zones, tmp_path), "--listen", f"127.0.0.1:{port}"]
    stuck = [str(Path(__file__).with_name("stuck.py")), *arguments[1:]]
    with running([str(GTM.parent / "python"), *stuck], tmp_path / "log", told) as process:
        manager.hear_until("READY")
        process.send_signal(signal.SIGUSR1)  # its control loop never turns again
        until("silence", lambda: not _within(manager, 2.0))
        question = dns.message.make_query(NAME, "A")
        assert dns.query.udp(question, "127.0.0.1", PATIENCE, port).answer


def _within(manager: Manager, seconds: float) -> bool:
    """Whether anything is heard within so many seconds, five times what was promised."""
    manager.socket.settimeout(seconds)
    try:
        manager.hear()
    except TimeoutError:
        return False
    return True


def test_dig_is_answered_over_sockets_that_systemd_opened(tmp_path: Path, zones: Path) -> None:
    activate = needs("systemd-socket-activate", "systemd")
    dig, port = needs("dig", "bind9-dnsutils"), free_port()
    at = f"127.0.0.1:{port}"
    # each passes on what it was given: the first packet starts the second, a connection gtm
    where = [f"--setenv=PYTHONPATH={os.environ.get('PYTHONPATH', '')}", "--listen", at]
    nested = [activate, "--datagram", *where, activate, *where, "--fdname", "dns:dns"]
    with running([*nested, *command(zones, tmp_path), "--workers", "2"], tmp_path / "log"):
        asked = [dig, "@127.0.0.1", "-p", str(port), "+short", "+tries=40", "+timeout=1", NAME]
        assert _lines(asked) or _lines([*asked, "+tcp"])
        for transport in ("+notcp", "+tcp"):
            assert _lines([*asked, transport])[0] in {"127.0.0.11", "127.0.0.12"}
        status = run_gtm("status", "--api", f"unix:{tmp_path / 'gtm.sock'}").stdout
        assert at in status
        assert "5300" not in status


def _lines(arguments: list[str]) -> list[str]:
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=PATIENCE * 3)
    return [line for line in done.stdout.splitlines() if not line.startswith(";")]


@pytest.mark.parametrize("plane", ["auto", "python"])
def test_queries_that_come_while_it_is_restarted_wait_and_are_answered(
    tmp_path: Path, zones: Path, plane: str
) -> None:
    port = free_port()
    with socket.socket(type=socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        udp.bind(("127.0.0.1", port))
        tcp.bind(("127.0.0.1", port))
        tcp.listen()
        queries = [dns.message.make_query(NAME, "A") for _ in range(20)]
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", port))
            client.settimeout(PATIENCE)
            for _ in range(2):  # nothing that the first does to the sockets keeps the second
                for query in queries:
                    client.send(query.to_wire())
                with _activated(
                    [udp, tcp], [*command(zones, tmp_path), "--plane", plane], tmp_path
                ):
                    answers = {dns.message.from_wire(client.recv(4096)).id for _ in queries}
                    assert answers == {query.id for query in queries}
                    assert dns.query.tcp(queries[0], "127.0.0.1", PATIENCE, port).answer


# what systemd does between fork and exec: the first arguments are the sockets' numbers
EXEC = """
import fcntl, os, sys
count = int(sys.argv[1])
numbers = [fcntl.fcntl(int(text), fcntl.F_DUPFD, 100) for text in sys.argv[2 : 2 + count]]
for place, number in enumerate(numbers):
    os.dup2(number, 3 + place)
said = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(count), "LISTEN_FDNAMES": "dns:dns"}
os.execvpe(sys.argv[2 + count], sys.argv[2 + count :], os.environ | said)
"""


@contextmanager
def _activated(sockets: list[socket.socket], arguments: list[str], folder: Path) -> Iterator[None]:
    """Runs it with sockets as its descriptors from 3 on, and stops it as systemd does."""
    numbers = [each.fileno() for each in sockets]
    first = [sys.executable, "-c", EXEC, str(len(numbers)), *map(str, numbers)]
    with running([*first, *arguments], folder / "log", pass_fds=tuple(numbers)) as process:
        yield
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_the_units_are_what_systemd_understands() -> None:
    analyze = needs("systemd-analyze", "systemd")
    units = [str(UNITS / name) for name in ("gtm.service", "gtm.socket")]
    said = subprocess.run([analyze, "verify", *units], capture_output=True, text=True).stderr
    wrong = [line for line in said.splitlines() if "is not executable" not in line]
    assert not wrong


def test_the_sandbox_leaves_little_open() -> None:
    analyze = needs("systemd-analyze", "systemd")
    judged = subprocess.run(
        [analyze, "security", "--offline=true", str(UNITS / "gtm.service")],
        capture_output=True,
        text=True,
    ).stdout
    found = re.search(r"exposure level for gtm.service: ([0-9.]+)", judged)
    assert found is not None, judged
    assert float(found[1]) <= EXPOSURE


def test_every_system_call_of_a_server_is_within_the_sandbox(tmp_path: Path, zones: Path) -> None:
    strace, analyze = needs("strace", "strace"), needs("systemd-analyze", "systemd")
    port, trace = free_port(), tmp_path / "trace"
    arguments = [*command(zones, tmp_path), "--listen", f"127.0.0.1:{port}"]
    arguments += ["--state", str(tmp_path / "state")]
    traced = [strace, "-f", "-qq", "-o", str(trace), *arguments]

    def answering() -> bool:
        log = tmp_path / "log"
        return log.exists() and "answering" in log.read_text()

    with running(traced, tmp_path / "log", before=refuse_writable_code) as process:
        until("answering", answering)
        question = dns.message.make_query(NAME, "A")
        assert dns.query.udp(question, "127.0.0.1", PATIENCE, port).answer
        assert dns.query.tcp(question, "127.0.0.1", PATIENCE, port).answer
        api = f"unix:{tmp_path / 'gtm.sock'}"
        drained = run_gtm("drain", "region/eu-west", "--reason", "a test", "--force", "--api", api)
        assert drained.returncode == 0, drained.stderr
        assert run_gtm("reload", "--api", api).returncode == 0
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        os.kill(int(children.split()[0]), signal.SIGTERM)
        process.wait(PATIENCE)
    used = set(re.findall(r"^\d+ +(\w+)\(", trace.read_text(), re.MULTILINE))
    assert used - _allowed(analyze) - BY_ROOT == set()


def refuse_writable_code() -> None:
    """As MemoryDenyWriteExecute=yes, where the kernel can (Linux 6.3)."""
    zero = ctypes.c_ulong(0)
    ctypes.CDLL(None).prctl(PR_SET_MDWE, ctypes.c_ulong(REFUSE_GAIN), zero, zero, zero)


def _allowed(analyze: str) -> set[str]:
    """What the lines SystemCallFilter= of the unit come to."""
    allowed: set[str] = set()
    for line in (UNITS / "gtm.service").read_text().splitlines():
        if line.startswith("SystemCallFilter="):
            words = line.removeprefix("SystemCallFilter=").split()
            refused = words[0].startswith("~")
            for word in words:
                calls = _calls(analyze, word.removeprefix("~"))
                allowed = allowed - calls if refused else allowed | calls
    return allowed


@cache
def _calls(analyze: str, word: str) -> frozenset[str]:
    if not word.startswith("@"):
        return frozenset({word})
    told = subprocess.run([analyze, "syscall-filter", word], capture_output=True, text=True).stdout
    words = [line.strip() for line in told.splitlines()[1:]]
    parts = [_calls(analyze, each) for each in words if each and not each.startswith("#")]
    return frozenset().union(*parts)
