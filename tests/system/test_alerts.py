"""A real Alertmanager believes what gtm tells it; history says what happened.

Debian has it: apt-get install prometheus-alertmanager.
"""

from __future__ import annotations

import json
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.conftest import EU, World
from tests.system.harness import PATIENCE, free_port, needs, until

CONFIGURATION = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


class Alertmanager:
    def __init__(self, folder: Path) -> None:
        self.at = f"http://127.0.0.1:{free_port()}"
        program = needs("prometheus-alertmanager", "prometheus-alertmanager")
        (folder / "alertmanager.yml").write_text(CONFIGURATION)
        command = [program, f"--config.file={folder}/alertmanager.yml"]
        command += [f"--storage.path={folder}/data", "--cluster.listen-address="]
        command += [f"--web.listen-address={self.at.removeprefix('http://')}"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def alerts(self) -> list[dict[str, Any]] | None:
        """What is firing; None while it starts."""
        try:
            with urllib.request.urlopen(f"{self.at}/api/v2/alerts", timeout=PATIENCE) as answer:
                found: list[dict[str, Any]] = json.load(answer)
                return found
        except OSError:
            return None


@pytest.fixture
def alertmanager(tmp_path: Path) -> Iterator[Alertmanager]:
    folder = tmp_path / "alertmanager"
    folder.mkdir()
    found = Alertmanager(folder)
    try:
        until("Alertmanager answers", lambda: found.alerts() is not None)
        yield found
    finally:
        found.process.kill()
        found.process.wait(PATIENCE)


def test_alertmanager_has_a_region_while_it_is_down_and_no_longer(
    world: World, alertmanager: Alertmanager
) -> None:
    receiver = f"{{type: alertmanager, url: '{alertmanager.at}', group_wait: 2s}}"
    world.write(f"{world.text}alerts: {{am: {receiver}}}\n")
    until("the file is loaded", lambda: world.gtm.events().count("loaded") == 2)
    world.backends[EU].kill()
    until("it is told", lambda: bool(alertmanager.alerts()))
    (alert,) = alertmanager.alerts() or []
    assert alert["labels"] == {
        "alertname": "GtmRegionDown",
        "severity": "critical",
        "gtm_alert": "gtm/region/eu-west",
        "job": "gtm",
        "region": "eu-west",
    }
    assert alert["annotations"]["summary"].startswith("eu-west is down for shop, with 2 endpoints")
    world.backends[EU].start()
    until("it is over", lambda: alertmanager.alerts() == [])
    assert world.gtm.metric('gtm_alerts_sent_total{receiver="am",result="sent"}') >= 2


def test_history_and_status_say_what_happened_and_who_decided(world: World) -> None:
    world.backends[EU].kill()
    until("it is noted", lambda: "shop in eu-west is down" in world.gtm.command("history").stdout)
    found = json.loads(world.gtm.command("history", "--region", "eu-*", "--json").stdout)
    assert {event["region"] for event in found["events"]} == {"eu-west"}
    assert {event["by"] for event in found["events"]} == {"probe"}
    assert "lately" in world.gtm.command("status").stdout
    refused = world.gtm.get("/v1/history?regoin=eu")
    assert refused[0] == 400
    drain = ["drain", "region/us-east", "--reason", "kernel", "--by", "alice"]
    assert world.gtm.command(*drain).returncode == 0
    said = " ".join(world.gtm.command("history", "--since", "1h").stdout.split())
    assert "override of region/us-east set: drained by alice: kernel (override by alice)" in said
