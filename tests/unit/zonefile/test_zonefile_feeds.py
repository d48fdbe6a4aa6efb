"""`passive` and `latency_feed` in zone files: values, defaults, and mistakes with remedies."""

from __future__ import annotations

from pathlib import Path

import pytest

from gtm.checks import Check, Passive
from gtm.errors import ZoneFileError
from gtm.model import LatencyRules, Zone
from gtm.zonefile import expand, load

TEXT = """\
zone: gtm.example.com
nameservers: {ns1: 192.0.2.53}
regions: {us: {location: US-VA}}
checks: {api: {type: https, CHECK}}
apps: {shop: {topology: spread, check: api, APP services: {orders: {us: 192.0.2.1}}}}
"""


def written(check: str = "", app: str = "", rest: str = "") -> str:
    return TEXT.replace("CHECK", check).replace("APP", app) + rest


def read(folder: Path, text: str) -> Zone:
    (folder / "zone.yaml").write_text(text, encoding="utf-8")
    return load(folder).zones[0]


def passive_of(zone: Zone) -> Passive | None:
    check = zone.apps[0].check
    assert isinstance(check, Check)
    return check.passive


def test_values_reach_the_model(tmp_path: Path) -> None:
    keys = "{failures: 20%, minimum: 5, window: 1m, hold: 10s, most: 25%, reporters: 2}"
    zone = read(tmp_path, written(f"passive: {keys}"))
    assert passive_of(zone) == Passive(0.2, 5, 60.0, 10.0, 0.25, 2)


def test_defaults_are_the_models_and_without_passive_reports_say_nothing(tmp_path: Path) -> None:
    assert passive_of(read(tmp_path, written("passive: {}"))) == Passive()
    assert passive_of(read(tmp_path, written())) is None


def test_latency_rules_reach_the_model(tmp_path: Path) -> None:
    assert read(tmp_path, written()).latency_feed == LatencyRules()
    rest = "latency_feed: {samples: 9, reporters: 2, networks: 4, expire: 1h, use: false}\n"
    assert read(tmp_path, written(rest=rest)).latency_feed == LatencyRules(9, 2, 4, 3600.0, False)


def test_the_long_form_says_the_same(tmp_path: Path) -> None:
    rest = "latency_feed: {samples: 9, expire: 90s}\n"
    zone = read(tmp_path, written("passive: {failures: 12.5%, window: 1500ms}", rest=rest))
    again = tmp_path / "again"
    again.mkdir()
    other = read(again, expand(tmp_path / "zone.yaml"))
    assert passive_of(other) == passive_of(zone)
    assert other.latency_feed == zone.latency_feed


@pytest.mark.parametrize(
    ("check", "app", "rest", "key", "words"),
    [
        ("passive: {failures: 0%}", "", "", "passive.failures", "0 % would be any failure"),
        ("passive: {failures: 100%}", "", "", "passive.failures", "no rate of failures is above"),
        ("passive: {most: 0%}", "", "", "passive.most", "reports can take nothing out"),
        ("passive: {window: 10ms}", "", "", "passive.window", "write one from `1s` to `1h`"),
        ("passive: {hold: 2h}", "", "", "passive.hold", "write one up to `30m`"),
        ("passive: {minimum: 0}", "", "", "passive.minimum", "write a whole number from 1"),
        ("passive: {minimum: true}", "", "", "passive.minimum", "write a whole number from 1"),
        ("passive: {failure: 5%}", "", "", "passive.failure", "write `failures`"),
        ("passive: true", "", "", "passive", "stands where keys are expected"),
        ("", "passive: {},", "", "apps.shop.passive", "reports take out, only probes put back"),
        ("", "", "latency_feed: {expire: 1s}\n", "latency_feed.expire", "from `1m` to `30d`"),
        ("", "", "latency_feed: {samples: 0}\n", "latency_feed.samples", "a whole number from 1"),
    ],
)
def test_mistakes_are_named_with_their_remedy(
    tmp_path: Path, check: str, app: str, rest: str, key: str, words: str
) -> None:
    with pytest.raises(ZoneFileError) as refused:
        read(tmp_path, written(check, app, rest))
    said = [str(mistake) for mistake in refused.value.mistakes]
    assert any(f"{key}: " in line and words in line for line in said), said


@pytest.mark.parametrize("alone", ["{passive: {}}", "{type: passive}"])
def test_passive_alone_is_refused_as_nothing_would_put_back(tmp_path: Path, alone: str) -> None:
    with pytest.raises(ZoneFileError) as refused:
        read(tmp_path, written().replace("{type: https, }", alone))
    (mistake,) = refused.value.mistakes
    assert "reports only take out, and only probes put back" in mistake.problem
    assert "`type: https`" in mistake.remedy
