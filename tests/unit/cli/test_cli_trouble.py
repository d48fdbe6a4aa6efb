"""`gtm status` says first, and briefly, what is not up."""

from __future__ import annotations

from gtm.api.models import RegionStatus, Status
from gtm.cli.output import as_text
from gtm.cli.statusview import status_view
from gtm.cli.troubleview import trouble_view
from tests.unit.cli.cli_samples import a_status, an_app, endpoint, region, service


def said(found: Status) -> list[str]:
    return as_text(trouble_view(found)).splitlines()


def lost(number: int) -> Status:
    """So many services whose us-east is down, of 10,000."""
    names = [f"svc{n:04}" for n in range(number)]
    services = [service(name, {"us-east": [endpoint("down")]}, "down") for name in names]
    app = an_app([region("us-east", "down"), region("eu-west")], services, "spread")
    return a_status(app.model_copy(update={"services_left_off": 10_000 - number}))


def test_all_is_up_is_one_line() -> None:
    found = said(a_status(an_app([region("eu-west")], [service("a", {"eu-west": [endpoint()]})])))
    assert found == ["✓ all is up: 1 service, wherever they run"]


def test_a_region_that_is_lost_is_one_line_however_many_services_it_takes() -> None:
    found = said(lost(3000))
    assert found[0] == "✗ 3,000 of 10,000 services not up everywhere"
    assert "us-east  ✗ down" in found[1]
    assert "and 2,997 more" in " ".join(" ".join(found).split())
    assert len(found) <= 4


def test_the_whole_status_is_no_wall_of_text() -> None:
    shown = as_text(status_view(lost(3000))).splitlines()
    assert len(shown) < 80
    assert any("2,980 services not up everywhere; gtm top shows them all" in one for one in shown)


def test_what_is_down_comes_before_what_was_drained_and_before_lone_endpoints() -> None:
    drained = RegionStatus(**{**region("ap", "down").model_dump(), "act": "drain"})
    services = [
        service("a", {"eu-west": [endpoint(), endpoint("down")]}),
        service("b", {"us-east": [endpoint("down")]}, "down"),
    ]
    shown = said(a_status(an_app([drained, region("us-east"), region("eu-west")], services)))
    first_words = [
        line.split()[0] for line in shown[1:] if line.startswith("  ") and line[2] != " "
    ]
    assert first_words == ["us-east", "ap", "eu-west"]


def test_the_services_of_a_block_that_is_down_are_not_told_again() -> None:
    services = [service("a", {"us-east": [endpoint("down")]}, "down")]
    shown = said(a_status(an_app([region("us-east", "down", "a is down")], services)))
    assert len(shown) == 2
    assert "shop: a is down" in shown[1]
