"""Loads posted to a real server move the answers that dig gets."""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any

from tests.system.conftest import EU, US, World
from tests.system.harness import PATIENCE, Gtm, UnixConnection, needs, until

ASKERS = [f"127.0.0.{last}" for last in range(100, 140)]


def asked(gtm: Gtm) -> list[str]:
    """What dig gets for a network in London, from each of the askers."""
    dig = needs("dig", "bind9-dnsutils")
    found = []
    for asker in ASKERS:
        command = [dig, "@127.0.0.1", "-p", str(gtm.port), "-b", asker, "+short"]
        run = subprocess.run(
            [*command, "+subnet=198.51.100.0/26", "orders.gtm.example.com"],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        found.append(run.stdout.strip())
    return found


def post(gtm: Gtm, body: Any) -> tuple[int, dict[str, Any]]:
    """The status and the JSON of what the API says to a load."""
    connection = UnixConnection(gtm.socket)
    headers = {"Content-Type": "application/json"}
    connection.request("POST", "/v1/load", json.dumps(body), headers)
    response = connection.getresponse()
    return response.status, json.loads(response.read())


def test_posted_loads_move_a_part_of_the_answers_and_back(world: World) -> None:
    gtm = world.gtm
    limited = world.text.replace("-6.26]}", "-6.26], capacity: 100}")
    world.write(limited)
    until("the capacity is known", lambda: bool(gtm.status()["loads"]))
    assert set(asked(gtm)) == {EU}
    code, said = post(
        gtm, {"loads": [{"region": "mars", "load": 1}, {"region": "eu-west", "load": 1}]}
    )
    assert code == 400
    assert "there is no such region" in said["error"]

    def spills() -> bool:
        assert post(gtm, {"region": "eu-west", "load": 300})[0] == 200
        return US in asked(gtm)

    deadline = time.monotonic() + 60
    while not spills():
        assert time.monotonic() < deadline, gtm.command("status").stdout
    got = asked(gtm)
    assert set(got) == {EU, US}, "no more than is too much goes elsewhere"
    assert "spilling" in gtm.command("status").stdout
    explained = gtm.command("explain", "orders.gtm.example.com", "--client", "198.51.100.1")
    assert "of these clients now" in explained.stdout
    assert gtm.metric('gtm_region_spilling{region="eu-west",zone="gtm.example.com."}') == 1
