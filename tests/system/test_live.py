"""A real server watched live with curl (Debian package curl): events, traffic, map, probes."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.edns
import pytest

from tests.system.conftest import EU, US
from tests.system.harness import (
    PATIENCE,
    Backend,
    Gtm,
    UnixConnection,
    free_port,
    needs,
    serving,
    until,
)

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [127.0.0.1]}
regions: {us-east: {location: US-VA}, eu-west: {location: IE}}
checks: {web: {type: http, port: PORT, interval: 500ms, timeout: 500ms, rise: 1, fall: 2}}
freeze: {most: 1s}
apps:
  shop:
    topology: replicated
    check: web
    ramp: 0s
    services: {orders: {us-east: [127.0.0.11], eu-west: [127.0.0.12]}}
"""
NAME = "orders.gtm.example.com"
LONDON, ASHBURN = "198.51.100.1", "192.0.2.1"


class Stream:
    """`curl -N` on the events of a server."""

    def __init__(self, gtm: Gtm, query: str = "", last: int | None = None) -> None:
        head = [] if last is None else ["-H", f"Last-Event-ID: {last}"]
        url = f"http://gtm/v1/events{query}"
        command = [needs("curl", "curl"), "-sN", "--unix-socket", str(gtm.socket), *head, url]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.events: list[tuple[int, str, dict[str, Any]]] = []
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        number, kind = 0, ""
        for line in self.process.stdout:
            if found := re.match(r"(id|event|data): (.*)", line):
                if found[1] == "id":
                    number = int(found[2])
                elif found[1] == "event":
                    kind = found[2]
                else:
                    self.events.append((number, kind, json.loads(found[2])))

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [data for _, each, data in self.events if each == kind]

    def until(self, kind: str, **fields: object) -> dict[str, Any]:
        """The first event of that kind with those fields."""

        def found() -> list[dict[str, Any]]:
            return [data for data in self.of(kind) if fields.items() <= data.items()]

        until(f"a {kind} event with {fields}; there were {self.events[-5:]}", lambda: bool(found()))
        return found()[0]

    def ended(self) -> int:
        code = self.process.wait(PATIENCE)
        self._thread.join(PATIENCE)
        return code

    def stop(self) -> None:
        self.process.kill()
        self.ended()


class Scene:
    def __init__(self, gtm: Gtm, backends: dict[str, Backend]) -> None:
        self.gtm, self.backends = gtm, backends

    def get(self, path: str) -> dict[str, Any]:
        status, body = self.gtm.get(path)
        assert status == 200, body
        found: dict[str, Any] = json.loads(body)
        return found

    def send(self, method: str, path: str, body: str | None = None) -> int:
        connection = UnixConnection(self.gtm.socket)
        connection.request(method, path, body, {"Content-Type": "application/json"})
        status = connection.getresponse().status
        connection.close()
        return status

    def all_up(self) -> bool:
        apps = (app for zone in self.gtm.status()["zones"] for app in zone["apps"])
        return {region["state"] for app in apps for region in app["regions"]} == {"up"}

    def ask(self, client: str) -> None:
        subnet = dns.edns.ECSOption(client, 24)
        self.gtm.ask(NAME, use_edns=0, options=[subnet])


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder, port = tmp_path_factory.mktemp("live"), free_port()
    (folder / "gtm.yaml").write_text(ZONE.replace("PORT", str(port)), encoding="utf-8")
    backends = {address: Backend(address, port) for address in (US, EU)}
    try:
        with serving(folder, folder / "gtm.yaml") as gtm:
            yield Scene(gtm, backends)
    finally:
        for backend in backends.values():
            backend.kill()


@pytest.fixture
def stream(scene: Scene) -> Iterator[Stream]:
    """What happens from now on, with both regions up."""
    for backend in scene.backends.values():
        backend.kill()
        backend.start()
    until("both regions are up", scene.all_up)
    found = Stream(scene.gtm)
    found.until("hello")
    yield found
    found.stop()


def test_a_region_that_fails_is_seen_as_it_happens(scene: Scene, stream: Stream) -> None:
    scene.backends[EU].kill()
    lost = stream.until("verdict", region="eu-west", endpoint=None, service=None, after="down")
    assert (lost["zone"], lost["app"], lost["before"]) == ("gtm.example.com", "shop", "up")
    assert EU in lost["reason"]
    place = next(each for each in scene.get("/v1/map")["places"] if each["code"] == "EU-GB")
    assert (place["regions"], place["regions_all_up"]) == ({"us-east": 1.0}, {"eu-west": 1.0})
    stream.until("verdict", endpoint=EU, after="down")
    stream.until("epoch")
    scene.backends[EU].start()
    stream.until("verdict", region="eu-west", endpoint=None, service=None, after="up")
    probes = scene.get("/v1/probes?service=orders")["endpoints"]
    series = next(each for each in probes if each["endpoint"] == EU)
    assert None in series["latency_ms"], "the probes that failed"
    assert series["at"] == sorted(series["at"])


def test_what_is_asked_is_seen_by_the_second_and_by_region(scene: Scene, stream: Stream) -> None:
    for _ in range(20):
        scene.ask(LONDON)
        scene.ask(ASHBURN)
    scene.gtm.ask("nope.gtm.example.com")
    until("the queries show", lambda: any(each["queries"] for each in stream.of("traffic")))
    share = {"zone": "gtm.example.com", "app": "shop", "service": NAME, "region": "eu-west"}

    def shared() -> bool:
        shares = [one for each in stream.of("traffic") for one in each["shares"]]
        return any(share.items() <= one.items() for one in shares)

    until("the shares show", shared)
    found = scene.get("/v1/traffic")
    per_second = sum(found["queries"]) * found["step"]
    assert per_second == pytest.approx(41, abs=2)
    assert sum(found["rcodes"]["NXDOMAIN"]) == pytest.approx(1, abs=0.2)
    assert sum(found["regions"]["us-east"]) == pytest.approx(20, abs=1)


def test_who_comes_back_is_told_what_it_missed(scene: Scene, stream: Stream) -> None:
    last = stream.events[-1][0]
    body = {"act": "drain", "target": "region/eu-west", "reason": "test", "author": "test"}
    assert scene.send("POST", "/v1/overrides", json.dumps(body)) == 200
    said = stream.until("override", target="region/eu-west", over=False)
    assert (said["act"], said["reason"]) == ("drain", "test")
    assert scene.send("DELETE", "/v1/overrides?target=region/eu-west&by=test") == 200
    stream.until("override", target="region/eu-west", over=True)
    again = Stream(scene.gtm, "?kinds=override", last)
    again.until("override", over=True)
    assert [data["over"] for data in again.of("override")] == [False, True]
    assert not again.of("gap")
    again.stop()


def test_a_reader_that_does_not_read_holds_nobody_up(scene: Scene, stream: Stream) -> None:
    hanging = socket.socket(socket.AF_UNIX)
    hanging.connect(str(scene.gtm.socket))
    hanging.sendall(b"GET /v1/events HTTP/1.1\r\nHost: gtm\r\n\r\n")
    until("it is counted", lambda: scene.gtm.metric("gtm_event_readers") >= 2)
    before = len(stream.of("traffic"))
    until("others go on", lambda: len(stream.of("traffic")) > before + 1)
    hanging.close()
    until("it is gone", lambda: scene.gtm.metric("gtm_event_readers") == 1)


def test_streams_end_when_the_server_does(tmp_path: Path) -> None:
    (tmp_path / "gtm.yaml").write_text(ZONE.replace("PORT", str(free_port())), encoding="utf-8")
    with serving(tmp_path, tmp_path / "gtm.yaml") as gtm:
        stream = Stream(gtm)
        stream.until("hello")
        gtm.signal(signal.SIGTERM)
        assert gtm.process.wait(PATIENCE) == 0
        assert stream.ended() == 0, "curl saw the end of the answer, not a connection that broke"
