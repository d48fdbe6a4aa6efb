"""The main job: from zone YAML to an answer, with real backends that die and come back."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import Literal

import dns.edns
import dns.message
import dns.query
import dns.rcode
import pytest

from gtm.planes.choice import resolve
from gtm.server import running
from gtm.settings import Settings
from tests.system.conftest import AP, EU, US, ZONE, World, both_planes
from tests.system.harness import PATIENCE, Gtm, needs, run_gtm, serving, until

TEXTS = ["note.gtm.example.com", "gtm.example.com"]
LONDON = dns.edns.ECSOption("198.51.100.0", 26)
SINGAPORE = dns.edns.ECSOption("203.0.113.0", 27)


def london(world: World) -> str:
    return world.gtm.address("orders.gtm.example.com", options=[LONDON])


@both_planes
def test_clients_get_the_nearest_region(world: World) -> None:
    assert london(world) == EU
    assert world.gtm.address("payments.gtm.example.com", options=[SINGAPORE]) == AP
    assert world.gtm.address("orders.gtm.example.com") == US, "no place: the zone's first region"


@both_planes
def test_a_killed_backend_moves_its_clients_and_a_revived_one_gets_them_back(world: World) -> None:
    world.backends[EU].kill()
    until("clients of eu-west moved", lambda: london(world) == US)
    world.backends[EU].start()
    until("clients of eu-west returned", lambda: london(world) == EU)


def test_a_backend_that_answers_503_is_down_with_that_reason(world: World) -> None:
    world.backends[EU].status = 503
    until("clients of eu-west moved", lambda: london(world) == US)
    (app,) = [app for app in world.gtm.status()["zones"][0]["apps"] if app["name"] == "shop"]
    (region,) = [region for region in app["regions"] if region["region"] == "eu-west"]
    assert region["state"] == "down"
    assert f"HTTP 503 from {EU}" in region["reason"]


def test_with_every_backend_down_all_are_answered_as_if_up(world: World) -> None:
    for backend in world.backends.values():
        backend.kill()
    shop = 'gtm_region_up{app="shop",region="eu-west",zone="gtm.example.com."}'
    until("eu-west is down", lambda: world.gtm.metric(shop) == 0)
    until("all regions are down", lambda: london(world) == EU)


@both_planes
@pytest.mark.parametrize("transport", [[], ["+tcp"]])
@pytest.mark.parametrize("server", ["127.0.0.1", "::1"])
def test_dig_gets_the_same_over_udp_and_tcp_and_both_families(
    world: World, server: str, transport: list[str]
) -> None:
    dig = needs("dig", "bind9-dnsutils")
    command = [dig, f"@{server}", "-p", str(world.gtm.port), "+short", *transport]
    found = subprocess.run(
        [*command, "+subnet=203.0.113.0/27", "orders.gtm.example.com"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert found.stdout == f"{AP}\n"


def test_dig_shows_no_warning_and_the_scope(world: World) -> None:
    dig = needs("dig", "bind9-dnsutils")
    command = [dig, "@127.0.0.1", "-p", str(world.gtm.port), "+norec", "+subnet=198.51.100.0/26"]
    found = subprocess.run(
        [*command, "orders.gtm.example.com"], capture_output=True, text=True, timeout=PATIENCE
    )
    assert "WARNING" not in found.stdout
    assert "status: NOERROR" in found.stdout
    assert "CLIENT-SUBNET: 198.51.100.0/26/24" in found.stdout


@both_planes
def test_a_saved_file_is_served_without_losing_a_query(world: World) -> None:
    """Twenty saves while queries run: every query has an answer, and the last save wins."""
    stop = threading.Event()
    lost: list[str] = []
    answered = [0]

    def load() -> None:
        source = random.Random(1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(PATIENCE)
            client.connect(("127.0.0.1", world.gtm.port))
            while not stop.is_set():
                query = dns.message.make_query(source.choice(TEXTS), "TXT")
                client.send(query.to_wire())
                try:
                    answer = dns.message.from_wire(client.recv(4096))
                except TimeoutError:
                    lost.append("no answer")
                    continue
                if answer.id != query.id or answer.rcode() != dns.rcode.NOERROR:
                    lost.append(answer.to_text())
                answered[0] += 1

    threads = [threading.Thread(target=load) for _ in range(2)]
    for thread in threads:
        thread.start()
    for number in range(20):
        world.write(world.text.replace("FIRST", f"SAVE{number}"))
        time.sleep(0.1)
    until("the last save is served", lambda: note(world) == '"SAVE19"')
    stop.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert not lost
    assert answered[0] > 100
    assert world.gtm.status()["epoch"] > 2


def note(world: World) -> str:
    return str(world.gtm.ask("note.gtm.example.com", "TXT").answer[0][0])


def test_sighup_loads_again(world: World) -> None:
    before = world.gtm.metric('gtm_reloads_total{result="ok"}')
    world.gtm.signal(signal.SIGHUP)
    until(
        "another load",
        lambda: world.gtm.metric('gtm_reloads_total{result="ok"}') == before + 1,
    )


def test_a_bad_file_changes_nothing_and_is_said_everywhere(world: World) -> None:
    world.write(world.text.replace("topology: spread", "topology: sprad"))
    until("the failed load is known", lambda: world.gtm.metric("gtm_reload_ok") == 0)
    assert london(world) == EU
    reload = world.gtm.status()["reload"]
    assert "cannot load zones: 1 mistake" in reload["error"]
    (mistake,) = reload["mistakes"]
    assert mistake["line"] > 0
    assert "load_failed" in world.gtm.events("error")
    shown = world.gtm.command("status")
    assert shown.returncode == 0
    assert "sprad" in shown.stdout
    world.write(world.text)
    until("the mended file is loaded", lambda: world.gtm.metric("gtm_reload_ok") == 1)


def test_reload_by_command_says_how_it_went(world: World) -> None:
    good = world.gtm.command("reload")
    assert good.returncode == 0, good.stderr
    (world.zones / "gtm.yaml").write_text("zone: [", encoding="utf-8")
    bad = world.gtm.command("reload")
    assert bad.returncode == 1
    assert "gtm.yaml:2:1: " in bad.stdout + bad.stderr


@both_planes
def test_a_flood_of_garbage_costs_no_error_in_the_log(world: World) -> None:
    source = random.Random(2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", world.gtm.port))
        good = dns.message.make_query("orders.gtm.example.com", "A").to_wire()
        for number in range(5000):
            if number % 2:
                packet = source.randbytes(source.randrange(600))
            else:
                changed = bytearray(good)
                for _ in range(3):
                    changed[source.randrange(2, len(changed))] = source.randrange(256)
                packet = bytes(changed)
            client.send(packet)
    assert london(world) == EU
    assert world.gtm.events("error") == []


def test_explain_tells_of_the_running_server_what_it_answers(world: World) -> None:
    world.backends[EU].kill()
    until("clients of eu-west moved", lambda: london(world) == US)
    told = world.gtm.command(
        "explain", "orders.gtm.example.com", "--client", "198.51.100.7", "--json"
    )
    assert told.returncode == 0, told.stderr
    explained = json.loads(told.stdout)
    assert explained["answer"] == [f"orders.gtm.example.com. 30 IN A {US}"]
    assert explained["scope"] == 24
    regions = explained["steering"]["regions"]
    assert [region["region"] for region in regions] == ["eu-west", "us-east", "ap-south"]
    assert "refused" in regions[0]["dropped"]
    assert regions[1]["picked"]


def test_readyz_and_healthz(world: World) -> None:
    assert world.gtm.get("/healthz") == (200, "ok\n")
    assert world.gtm.get("/readyz") == (200, "ready\n")


@both_planes
def test_metrics_count_what_was_answered(world: World) -> None:
    for _ in range(3):
        london(world)
    service = 'service="orders.gtm.example.com.",zone="gtm.example.com."'
    assert world.gtm.metric(f'gtm_answers_total{{region="eu-west",{service}}}') == 3
    socket_ = 'family="1",proto="udp",server="gtm"'
    asked = f'gtm_dns_requests_total{{{socket_},type="A",zone="gtm.example.com."}}'
    assert world.gtm.metric(asked) == 3


def test_it_stops_when_told_and_leaves_no_socket(world: World) -> None:
    assert world.gtm.stop() == 0
    assert not world.gtm.socket.exists()
    assert world.gtm.events()[-1] == "stopped"


def test_a_second_server_on_the_port_says_so_and_leaves(world: World, tmp_path: Path) -> None:
    second = run_gtm(
        *("serve", str(world.zones), "--listen", f"127.0.0.1:{world.gtm.port}"),
        *("--api", f"unix:{tmp_path}/second.sock"),
    )
    assert second.returncode == 3
    assert f"cannot listen on 127.0.0.1:{world.gtm.port}" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_server_killed_hard_can_be_started_again_at_once(world: World, tmp_path: Path) -> None:
    world.gtm.process.kill()
    world.gtm.process.wait(PATIENCE)
    assert world.gtm.socket.exists()
    with serving(tmp_path, world.zones) as again:
        assert again.status()["ready"]


def test_wrong_zones_at_the_start_show_every_mistake_and_exit_1(tmp_path: Path) -> None:
    zones = tmp_path / "zones"
    zones.mkdir()
    (zones / "a.yaml").write_text("zone: a.example.com\nregons: {}\nttl: soon\n", encoding="utf-8")
    gtm = Gtm(tmp_path, zones)
    assert gtm.process.wait(PATIENCE) == 1
    said = gtm.log.read_text()
    assert "a.yaml:2:1: regons:" in said
    assert "a.yaml:3:" in said
    assert "Traceback" not in said


def test_a_broken_database_at_the_start_is_named_and_none_is_a_way_to_go_on(
    world: World, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mmdb"
    broken.write_bytes(b"nothing of the kind")
    refused = run_gtm("serve", str(world.zones), "--listen", "127.0.0.1:0", "--geoip", str(broken))
    assert refused.returncode == 1
    assert "cannot open" in refused.stderr
    assert "broken.mmdb" in refused.stderr
    world.gtm.stop()
    with serving(tmp_path, world.zones, geoip="none") as blind:
        london = blind.address("orders.gtm.example.com", options=[LONDON])
        assert london == US, "the zone's first region for everyone"


@both_planes
def test_log_status_and_metrics_say_which_plane_answers(
    world: World, request: pytest.FixtureRequest
) -> None:
    wanted = "python" if "python" in request.node.name else resolve("auto")
    started = next(line for line in world.gtm.records() if line["event"] == "starting")
    assert started["plane"] == world.gtm.status()["plane"] == wanted
    assert f'plane="{wanted}"' in world.gtm.get("/metrics")[1]
    if os.environ.get("GTM_REQUIRE_NATIVE") == "1":
        assert resolve("auto") == "native"


@pytest.mark.parametrize("plane", ["auto", "python"])
async def test_answers_go_on_while_the_control_loop_is_stuck(
    tmp_path: Path, plane: Literal["auto", "python"]
) -> None:
    """The loop is held for as long as two hundred queries take: nothing else can end the hold."""
    zone = tmp_path / "gtm.yaml"
    zone.write_text(ZONE.replace("PORT", "80").replace("check: web", "min_up: 1"), encoding="utf-8")
    settings = Settings(
        zones=zone,
        listen=("127.0.0.1:0",),
        api=(f"unix:{tmp_path}/s",),
        geoip=("none",),
        plane=plane,
    )
    async with running(settings) as server:
        port = server.listeners[0].at.port
        rcodes: list[int] = []

        def ask() -> None:
            for _ in range(200):
                query = dns.message.make_query("orders.gtm.example.com", "A")
                rcodes.append(dns.query.udp(query, "127.0.0.1", PATIENCE, port).rcode())
                rcodes.append(dns.query.tcp(query, "127.0.0.1", PATIENCE, port).rcode())

        asking = threading.Thread(target=ask)
        asking.start()
        asking.join(PATIENCE)  # blocks the event loop
        assert rcodes == [dns.rcode.NOERROR] * 400
