"""Receivers in zone files: short forms, shared files, and every mistake with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from gtm.events import Kind, Severity
from gtm.receivers import PAGERDUTY_URL, Guarded, ReceiverType, Where
from gtm.zonefile import load
from gtm.zonefile.expand import expanded
from tests.unit.zonefile.zonefile_writing import HEAD, load_text, mistakes_of, warnings_of, zone_of

ALL = """\
alerts:
  hook: {type: webhook, url: "https://hooks.example.com/gtm", secret_file: /run/secrets/hook}
  hall: {type: slack, url_env: GTM_SLACK_URL, on: [region, all_down], regions: "eu-*", repeat: 0}
  pager: {type: pagerduty, key_file: /run/secrets/pager, severity: critical, apps: [shop]}
  prometheus: {type: alertmanager, url: "http://alertmanager.example.com:9093", severity: info}
"""


def test_receivers_are_read_with_their_defaults(tmp_path: Path) -> None:
    hook, hall, pager, prometheus = zone_of(tmp_path, HEAD + ALL).alerts
    assert hook.secret == Guarded(Where.FILE, "/run/secrets/hook")
    assert (hook.severity, hook.group_wait, hook.repeat) == (Severity.WARNING, 5.0, 14400.0)
    assert (hall.url.where, hall.url.value) == (Where.ENVIRONMENT, "GTM_SLACK_URL")
    assert (hall.kinds, hall.regions) == ((Kind.REGION, Kind.ALL_DOWN), ("eu-*",))
    assert hall.repeat == 0.0
    assert pager.url.value == PAGERDUTY_URL
    assert pager.severity is Severity.CRITICAL
    assert (prometheus.type, prometheus.repeat) == (ReceiverType.ALERTMANAGER, 60.0)


def test_the_long_form_loads_to_the_same(tmp_path: Path) -> None:
    zone = zone_of(tmp_path, HEAD + ALL)
    (tmp_path / "long").mkdir()
    (again,) = load_text(tmp_path / "long", expanded(zone)).zones
    assert again.alerts == zone.alerts


def test_a_shared_file_has_receivers_for_every_zone(tmp_path: Path) -> None:
    (tmp_path / "shared.yaml").write_text(ALL)
    (tmp_path / "a.yaml").write_text(HEAD)
    (tmp_path / "b.yaml").write_text(HEAD.replace("gtm.example", "other.example"))
    first, second = load(tmp_path).zones
    assert first.alerts == second.alerts
    assert len(first.alerts) == 4


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            "{type: pager}",
            "a.yaml:7:15: alerts.ops.type: `pager` is not a type of receiver; write `pagerduty`",
        ),
        (
            "{type: slack}",
            "a.yaml:7:3: alerts.ops: a slack receiver needs a URL; write `url_file:` or "
            "`url_env:`, as the URL is a secret",
        ),
        (
            "{type: pagerduty}",
            "a.yaml:7:3: alerts.ops: a pagerduty receiver needs the routing key of an Events API "
            "v2 integration; write `key_file:` or `key_env:`",
        ),
        (
            "{url_env: A}",
            "a.yaml:7:3: alerts.ops: `type` is missing; "
            "write `type: webhook`, `slack`, `pagerduty` or `alertmanager`",
        ),
        ("{type: pagerduty, key: 0123}", "`key` is not a known key; write `key_"),
        ("{type: webhook, url: 'https://a.example', secret: x}", "write `secret_"),
        (
            "{type: webhook, url: 'https://bob:pass@a.example/'}",
            "the URL holds a name or a password; keep the whole URL in a file (`url_file`) or a "
            "variable (`url_env`)",
        ),
        ("{type: webhook, url: 'ftp://a.example'}", "this is not a URL that can be posted to"),
        (
            "{type: slack, url: 'http://hooks.example.com/x'}",
            "the secret would be sent in the clear",
        ),
        (
            "{type: slack, url_env: A, url_file: /b}",
            "`url_env` stands beside `url_file`; keep one of them",
        ),
        ("{type: slack, url_env: A, key_env: B}", "`key_env` says nothing for a slack receiver"),
        ("{type: slack, url_file: slack.url}", "this is not an absolute path"),
        (
            "{type: slack, url_env: A, on: [regions]}",
            "`regions` is not a kind of event; write `region`",
        ),
        ("{type: slack, url_env: A, severity: bad}", "write `info`, `warning` or `critical`"),
        ("{type: slack, url_env: A, group_wait: 1h}", "an alert would come too late"),
        ("{type: slack, url_env: A, repeat: 5s}", "that is more often than anybody reads"),
        ("{type: slack, url_env: A, burst: 0}", "`0` is not a number of messages"),
        (
            "{type: alertmanager, url: 'http://a.example', repeat: 1h}",
            "Alertmanager repeats by itself",
        ),
    ],
)
def test_a_mistake_is_said_at_its_place(tmp_path: Path, line: str, said: str) -> None:
    found = mistakes_of(tmp_path, f"{HEAD}alerts:\n  ops: {line}\n")
    assert len(found) == 1, found
    assert said in found[0]


def test_receivers_are_no_list(tmp_path: Path) -> None:
    (said,) = mistakes_of(tmp_path, HEAD + "alerts: [{type: slack, url_env: A}]\n")
    assert "alerts: each of `alerts` has a name, so they are no list; write `alerts: {ope" in said


def test_a_secret_that_stands_where_its_file_should_is_not_repeated(tmp_path: Path) -> None:
    for key in ("key_file", "key_env"):
        (said,) = mistakes_of(
            tmp_path, f"{HEAD}alerts: {{ops: {{type: pagerduty, {key}: se-same}}}}\n"
        )
        assert "se-same" not in said


def test_a_name_is_defined_once(tmp_path: Path) -> None:
    (tmp_path / "shared.yaml").write_text(ALL)
    (said,) = mistakes_of(tmp_path, HEAD + "alerts: {hook: {type: slack, url_env: A}}\n")
    assert "`hook` is defined in" in said


def test_a_slack_url_in_the_file_is_warned_of(tmp_path: Path) -> None:
    text = HEAD + "alerts: {hall: {type: slack, url: 'https://hooks.slack.example/x'}}\n"
    (said,) = warnings_of(tmp_path, text)
    assert "whoever reads this file can post to the channel" in said
