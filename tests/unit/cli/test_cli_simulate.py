"""What `gtm simulate` promises: tables for people, JSON for programs, and errors that help."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gtm.geo import bundled
from tests.unit.cli.cli_runs import gtm
from tests.unit.cli.cli_samples import BAD, GOOD

SAMPLE = str(bundled()[0])  # the small database: quick to open
FULL = GOOD.replace("{location: IE}", "{location: IE, capacity: 10}")


@pytest.fixture
def zones(tmp_path: Path) -> str:
    folder = tmp_path / "zones"
    folder.mkdir()
    (folder / "gtm.yaml").write_text(FULL, encoding="utf-8")
    return str(folder)


@pytest.fixture
def traffic(tmp_path: Path) -> str:
    file = tmp_path / "clients.csv"
    file.write_text("192.0.2.0/26,30\n198.51.100.64/26,5\n", encoding="utf-8")
    return str(file)


def simulated(zones: str, *words: str) -> str:
    result = gtm("simulate", zones, "--geoip", SAMPLE, *words)
    assert result.exit_code == 0, result.stderr
    assert result.stderr == "", "no progress bar without a terminal"
    return result.stdout


def row(text: str, *begin: str) -> list[str]:
    """The words of the first line that begins with these."""
    lines = [line.split() for line in text.splitlines()]
    return next(line for line in lines if line[: len(begin)] == list(begin))


def test_shares_before_and_after_stand_beside_each_other(zones: str, traffic: str) -> None:
    text = simulated(zones, "--down", "us-east", "--traffic", traffic)
    assert text.startswith("if us-east is down: 1 service\n  35 queries from clients.csv\n")
    assert row(text, "us-east") == ["us-east", "30", "85.7%", "0", "0.0%", "-85.7%"]
    assert row(text, "eu-west") == ["eu-west", "5", "14.3%", "35", "100.0%", "+85.7%", "×7"]


def test_what_moved_says_how_much_further_it_is(zones: str, traffic: str) -> None:
    text = simulated(zones, "--drain", "us-east", "--traffic", traffic)
    moved = row(text, "us-east", "→")
    assert moved[2:5] == ["eu-west", "30", "85.7%"]
    assert float(moved[5].replace(",", "")) > 4000


def test_a_region_over_its_capacity_is_marked(zones: str, traffic: str) -> None:
    text = simulated(zones, "--down", "us-east", "--traffic", traffic)
    assert row(text, "eu-west", "10") == (
        ["eu-west", "10", "5", "50.0%", "35", "350.0%", "✗", "exceeded"]
    )
    assert "assumed: load: the queries given are taken as they are" in text


def test_the_world_is_taken_without_traffic_and_that_is_said(zones: str) -> None:
    text = simulated(zones)
    assert text.startswith("if nothing changes: 1 service\n")
    assert "nobody moves" in text
    assert "assumed: clients are the IPv4 addresses that the geo databases place" in text
    assert "give --load with the whole load" in " ".join(text.split())


def test_new_zones_are_compared_with_the_old(zones: str, traffic: str, tmp_path: Path) -> None:
    new = tmp_path / "new.yaml"
    biased = FULL.replace("capacity: 10}", "capacity: 100, bias: 99}")
    new.write_text(biased, encoding="utf-8")
    text = simulated(zones, "--zones", str(new), "--traffic", traffic)
    assert row(text, "us-east", "→")[2:4] == ["eu-west", "30"]
    assert row(text, "eu-west", "100")[-1] == "✓"


def test_json_has_it_all(zones: str, traffic: str) -> None:
    words = ("--down", "us-east", "--traffic", traffic, "--load", "70", "--json")
    found = json.loads(simulated(zones, *words))
    assert found["picture"]["moved"] == 30
    assert found["picture"]["moves"][0]["from_region"] == "us-east"
    assert found["parts"][0]["services"] == ["orders.gtm.example.com."]
    assert found["loads"] == [
        {
            "region": "eu-west",
            "capacity": 10,
            "before": 10,
            "after": 70,
            "kept": 70,
            "exceeded": True,
        }
    ]


def test_nothing_is_wider_than_100_columns_or_padded(zones: str, traffic: str) -> None:
    text = simulated(zones, "--down", "us-east", "--traffic", traffic)
    assert all(len(line) <= 100 and line == line.rstrip() for line in text.splitlines())


@pytest.mark.parametrize("name", ["orders", "orders.gtm.example.com", "Orders.gtm.example.com."])
def test_one_service_can_be_looked_at(zones: str, traffic: str, name: str) -> None:
    assert "35 queries" in simulated(zones, "--service", name, "--traffic", traffic)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--down", "us-eats"], "cannot take down region 'us-eats': no zone has it; did you mean"),
        (["--drain", "x"], "cannot drain region 'x': no zone has it; the regions are us-east"),
        (["--service", "order"], "cannot simulate service 'order': no zone has that service"),
    ],
)
def test_unknown_names_end_with_2_and_the_nearest(zones: str, words: list[str], told: str) -> None:
    result = gtm("simulate", zones, "--geoip", SAMPLE, *words)
    assert result.exit_code == 2
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_without_a_database_there_is_no_world(zones: str) -> None:
    result = gtm("simulate", zones, "--geoip", "none")
    assert result.exit_code == 2
    assert "give --traffic FILE" in result.stderr


def test_lines_that_cannot_be_read_end_with_1_and_their_places(zones: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("192.0.2.0/24,1\nnobody,2\n192.0.2.0/24\n", encoding="utf-8")
    result = gtm("simulate", zones, "--geoip", SAMPLE, "--traffic", str(file))
    assert result.exit_code == 1
    head, *lines = result.stderr.splitlines()
    assert head == f"cannot read traffic from {file}: 2 lines can't be read:"
    assert lines[0].startswith(f"{file}:2: 'nobody' is not a network; write")
    assert lines[1].startswith(f"{file}:3: there is no number of queries; write")


def test_zones_that_do_not_load_end_with_1_and_every_mistake(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text(BAD, encoding="utf-8")
    result = gtm("simulate", str(tmp_path))
    assert result.exit_code == 1
    assert len(result.stderr.splitlines()) > 1


def test_files_say_that_no_server_was_asked(zones: str) -> None:
    said = " ".join(simulated(zones).split())
    assert said.endswith(f"from zone files in {zones} alone: no server was asked")


@pytest.mark.parametrize("words", [("--zones", "new"), ("--traffic", "x.csv"), ("--geoip", SAMPLE)])
def test_what_is_about_files_wants_files(words: tuple[str, str]) -> None:
    result = gtm("simulate", "--down", "us-east", *words)
    assert result.exit_code == 2
    assert f"cannot use {words[0]} without files" in result.stderr


def test_a_server_and_files_are_not_asked_at_once(zones: str) -> None:
    result = gtm("simulate", zones, "--api", "unix:/nowhere/gtm.sock", "--down", "us-east")
    assert result.exit_code == 2
    assert "at once" in result.stderr


def test_a_server_that_was_named_is_asked_and_never_replaced_by_files(
    zones: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(Path(zones).parent)
    result = gtm("simulate", "--down", "us-east", "--api", f"unix:{tmp_path}/none.sock")
    assert result.exit_code == 3
    assert "cannot reach gtm" in result.stderr
