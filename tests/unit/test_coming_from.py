"""Promises of docs/coming-from.md: everything that it says to write can be loaded."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gtm.zonefile import load
from tests.unit.test_documents import blocks
from tests.worlds import ROOT

PAGE = ROOT / "docs" / "coming-from.md"
ROW = re.compile(r"^\| (.+?) \| (.+) \|$", re.M)
OF_THE_ZONE = {"regions", "checks", "geo", "latency", "records", "safety", "ttl"}
SYSTEMS = {
    *("Amazon Route 53", "NS1", "Akamai GTM", "F5 BIG-IP DNS", "Cloudflare Load Balancing"),
    *("gdnsd", "PowerDNS Lua records", "geodns", "k8gb"),
}


def written(cell: str) -> list[dict[str, Any]]:
    """The YAML among what a cell has in code."""
    spans = [yaml.safe_load(span) for span in re.findall(r"`([^`]+: [^`]+)`", cell)]
    return [span for span in spans if isinstance(span, dict)]


def rows() -> list[tuple[str, list[dict[str, Any]]]]:
    """What is said there, and the YAML for it here, of every row that has some."""
    found = [(there, written(here)) for there, here in ROW.findall(PAGE.read_text("utf-8"))]
    return [(there, spans) for there, spans in found if spans]


def zone_with(parts: list[dict[str, Any]]) -> str:
    """The page's frame with these keys in their places."""
    frame = yaml.safe_load(blocks(PAGE, "yaml")[0])
    for part in parts:
        for key, value in part.items():
            place = frame if key in OF_THE_ZONE else frame["apps"]["shop"]
            if key == "checks":
                place[key].update(value)
            else:
                place[key] = value
    return json.dumps(frame)


@pytest.mark.parametrize(("there", "spans"), rows())
def test_what_is_to_be_written_is_read(
    tmp_path: Path, there: str, spans: list[dict[str, Any]]
) -> None:
    around = [span for span in spans if "steering" not in span]
    for one in [span for span in spans if "steering" in span] or [{}]:
        file = tmp_path / "zone.yaml"
        file.write_text(zone_with([*around, one]), encoding="utf-8")
        assert load(file).zones[0].name == "gtm.example.com."


def test_every_system_has_a_table() -> None:
    text = PAGE.read_text("utf-8")
    assert set(re.findall(r"^## (.+)$", text, re.M)) == SYSTEMS | {"What cannot be said"}
    assert len(rows()) > 60
