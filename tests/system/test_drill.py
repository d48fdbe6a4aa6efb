"""`gtm drill` against a real server: it measures, and leaves nothing behind."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.system.harness import GTM, PATIENCE, Gtm, plain_environment, serving, until

ZONE = """
zone: gtm.example.com
ttl: 30
nameservers: {ns1: [127.0.0.1]}
safety: {min_regions: 1}
regions:
  us-east: {location: [39.04, -77.49]}
  eu-west: {location: [53.35, -6.26]}
  ap-south: {location: [1.35, 103.82]}
apps:
  shop:
    topology: replicated
    ramp: 1s
    services:
      orders: {us-east: [192.0.2.11], eu-west: [192.0.2.12], ap-south: [192.0.2.13]}
  lonely:
    topology: spread
    services:
      alone: {eu-west: [192.0.2.22]}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gtm]:
    folder = tmp_path_factory.mktemp("drill")
    zones = folder / "zones"
    zones.mkdir()
    (zones / "gtm.yaml").write_text(ZONE, encoding="utf-8")
    with serving(folder, zones) as gtm:
        yield gtm


def overrides(gtm: Gtm) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(gtm.get("/v1/overrides")[1])["overrides"]
    return found


def started(gtm: Gtm, *words: str) -> subprocess.Popen[str]:
    command = [str(GTM), "drill", "--region", "eu-west", "--app", "shop", "--yes", *words]
    return subprocess.Popen(
        [*command, "--api", f"unix:{gtm.socket}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=plain_environment(),
    )


def in_force(gtm: Gtm) -> dict[str, object]:
    until("the region is forced down", lambda: bool(overrides(gtm)))
    return overrides(gtm)[0]


def test_a_drill_measures_and_leaves_nothing(server: Gtm, tmp_path: Path) -> None:
    picture, written = tmp_path / "drill.svg", tmp_path / "drill.txt"
    drill = started(
        server, "--duration", "2s", "--json", "--svg", str(picture), "--report", str(written)
    )
    assert in_force(server)["act"] == "down"
    out, err = drill.communicate(timeout=PATIENCE * 2)
    assert drill.returncode == 0, err
    found = json.loads(out)
    assert found["passed"], found["faults"]
    assert found["failures"] == {}
    assert found["unneeded"] == []
    assert 0 <= found["marks"]["gone"] < 2
    assert found["marks"]["back"] is not None
    shares = {one["region"]: one for one in found["shares"]}
    assert shares["eu-west"]["before"] > 0
    assert shares["eu-west"]["during"] == 0
    assert shares["eu-west"]["after"] == pytest.approx(shares["eu-west"]["before"], abs=0.05)
    assert overrides(server) == []
    assert ET.parse(picture).getroot().tag.endswith("svg")
    assert "✓ passed" in written.read_text(encoding="utf-8")


def test_a_drill_that_is_told_to_stop_takes_the_region_back_and_says_what_it_saw(
    server: Gtm,
) -> None:
    drill = started(server, "--duration", "60s")
    in_force(server)
    drill.send_signal(signal.SIGTERM)
    out, err = drill.communicate(timeout=PATIENCE)
    assert drill.returncode == 1, err
    assert "cut short" in out
    assert overrides(server) == []


def test_a_drill_that_is_killed_leaves_an_override_that_ends_by_itself(server: Gtm) -> None:
    drill = started(server, "--duration", "1s")
    found = in_force(server)
    drill.kill()
    drill.communicate(timeout=PATIENCE)
    assert overrides(server), "kill -9 leaves no time to take it back"
    until("the override ends by itself", lambda: overrides(server) == [])
    assert found["act"] == "down"


def test_safety_refuses_and_says_what_it_would_leave(server: Gtm) -> None:
    found = server.command("drill", "--region", "eu-west", "--yes")
    assert found.returncode == 3
    assert "alone" in found.stderr
    assert len(found.stderr.splitlines()) == 1
    assert overrides(server) == []


def test_a_dry_run_says_what_would_move_and_does_nothing(server: Gtm) -> None:
    found = server.command("drill", "--region", "eu-west", "--app", "shop", "--dry-run", "--json")
    assert found.returncode == 0, found.stderr
    plan = json.loads(found.stdout)
    assert plan["changes"] == ["changes then: shop in eu-west up → down"]
    assert {one["region"]: one["after"] for one in plan["foreseen"]}["eu-west"] == 0
    assert overrides(server) == []


def test_an_operators_own_word_is_not_replaced(server: Gtm) -> None:
    drained = server.command("force", "up", "app/shop/eu-west", "--reason", "mine", "--by", "alice")
    assert drained.returncode == 0
    found = server.command("drill", "--region", "eu-west", "--app", "shop", "--yes")
    assert found.returncode == 2
    assert "gtm undrain" in found.stderr
    assert overrides(server)[0]["author"] == "alice"
    server.command("undrain", "app/shop/eu-west")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--region", "eu-wst"), "did you mean `eu-west`?"),
        (("--region", "eu-west", "--app", "shpo"), "did you mean `shop`?"),
        (("--region", "eu-west", "--duration", "9h"), "gtm drain"),
        (("--region", "eu-west", "--svg", "/nowhere/drill.svg"), "there is no folder /nowhere"),
        (("--region", "eu-west", "--app", "shop", "--server", "x"), "write ADDR:PORT"),
        (("--region", "eu-west", "--app", "shop"), "add --yes"),
    ],
)
def test_what_can_not_be_drilled_is_a_line_with_a_remedy(
    server: Gtm, words: tuple[str, ...], said: str
) -> None:
    found = server.command("drill", *words)
    assert found.returncode == 2, found.stdout
    assert said in found.stderr.splitlines()[-1]
    assert overrides(server) == []
