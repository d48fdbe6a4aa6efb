"""Promises of docs/topologies.md and docs/steering.md: what they show is read, and comes true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from gtm.dns.fallback import SAID
from gtm.explain import explain
from gtm.model import AllDown
from gtm.zonefile import load
from tests.unit.test_documents import blocks, name_of, whole
from tests.worlds import ROOT, compile_world

TOPOLOGIES = ROOT / "docs" / "topologies.md"
STEERING = ROOT / "docs" / "steering.md"
SHOWN = [
    (path, number) for path in (TOPOLOGIES, STEERING) for number in range(len(blocks(path, "yaml")))
]

CLIENTS = {"Virginia": "192.0.2.1", "Dublin": "198.51.100.65", "Singapore": "203.0.113.1"}
PAYMENTS_IN_EU_WEST = "198.51.100.20"


@pytest.mark.parametrize(
    ("path", "number"),
    SHOWN,
    ids=lambda value: name_of(value) if isinstance(value, Path) else str(value),
)
def test_zone_files_shown_are_read_without_a_warning(
    tmp_path: Path, path: Path, number: int
) -> None:
    file = tmp_path / "shown.yaml"
    file.write_text(whole(blocks(path, "yaml")[number]), encoding="utf-8")
    assert load(file).warnings == ()


def said_regions() -> Iterator[tuple[str, str, str, str, str]]:
    """Topology, client, service, region before and region after, of each row of the tables."""
    parts = re.split(r"^### (\w+)$", TOPOLOGIES.read_text(encoding="utf-8"), flags=re.M)
    for topology, text in zip(parts[1::2], parts[2::2], strict=True):
        for row in re.findall(r"^\| (\w+) \| (orders|payments) \| (\S+) \| (\S+) \|$", text, re.M):
            yield topology, *row


def test_the_tables_of_both_topologies_are_whole() -> None:
    pairs = {(topology, client, service) for topology, client, service, *_ in said_regions()}
    assert len(pairs) == 2 * len(CLIENTS) * 2


@pytest.mark.parametrize(("topology", "client", "service", "before", "after"), list(said_regions()))
def test_clients_get_the_regions_that_the_tables_say(
    topology: str, client: str, service: str, before: str, after: str
) -> None:
    zone = blocks(TOPOLOGIES, "yaml")[0].replace("replicated", topology)
    name, address = f"{service}.gtm.example.com", ip_address(CLIENTS[client])
    for down, expected in (((), before), ((PAYMENTS_IN_EU_WEST,), after)):
        found = explain(compile_world({"zone.yaml": zone}, down), name, "A", address, 0.0)
        assert found.steering is not None
        assert found.steering.regions_picked == (expected,)


def test_extended_dns_errors_are_the_ones_described() -> None:
    rows = re.findall(
        r"^\| (.*?) \|.*?\| (\d+).*?, `(.*?)` \|$", STEERING.read_text(encoding="utf-8"), re.M
    )
    described = {key: (int(code), text) for key, code, text in rows}
    keys = {
        AllDown.ALL: "`all` (default)",
        AllDown.LAST_GOOD: "`last_good`",
        AllDown.NODATA: "`nodata`",
        AllDown.SERVFAIL: "`servfail`",
        AllDown.ADDRESSES: "a list of addresses",
    }
    assert described == {keys[mode]: (int(said.info), said.text) for mode, said in SAID.items()}
