"""Certificates that end soon are said at once, daily, and when it is over."""

from __future__ import annotations

from structlog.testing import capture_logs

from gtm.health.certificates import Certificates, Ending
from tests.unit.health.health_backends import target

DAY = 86400.0
SITE = target("https", server_name="orders.example.com")


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def test_it_is_said_once_a_day_from_warn_before_on() -> None:
    clock, told = Clock(), list[Ending]()
    certificates, ends = Certificates(clock, told.append), clock.now + 16 * DAY
    with capture_logs() as logs:
        for _ in range(4 * 24):  # an hour between probes
            certificates.note(SITE, ends)
            clock.now += 3600.0
    assert [line["days_left"] for line in logs] == [13, 12]
    assert logs[0]["event"] == "certificate_ends_soon"
    assert logs[0]["endpoint"] == "192.0.2.10:443"
    assert [ending.over for ending in told] == [False, False]
    assert told[0].reason == (
        "the certificate for orders.example.com ends on 2023-11-30, in 13 days"
    )


def test_a_new_certificate_ends_it() -> None:
    clock, told = Clock(), list[Ending]()
    certificates = Certificates(clock, told.append)
    certificates.note(SITE, clock.now - DAY)
    certificates.note(SITE, clock.now + 90 * DAY)
    certificates.note(SITE, clock.now + 90 * DAY)
    assert [(ending.ended, ending.over) for ending in told] == [(True, False), (False, True)]


def test_checks_without_tls_have_no_certificate_to_warn_of() -> None:
    told = list[Ending]()
    Certificates(Clock(), told.append).note(target("tcp"), 0.0)
    assert told == []
