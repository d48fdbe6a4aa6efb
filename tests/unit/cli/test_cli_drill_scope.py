"""What a drill may be narrowed to, where safety refuses it for all that a region has."""

from __future__ import annotations

from gtm.cli.drillscene import Scope, drillable
from tests.unit.cli.cli_samples import a_status, an_app, endpoint, region, service

ALONE = service("images", {"eu-west": [endpoint()]})
SPREAD = service("search", {"eu-west": [endpoint()], "us-east": [endpoint()]})


def test_an_app_that_goes_on_elsewhere_can_be_drilled_alone() -> None:
    status = a_status(an_app([region("eu-west"), region("us-east")], []))
    assert drillable(status, Scope("eu-west")) == ["--app shop"]


def test_an_app_that_is_up_nowhere_else_can_not() -> None:
    status = a_status(an_app([region("eu-west"), region("us-east", "down")], []))
    assert drillable(status, Scope("eu-west")) == []


def test_of_a_spread_app_every_service_has_to_go_on() -> None:
    assert drillable(
        a_status(an_app([region("eu-west")], [SPREAD], "spread")), Scope("eu-west")
    ) == ["--app shop"]
    assert (
        drillable(
            a_status(an_app([region("eu-west")], [SPREAD, ALONE], "spread")), Scope("eu-west")
        )
        == []
    )


def test_what_is_one_app_already_is_not_narrowed() -> None:
    status = a_status(an_app([region("eu-west"), region("us-east")], []))
    assert drillable(status, Scope("eu-west", app="shop")) == []
