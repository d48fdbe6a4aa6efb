"""What a probe finds, and what keeps it from being made, reach the outcome as they are."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from gtm.health.aim import Aim
from gtm.health.impairment import Impaired
from gtm.health.measure import Finding, Progress
from gtm.health.tls import days_left
from tests.unit.health.probing import measured


async def test_the_end_of_a_certificate_is_told_with_the_outcome() -> None:
    async def attempt(progress: Progress) -> Finding:
        return Finding(ok=True, what="well", expires=1234.0)

    assert (await measured(attempt)).expires == 1234.0


async def test_a_probe_that_says_that_it_can_not_be_made_is_not_judged() -> None:
    async def attempt(progress: Progress) -> Finding:
        raise Impaired("no such thing here")

    outcome = await measured(attempt)
    assert (outcome.impairment, outcome.reason) == (
        "no such thing here",
        "not probed: no such thing here",
    )


@pytest.mark.parametrize(
    ("aim", "text", "called"),
    [
        (Aim("192.0.2.10", 80), "192.0.2.10:80", "192.0.2.10"),
        (Aim("2001:db8::10", 443, "a.example."), "[2001:db8::10]:443", "a.example"),
        (Aim("192.0.2.10"), "192.0.2.10", "192.0.2.10"),
        (Aim("backend.example.net.", 53), "backend.example.net.:53", "backend.example.net"),
    ],
)
def test_an_aim_is_written_as_operators_know_it(aim: Aim, text: str, called: str) -> None:
    assert (str(aim), aim.called) == (text, called)


def test_a_source_address_decides_the_family() -> None:
    assert Aim("a", source=ip_address("192.0.2.1"), family=6).address_family() == 2
    assert Aim("a", family=6).address_family() == 10
    assert Aim("a").address_family() == 0


@pytest.mark.parametrize(("left", "days"), [(86400, 1), (86399, 0), (0, 0), (-1, -1)])
def test_days_left_are_whole_ones(left: float, days: int) -> None:
    assert days_left(1000 + left, 1000) == days
