"""The query log of a real server: JSON lines that tell the region, dnstap that others read.

The reader of dnstap is dnstap-ldns (apt-get install dnstap-ldns).
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.system.harness import needs, serving, until

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [127.0.0.1]}
soa: {contact: hostmaster@example.com}
regions: {one: {location: IE}}
apps: {shop: {topology: replicated, services: {orders: {one: [127.0.0.9]}}}}
records: {alias: {type: CNAME, value: orders.gtm.example.com.}}
"""


@pytest.fixture
def zones(tmp_path: Path) -> Path:
    folder = tmp_path / "zones"
    folder.mkdir()
    (folder / "zone.yaml").write_text(ZONE)
    return folder


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.mark.parametrize("plane", ["native", "python"])
def test_every_answer_is_a_line_with_its_region_and_epoch(
    zones: Path, tmp_path: Path, plane: str
) -> None:
    path = tmp_path / "queries"
    with serving(tmp_path, zones, "--plane", plane, "--query-log", str(path)) as gtm:
        gtm.ask("orders.gtm.example.com")
        gtm.ask("alias.gtm.example.com")  # which the reference responder answers
        gtm.ask("nothing.gtm.example.com")
        wanted = {"orders", "alias", "nothing"}

        def written() -> dict[str, dict[str, object]]:
            found = {
                str(each["name"]).split(".")[0]: each for each in lines(path) if "name" in each
            }
            return {name: each for name, each in found.items() if name in wanted}

        until("all are written", lambda: len(written()) == len(wanted))
        found = written()
    assert found["orders"]["region"] == "one"
    assert found["orders"]["service"] == "orders.gtm.example.com."
    assert found["alias"]["region"] == "one"
    assert found["nothing"]["rcode"] == "NXDOMAIN"
    assert found["orders"]["client"] == "127.0.0.0/24"
    assert found["orders"]["transport"] == "udp"
    epoch = found["orders"]["epoch"]
    assert isinstance(epoch, int)
    assert epoch >= 1
    assert path.stat().st_mode & 0o007 == 0


@pytest.mark.parametrize("plane", ["native", "python"])
def test_dnstap_is_read_by_another_program(zones: Path, tmp_path: Path, plane: str) -> None:
    reader = needs("dnstap-ldns", "dnstap-ldns")
    path = tmp_path / "queries.tap"
    more = ("--query-log", str(path), "--query-log-format", "dnstap")
    with serving(tmp_path, zones, "--plane", plane, *more) as gtm:
        gtm.ask("orders.gtm.example.com")
        until("it is written", lambda: path.exists() and b"orders" in path.read_bytes())
    read = subprocess.run(
        [reader, "-r", str(path), "-y"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert "AUTH_RESPONSE" in read.stdout
    assert "orders.gtm.example.com" in read.stdout
    assert "127.0.0.9" in read.stdout
