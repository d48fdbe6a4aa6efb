"""Certificates that end soon are said at once, daily, and when it is over."""

from __future__ import annotations

from dataclasses import replace

from structlog.testing import capture_logs

from gtm.checks import Http, Tls
from gtm.health.certificates import Certificates, Ending
from tests.unit.health.health_backends import target

DAY = 86400.0
SITE = target("https", server_name="orders.example.com")


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def noted(certificates: Certificates, expires: float) -> list[Ending]:
    found = certificates.note(SITE, expires)
    return [] if found is None else [found]


def test_it_is_said_once_a_day_from_warn_before_on() -> None:
    clock, told = Clock(), list[Ending]()
    certificates, ends = Certificates(clock), clock.now + 16 * DAY
    with capture_logs() as logs:
        for _ in range(4 * 24):  # an hour between probes
            told += noted(certificates, ends)
            clock.now += 3600.0
    assert [line["days_left"] for line in logs] == [13, 12]
    assert logs[0]["event"] == "certificate_ends_soon"
    assert logs[0]["endpoint"] == "192.0.2.10:443"
    assert [ending.over for ending in told] == [False, False]
    assert told[0].reason == (
        "the certificate for orders.example.com ends on 2023-11-30, in 13 days"
    )


def test_its_end_is_said_when_it_comes() -> None:
    clock = Clock()
    certificates, ends = Certificates(clock), clock.now + 600.0
    first = noted(certificates, ends)
    clock.now += 601.0
    second = noted(certificates, ends)
    assert [ending.ended for ending in first + second] == [False, True]
    assert second[0].reason == "the certificate for orders.example.com ended on 2023-11-14"
    assert noted(certificates, ends) == []


def test_a_new_certificate_ends_it() -> None:
    clock = Clock()
    certificates = Certificates(clock)
    told = noted(certificates, clock.now - DAY)
    told += noted(certificates, clock.now + 90 * DAY)
    told += noted(certificates, clock.now + 90 * DAY)
    assert [(ending.ended, ending.over) for ending in told] == [(True, False), (False, True)]


def test_it_is_over_for_what_is_probed_no_more() -> None:
    clock = Clock()
    certificates = Certificates(clock)
    noted(certificates, clock.now + DAY)
    renamed = replace(SITE, check=replace(SITE.check, port=8443))
    certificates.moved(SITE, renamed)
    assert certificates.forget(SITE) is None
    ending = certificates.forget(renamed)
    assert ending is not None
    assert ending.over
    assert certificates.forget(renamed) is None


def test_checks_without_tls_have_no_certificate_to_warn_of() -> None:
    assert Certificates(Clock()).note(target("tcp"), 0.0) is None


def test_one_that_nobody_verifies_can_end_unsaid() -> None:
    clock = Clock()
    for verify, warned in ((True, True), (False, False)):
        tls = Tls(verify=verify, warn_before=0.0)
        one = replace(SITE, check=replace(SITE.check, probe=Http(tls)))
        assert (Certificates(clock).note(one, clock.now - DAY) is not None) is warned
