"""What `gtm explain` promises, from files; the server's side is the API's to promise."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gtm.geo import bundled
from tests.unit.cli.cli_runs import gtm
from tests.unit.cli.cli_samples import BAD, GOOD

SAMPLE = str(bundled()[0])  # the small database: quick to open


@pytest.fixture
def zones(tmp_path: Path) -> str:
    (tmp_path / "gtm.yaml").write_text(GOOD, encoding="utf-8")
    return str(tmp_path)


def explained(zones: str, *words: str) -> str:
    result = gtm("explain", *words, "--zones", zones, "--geoip", SAMPLE)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_question_and_answer_come_first(zones: str) -> None:
    lines = explained(zones, "orders.gtm.example.com", "--client", "198.51.100.65").splitlines()
    assert lines[0] == "orders.gtm.example.com A asked from 198.51.100.65"
    assert lines[1].split() == ["orders.gtm.example.com.", "30", "IN", "A", "198.51.100.10"]
    assert lines[2].strip().startswith("eu-west: the nearest region")


def test_regions_stand_in_order_of_cost_and_the_picked_one_is_marked(zones: str) -> None:
    text = explained(zones, "orders.gtm.example.com", "--client", "192.0.2.1")
    table = text[text.index("cost") :].splitlines()[1:3]
    assert table[0].split()[:2] == ["→", "us-east"]
    assert table[1].split()[0] == "eu-west"


def test_nothing_is_wider_than_100_columns_or_padded(zones: str) -> None:
    text = explained(zones, "orders.gtm.example.com", "--client", "2001:db8:3000:100::1")
    assert all(len(line) <= 100 and line == line.rstrip() for line in text.splitlines())


def test_networks_are_printed_as_they_are(zones: str) -> None:
    """`:100:` is an emoji to some."""
    text = explained(zones, "orders.gtm.example.com", "--client", "2001:db8:3000:100::1")
    assert "2001:db8:3000:100::/56" in text


def test_what_no_server_was_asked_for_is_said_to_be_assumed(zones: str) -> None:
    text = explained(zones, "orders.gtm.example.com", "--client", "192.0.2.1")
    assert "taken to be up" in text
    assert "assumed up: not asked of a running server" in text


def test_a_client_nobody_knows_is_said_to_be_unknown(zones: str) -> None:
    text = explained(zones, "orders.gtm.example.com", "--client", "10.0.0.1")
    assert "no geo database knows where it is" in text
    assert "place not known" in text


def test_no_database_can_be_asked_for(zones: str) -> None:
    result = gtm(
        "explain", "orders.gtm.example.com", "--client", "192.0.2.1", "--zones", zones,
        "--geoip", "none",
    )  # fmt: skip
    assert result.exit_code == 0
    assert "no geo database knows where it is" in result.stdout


def test_a_name_that_is_not_there_is_an_answer_too(zones: str) -> None:
    text = explained(zones, "nope.gtm.example.com", "--client", "192.0.2.1")
    assert "NXDOMAIN" in text
    assert "no such name in the zone" in text


def test_json_has_the_shape_of_the_api(zones: str) -> None:
    found = json.loads(
        explained(zones, "www.gtm.example.com", "A", "--client", "192.0.2.1", "--json")
    )
    assert found["steering"]["regions_picked"][0] == "us-east"
    assert found["rcode"] == "NOERROR"
    assert len(found["answer"]) == 2


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["orders.gtm.example.com", "--client", "192.0.2"], "it is not an IP address"),
        (["a..b", "--client", "192.0.2.1"], "it is not a domain name"),
        (["a.b", "HUH", "--client", "192.0.2.1"], "it is not a record type"),
        (["a.b", "--client", "192.0.2.1", "--api", "unix:/x"], "leave out --api"),
    ],
)
def test_wrong_usage_ends_with_2_and_a_line(zones: str, words: list[str], told: str) -> None:
    result = gtm("explain", *words, "--zones", zones, "--geoip", SAMPLE)
    assert result.exit_code == 2
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_zones_that_do_not_load_end_with_1_and_every_mistake(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BAD, encoding="utf-8")
    result = gtm("explain", "a.b", "--client", "192.0.2.1", "--zones", str(tmp_path))
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) > 1


def test_a_database_that_does_not_open_ends_with_1(zones: str, tmp_path: Path) -> None:
    missing = str(tmp_path / "nowhere.mmdb")
    result = gtm("explain", "a.b", "--client", "192.0.2.1", "--zones", zones, "--geoip", missing)
    assert result.exit_code == 1
    assert f"cannot open {missing}" in result.stderr


def test_without_a_server_the_zones_here_are_read_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones" / "gtm.yaml").write_text(GOOD, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    result = gtm(
        "explain", "orders.gtm.example.com", "--client", "192.0.2.1",
        environment={
            "XDG_RUNTIME_DIR": str(tmp_path), "RUNTIME_DIRECTORY": "", "GTM_GEOIP": SAMPLE
        },
    )  # fmt: skip
    assert result.exit_code == 0
    assert result.stderr.startswith("no server runs at unix:")
    assert "us-east" in result.stdout


def test_a_server_that_was_named_is_never_replaced_by_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "zones").mkdir()
    monkeypatch.chdir(tmp_path)
    result = gtm("explain", "a.b", "--client", "192.0.2.1", "--api", f"unix:{tmp_path}/no.sock")
    assert result.exit_code == 3
    assert "is it running? start it with gtm serve" in result.stderr


def test_the_ttl_is_explained_as_a_server_would_have_it_with_everything_up(tmp_path: Path) -> None:
    text = GOOD.replace("soa:", "ttl: {min: 10, max: 60}\nsoa:")
    (tmp_path / "gtm.yaml").write_text(text, encoding="utf-8")
    said = explained(str(tmp_path), "orders.gtm.example.com", "--client", "198.51.100.65")
    assert said.splitlines()[1].split()[1] == "30"
    assert "30 s: " in said
    fixed = tmp_path / "fixed"
    fixed.mkdir()
    (fixed / "gtm.yaml").write_text(GOOD, encoding="utf-8")
    said = explained(str(fixed), "orders.gtm.example.com", "--client", "198.51.100.65")
    assert "30 s: the zone's ttl" in said
