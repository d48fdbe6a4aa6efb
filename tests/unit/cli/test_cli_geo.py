"""What `gtm geo why` promises: who says where an address is, and what follows from it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gtm.geo import bundled
from tests.unit.cli.cli_runs import gtm
from tests.unit.cli.cli_samples import GOOD

SAMPLE = str(bundled()[0])  # the small database: quick to open
OVERRULED = (
    GOOD + "geo: {overrides: {192.0.2.0/24: {location: SG}, 192.0.2.0/28: {location: GB}}}\n"
)


@pytest.fixture
def zones(tmp_path: Path) -> str:
    (tmp_path / "gtm.yaml").write_text(OVERRULED, encoding="utf-8")
    return str(tmp_path)


def why(*words: str) -> str:
    result = gtm("geo", "why", *words, "--geoip", SAMPLE)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_the_place_comes_first_with_the_network_and_file_that_say_so() -> None:
    line = why("192.0.2.40").splitlines()[0]
    assert line == f"192.0.2.40 is NA-US-VA (37.54, -77.44), by 192.0.2.32/27 in {SAMPLE}"


def test_a_mapped_address_is_the_ipv4_address_in_it() -> None:
    assert why("::ffff:192.0.2.40").startswith("192.0.2.40 is NA-US-VA")


def test_what_nobody_knows_is_said() -> None:
    assert why("10.0.0.1").startswith("10.0.0.1 is at a place that no database knows")


def test_every_database_is_asked_and_the_first_that_knows_wins() -> None:
    found = json.loads(why("192.0.2.40", "--geoip", str(bundled()[0]), "--json"))
    assert [said["wins"] for said in found["databases"]] == [True, False]
    assert all(said["location"]["code"] == "NA-US-VA" for said in found["databases"])


def test_overrides_of_zones_stand_beside_it_the_longest_wins(zones: str) -> None:
    found = json.loads(why("192.0.2.1", "--zones", zones, "--json"))
    assert [(each["clients"], each["wins"]) for each in found["overrides"]] == [
        ("192.0.2.0/28", True),
        ("192.0.2.0/24", False),
    ]
    ranking = found["rankings"][0]
    assert ranking["services"] == ["orders.gtm.example.com."]
    assert ranking["location"]["code"] == "EU-GB"
    assert [cost["region"] for cost in ranking["costs"]] == ["eu-west", "us-east"]
    assert ranking["costs"][0]["cost"] < ranking["costs"][1]["cost"]


def test_areas_and_costs_are_those_that_explain_tells(zones: str) -> None:
    ranking = json.loads(why("192.0.2.1", "--zones", zones, "--json"))["rankings"][0]
    words = ("explain", "orders.gtm.example.com", "--client", "192.0.2.1")
    run = gtm(*words, "--zones", zones, "--geoip", SAMPLE, "--json")
    steering = json.loads(run.stdout)["steering"]
    assert (ranking["area"], ranking["areas"]) == (steering["area"], steering["areas"])
    assert ranking["network"].endswith(f"/{steering['scope']}")
    assert [(cost["region"], cost["cost"]) for cost in ranking["costs"]] == [
        (region["region"], region["cost"]) for region in steering["regions"]
    ]


def test_a_table_for_people_has_the_regions_in_order_of_cost(zones: str) -> None:
    text = why("192.0.2.1", "--zones", zones)
    table = text[text.index("region ") :].splitlines()
    assert [line.split()[0] for line in table[1:3]] == ["eu-west", "us-east"]
    assert "zone that overrules" in text


def test_a_place_not_known_leaves_the_zones_order(zones: str) -> None:
    assert "place not known: the zone's order, us-east, eu-west" in why(
        "10.0.0.1", "--zones", zones
    )


def test_what_is_no_address_ends_with_2() -> None:
    result = gtm("geo", "why", "192.0.2")
    assert result.exit_code == 2
    assert "it is not an IP address" in result.stderr
