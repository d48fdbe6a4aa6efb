"""A planned drain of a real server, and a TTL that health chooses: what dig gets, by phases."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.edns
import pytest

from tests.system.conftest import AP, EU, US
from tests.system.conftest import ZONE as WORLD_ZONE
from tests.system.harness import (
    GTM,
    PATIENCE,
    Backend,
    Gtm,
    UnixConnection,
    free_port,
    needs,
    until,
)

ZONE = (
    WORLD_ZONE.replace("ttl: 30\n", "ttl: {min: 1, max: 3}\n")
    .replace("interval: 200ms, timeout: 150ms", "interval: 1500ms, timeout: 1s")
    .replace("images: {us-east", "images: {ap-south: [192.0.2.41], us-east")
    .replace("apps:\n", "safety: {min_regions: 2}\napps:\n")
)
LONDON = dns.edns.ECSOption("198.51.100.0", 26)
WHY = ("--reason", "kernel update", "--by", "alice")
NAME = "orders.gtm.example.com"


@contextmanager
def server(folder: Path) -> Iterator[Gtm]:
    gtm = Gtm(folder, folder / "zones", "--state", str(folder / "state"))
    try:
        yield gtm.wait()
    finally:
        if gtm.process.poll() is None:
            gtm.process.kill()
            gtm.process.wait(PATIENCE)


@pytest.fixture
def backends(tmp_path: Path) -> Iterator[dict[str, Backend]]:
    port = free_port()
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones" / "gtm.yaml").write_text(ZONE.replace("PORT", str(port)), encoding="utf-8")
    found = {address: Backend(address, port) for address in (US, EU, AP)}
    yield found
    for backend in found.values():
        backend.kill()


@pytest.fixture
def gtm(backends: dict[str, Backend], tmp_path: Path) -> Iterator[Gtm]:
    with server(tmp_path) as running:
        yield running


def london(gtm: Gtm) -> tuple[str, int]:
    """The address that a client in London gets, and for how long."""
    (rrset,) = gtm.ask(NAME, options=[LONDON]).answer
    return rrset[0].to_text(), rrset.ttl


def dig(gtm: Gtm) -> tuple[str, int]:
    command = [needs("dig", "bind9-dnsutils"), "@127.0.0.1", "-p", str(gtm.port), "+noall"]
    command += ["+answer", "+subnet=198.51.100.0/26", NAME]
    run = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)
    _, ttl, _, _, address = run.stdout.split()
    return address, int(ttl)


def settled(gtm: Gtm, address: str) -> None:
    """Waits for an answer with the most TTL: a busy machine may miss a probe, and say so by it."""
    until(f"{address} is answered, and may be kept", lambda: dig(gtm) == (address, 3))


def one(gtm: Gtm, number: int = 1) -> dict[str, Any]:
    listed = json.loads(gtm.get("/v1/overrides")[1])["overrides"]
    found: dict[str, Any] = next(each for each in listed if each["number"] == number)
    return found


def post(gtm: Gtm, **keys: object) -> tuple[int, str]:
    connection = UnixConnection(gtm.socket)
    body = json.dumps({"act": "drain", "reason": "kernel update", "author": "alice"} | keys)
    connection.request("POST", "/v1/overrides", body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    return response.status, response.read().decode()


def of(gtm: Gtm) -> list[str]:
    return [event for event in gtm.events() if event.startswith("drain_")]


def test_clients_are_led_away_by_phases_until_it_is_safe(gtm: Gtm) -> None:
    settled(gtm, EU)
    words = ("drain", "region/eu-west", "--planned", "--wait", "--json", *WHY)
    waiting = subprocess.Popen(
        [str(GTM), *words, "--api", f"unix:{gtm.socket}"], stdout=subprocess.PIPE, text=True
    )
    until("the ttl is lowered", lambda: dig(gtm)[1] == 1)
    assert dig(gtm) == (EU, 1), "the answer stands yet"
    lowering = one(gtm)
    assert (lowering["phase"], lowering["next_phase"], lowering["ttl"]) == (
        *("lowering", "withdrawn", 1),
    )
    assert {change["after"] for change in lowering["coming"]} == {"drained"}
    assert lowering["changes"] == []
    assert "to be drained by alice" in gtm.get("/v1/status")[1]
    until("it is withdrawn", lambda: dig(gtm)[0] != EU)
    assert dig(gtm) == (US, 1), "and could be taken back fast"
    said, _ = waiting.communicate(timeout=PATIENCE)
    assert waiting.returncode == 0
    assert json.loads(said)["override"]["phase"] == "safe"
    settled(gtm, US)
    assert "safe: no client that honours TTLs is left" in gtm.command("status").stdout
    assert gtm.metric('gtm_override_phase{number="1",phase="safe",target="region/eu-west"}') == 1
    assert of(gtm) == ["drain_lowering", "drain_withdrawn", "drain_safe"]
    said = gtm.command("explain", NAME, "--client", "198.51.100.1").stdout
    assert "eu-west would be nearer, but is drained by alice: kernel update" in " ".join(
        said.split()
    )
    gtm.command("undrain", "region/eu-west")
    settled(gtm, EU)


def test_a_phase_goes_on_after_a_restart_and_ends_with_undrain(gtm: Gtm, tmp_path: Path) -> None:
    assert post(gtm, target="region/eu-west", planned=True)[0] == 200
    assert london(gtm) == (EU, 1)
    gtm.process.kill()
    gtm.process.wait(PATIENCE)
    with server(tmp_path) as again:
        until("it is withdrawn", lambda: london(again)[0] == US)
        until("it is safe", lambda: one(again)["phase"] == "safe")
        assert of(again) == ["drain_withdrawn", "drain_safe"]
        again.command("undrain", "region/eu-west")
        settled(again, EU)


def test_a_drain_that_would_break_safety_by_then_is_held_until_it_may(
    gtm: Gtm, backends: dict[str, Backend]
) -> None:
    # by HTTP, as the phase of a few seconds may be over before a command has started
    assert post(gtm, target="app/shop/eu-west", planned=True)[0] == 200
    status, said = post(gtm, target="app/shop/ap-south", planned=True)
    assert status == 409
    assert "app shop in gtm.example.com would be left with us-east alone" in said
    assert post(gtm, act="down", target="endpoint/" + AP, force=True)[0] == 200
    until("it is due", lambda: one(gtm)["held"] is not None)
    assert london(gtm) == (EU, 1)
    shown = " ".join(gtm.command("overrides").stdout.split())
    assert "lowering: ttl 1 s, due, but held back by safety: app shop in gtm.example.com" in shown
    assert gtm.metric("gtm_overrides_held") == 1
    gtm.command("undrain", "endpoint/" + AP)
    until("it is withdrawn", lambda: london(gtm)[0] == US)
    assert of(gtm) == ["drain_lowering", "drain_held", "drain_withdrawn"]


def test_a_drain_without_a_plan_is_in_force_at_once_and_safe_after_a_ttl(gtm: Gtm) -> None:
    said = gtm.command("drain", "region/eu-west", "--wait", *WHY).stdout.splitlines()
    assert said[0].endswith("withdrawn: safe in 4 s")
    assert said[1:] == ["region/eu-west is safe: no client that honours TTLs is left"]
    settled(gtm, US)
    assert of(gtm) == ["drain_safe"]


def test_waiting_ends_when_the_drain_does(gtm: Gtm) -> None:
    run = gtm.command("drain", "region/eu-west", "--wait", "--for", "1s", *WHY)
    assert run.returncode == 3
    assert "cannot wait until region/eu-west is safe: the drain was taken back" in run.stderr
    planned = gtm.get("/v1/overrides", "POST")
    assert planned[0] == 400


def test_a_failing_backend_shortens_the_ttl_before_clients_move(
    gtm: Gtm, backends: dict[str, Backend]
) -> None:
    settled(gtm, EU)
    backends[EU].kill()
    until("the first failure is told by the ttl", lambda: london(gtm)[1] == 1)
    found = " ".join(gtm.command("explain", NAME, "--client", "198.51.100.1").stdout.split())
    assert f"ttl 1 s: {EU} may be down in 1.5 s: 1 of 2 failures" in found
    until("clients moved", lambda: london(gtm)[0] == US)
    until("a dead backend changes nothing soon", lambda: london(gtm)[1] == 3)
