"""A new server takes the sockets of a running one over while clients ask: no query is lost."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from tests.system.conftest import World, both_planes
from tests.system.harness import PATIENCE, Gtm, plain_environment, run_gtm, until

NAME = "orders.gtm.example.com"


@dataclass
class Load:
    """Clients that ask without a pause; each counts its answers and what it did not get."""

    port: int
    answered: dict[str, int] = field(default_factory=dict)
    lost: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def asking(self) -> Iterator[Load]:
        kinds = {"udp": self.udp, "tcp": self.tcp, "kept": self.kept}
        threads = [
            threading.Thread(target=self._repeat, args=(name, ask), daemon=True)
            for name, ask in kinds.items()
        ]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(PATIENCE)

    def _repeat(self, name: str, ask: Callable[[], None]) -> None:
        self.answered[name] = 0
        while not self._stop.is_set():
            try:
                ask()
            except (OSError, EOFError, dns.exception.DNSException) as error:
                self.lost.append(f"{name}: {error!r}")
            else:
                self.answered[name] += 1

    def udp(self) -> None:
        query = dns.message.make_query(NAME, "A")
        assert dns.query.udp(query, "127.0.0.1", PATIENCE, self.port).answer

    def tcp(self) -> None:
        query = dns.message.make_query(NAME, "A")
        assert dns.query.tcp(query, "127.0.0.1", PATIENCE, self.port).answer

    def kept(self) -> None:
        """Twenty queries over one connection, then another one."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as stream:
            for _ in range(20):
                query = dns.message.make_query(NAME, "A")
                dns.query.send_tcp(stream, query)
                answer, _ = dns.query.receive_tcp(stream)
                assert answer.id == query.id


def pid_of(gtm: Gtm) -> int:
    """The process that the API's socket leads to."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(gtm.socket))
        raw = asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return int.from_bytes(raw[:4], "little")


@contextmanager
def successor(gtm: Gtm, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    """The same server once more, told to take over."""
    words = [str(each) for each in gtm.process.args]  # type: ignore[union-attr]  # it is a list
    log = gtm.log.with_name("successor.log")
    with log.open("w") as out:
        process = subprocess.Popen(
            [*words, "--takeover", *more], stdout=out, stderr=out, env=plain_environment()
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(PATIENCE)


@both_planes
def test_no_query_is_lost_when_another_server_takes_over(world: World) -> None:
    gtm = world.gtm
    drained = gtm.command("drain", "region/ap-south", "--reason", "works", "--for", "1h")
    assert drained.returncode == 0, drained.stderr
    with Load(gtm.port).asking() as load, successor(gtm) as new:
        until("the old server has ended", lambda: gtm.process.poll() is not None)
        assert gtm.process.poll() == 0
        assert pid_of(gtm) == new.pid
        before = dict(load.answered)
        until(
            "the new one answers all",
            lambda: all(load.answered[kind] > before[kind] + 5 for kind in before),
        )
        assert load.lost == []
        assert gtm.get("/readyz") == (200, "ready\n")
        new.terminate()
        assert new.wait(PATIENCE) == 0
    assert not gtm.socket.exists()


def test_a_server_that_can_not_get_ready_leaves_the_old_one_as_it_was(world: World) -> None:
    gtm = world.gtm
    world.write("zone: [")
    until("it is said", lambda: "load_failed" in gtm.events())
    with Load(gtm.port).asking() as load, successor(gtm) as new:
        assert new.wait(PATIENCE) != 0
        until("it goes on", lambda: "takeover_failed" in gtm.events())
        assert load.lost == []
    assert gtm.process.poll() is None
    assert pid_of(gtm) == gtm.process.pid
    assert gtm.address(NAME) != "none"
    drained = gtm.command("drain", "region/ap-south", "--reason", "works", "--for", "1h")
    assert drained.returncode == 0, drained.stderr


def test_a_signal_starts_what_is_installed_by_now(world: World) -> None:
    gtm = world.gtm
    gtm.signal(signal.SIGUSR2)
    until("the old server has ended", lambda: gtm.process.poll() is not None)
    pid = pid_of(gtm)
    assert pid != gtm.process.pid
    assert gtm.address(NAME) != "none"
    stopped = run_gtm("status", "--api", f"unix:{gtm.socket}")
    assert stopped.returncode == 0, stopped.stderr
    Path(f"/proc/{pid}").stat()

    os.kill(pid, signal.SIGTERM)
    until("it has ended", lambda: not gtm.socket.exists())


def test_queues_of_an_interface_are_not_taken_over_and_nothing_is_touched(world: World) -> None:
    gtm = world.gtm
    with successor(gtm, "--xdp", "lo") as new:
        assert new.wait(PATIENCE) == 2
    said = gtm.log.with_name("successor.log").read_text()
    assert "cannot take over with --xdp" in said
    assert "restart gtm instead" in said
    assert "taking_over" not in gtm.events()
    assert gtm.address(NAME) != "none"


def test_without_a_server_there_is_nothing_to_take_over(tmp_path: Path) -> None:
    (tmp_path / "zones").mkdir()
    api = f"unix:{tmp_path / 'gtm.sock'}"
    done = run_gtm("serve", str(tmp_path / "zones"), "--takeover", "--api", api)
    assert done.returncode == 3
    assert "start without --takeover if none is running" in done.stderr
    assert "Traceback" not in done.stderr
