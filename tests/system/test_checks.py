"""A real server judging real listeners: a quorum, a region's gateway, and a forbidden program."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.system.harness import PATIENCE, Gtm, free_port, until

US, EU, GATEWAY = "127.0.0.21", "127.0.0.22", "127.0.0.23"
NODES = ("127.0.0.31", "127.0.0.32", "127.0.0.33")
NAME = "orders.gtm.example.com"
ZONE = """
zone: gtm.example.com
ttl: 1
nameservers: {ns1: [127.0.0.1]}
regions:
  us: {location: [39.04, -77.49], check: {type: tcp, port: PORT, address: 127.0.0.23, OFTEN}}
  eu: {location: [53.35, -6.26]}
checks:
  web: {type: tcp, port: PORT, OFTEN}
  db1: {type: tcp, port: PORT, address: 127.0.0.31, OFTEN}
  db2: {type: tcp, port: PORT, address: 127.0.0.32, OFTEN}
  db3: {type: tcp, port: PORT, address: 127.0.0.33, OFTEN}
  dbs: {type: quorum, needed: 2, checks: [db1, db2, db3]}
  program: {type: exec, command: [/bin/false], interval: 200ms, fall: 1}
apps:
  shop:
    topology: spread
    steering: {policy: failover, order: [us, eu]}
    services:
      orders: {check: [web, dbs], us: 127.0.0.21, eu: 127.0.0.22}
      told: {check: program, us: 127.0.0.21}
""".replace("OFTEN", "interval: 200ms, rise: 1, fall: 2")


class Listener:
    """A TCP port that accepts connections until it is closed."""

    def __init__(self, address: str, port: int) -> None:
        self.address, self.port = address, port
        self.open()

    def open(self) -> None:
        self._socket = socket.create_server((self.address, self.port), reuse_port=False)
        threading.Thread(target=self._accept, args=(self._socket,), daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    @staticmethod
    def _accept(listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                listening.accept()[0].close()


class Scene:
    """The server and everything that it probes."""

    def __init__(self, gtm: Gtm, port: int) -> None:
        self.gtm = gtm
        self.listeners = {each: Listener(each, port) for each in (US, EU, GATEWAY, *NODES)}

    def answers(self, address: str) -> None:
        until(f"{NAME} is {address}", lambda: self.gtm.address(NAME) == address)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    port = free_port()
    zones = tmp_path / "zones"
    zones.mkdir()
    (zones / "gtm.yaml").write_text(ZONE.replace("PORT", str(port)), encoding="utf-8")
    gtm = Gtm(tmp_path, zones, "--no-exec")
    scene = Scene(gtm, port)
    try:
        gtm.wait()
        yield scene
    finally:
        gtm.process.kill()
        gtm.process.wait(PATIENCE)
        for listener in scene.listeners.values():
            listener.close()


def test_one_of_three_may_fail_and_two_may_not(scene: Scene) -> None:
    scene.answers(US)
    first, second, _ = NODES
    scene.listeners[first].close()
    until("one is down", lambda: scene.gtm.events().count("endpoint_down") == 1)
    assert scene.gtm.address(NAME) == US
    scene.listeners[second].close()
    lost = "1 of 3 up, 2 needed: db1: connection to 127.0.0.31"
    until("status says who", lambda: lost in _plain(scene.gtm.command("status").stdout))
    parts = _endpoint(scene)["checks"]
    assert [(part["name"], part["depth"], part["state"]) for part in parts] == [
        ("web", 1, "up"),
        ("dbs", 1, "down"),
        ("db1", 2, "down"),
        ("db2", 2, "down"),
        ("db3", 2, "up"),
    ]
    explained = scene.gtm.command("explain", NAME, "--client", "192.0.2.1").stdout
    assert "db2" in explained
    scene.listeners[second].open()
    until("two of three are enough", lambda: _endpoint(scene)["checks"][1]["state"] == "up")
    scene.answers(US)


def test_the_gateway_takes_its_region_out_and_brings_it_back(scene: Scene) -> None:
    scene.answers(US)
    scene.listeners[GATEWAY].close()
    scene.answers(EU)
    status = _plain(scene.gtm.command("status").stdout)
    assert "us's own check: connection to 127.0.0.23" in status
    scene.listeners[GATEWAY].open()
    scene.answers(US)


def test_a_forbidden_program_moves_no_verdict(scene: Scene) -> None:
    until("it is said", lambda: "probing_impaired" in scene.gtm.events())
    said = next(one for one in scene.gtm.records() if one["event"] == "probing_impaired")
    assert said["reason"] == "this server runs no programs (no_exec)"
    told = scene.gtm.status()["zones"][0]["apps"][0]["services"][1]["regions"][0]
    assert told["state"] == "unknown"
    assert scene.gtm.address("told.gtm.example.com") == US


def _endpoint(scene: Scene) -> Any:
    """What status says of the first one."""
    return scene.gtm.status()["zones"][0]["apps"][0]["services"][0]["regions"][0]["endpoints"][0]


def _plain(text: str) -> str:
    """Text as if it stood on one line."""
    return " ".join(text.split())
