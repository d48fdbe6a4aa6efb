"""`gtm top` over a real server: samples in pipes, a screen on a terminal."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.harness import GTM, Gtm, plain_environment, serving
from tests.system.terminals import COLUMNS, PATIENCE, ROWS, on_terminal

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [127.0.0.1]}
regions: {us-east: {location: US}, eu-west: {location: IE}}
apps:
  shop:
    topology: replicated
    services: {orders: {us-east: [192.0.2.11], eu-west: [192.0.2.12]}}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gtm]:
    folder = tmp_path_factory.mktemp("top")
    zones = folder / "zones"
    zones.mkdir()
    (zones / "gtm.yaml").write_text(ZONE, encoding="utf-8")
    with serving(folder, zones) as gtm:
        yield gtm


def test_without_a_terminal_one_sample_is_printed(server: Gtm) -> None:
    found = server.command("top")
    assert found.returncode == 0, found.stderr
    assert "us-east  ✓ up" in found.stdout
    assert "\x1b" not in found.stdout


def test_json_is_a_line_each_time_until_nobody_reads(server: Gtm) -> None:
    command = [str(GTM), "top", "--json", "--every", "0.5", "--api", f"unix:{server.socket}"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=plain_environment()
    ) as top:
        assert top.stdout is not None
        assert top.stderr is not None
        for _ in range(2):
            assert json.loads(top.stdout.readline())["services"] == 1
        top.stdout.close()  # as `| head -2` does
        assert top.stderr.read() == ""
        top.wait(PATIENCE)


def test_on_a_terminal_it_fills_the_screen_and_q_gives_it_back(server: Gtm, tmp_path: Path) -> None:
    with on_terminal("top", "--api", f"unix:{server.socket}") as terminal:
        assert terminal.shows("us-east", "✓ up", "q quit")
        server.command("drain", "region/us-east", "--reason", "test", "--by", "alice")
        assert terminal.shows("⏏ drained", "drained by alice")
        server.command("undrain", "region/us-east", "--by", "alice")
        terminal.press("s")
        assert terminal.shows("sort: busy")
        for view in terminal.views():
            lines = view.split("\n")
            assert len(lines) <= ROWS
            assert all(len(line.rstrip("\r")) <= COLUMNS for line in lines)
        terminal.press("q")
        assert terminal.process.wait(PATIENCE) == 0


def test_a_status_can_leave_out_what_is_well(server: Gtm) -> None:
    whole = json.loads(server.get("/v1/status")[1])["zones"][0]["apps"][0]
    brief = json.loads(server.get("/v1/status?services=ailing")[1])["zones"][0]["apps"][0]
    assert [len(whole["services"]), whole["services_left_off"]] == [1, 0]
    assert [len(brief["services"]), brief["services_left_off"]] == [0, 1]
    assert server.get("/v1/status?services=none")[0] in (400, 422)
