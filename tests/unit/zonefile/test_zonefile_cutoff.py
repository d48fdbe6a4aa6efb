"""`canary` and `freeze` of a zone mean what they say, and mistakes say what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from gtm.checks import Check, Freeze
from gtm.control.sources import watched
from gtm.errors import ZoneFileError
from gtm.zonefile.expand import expanded
from tests.unit.zonefile.zonefile_writing import zone_of

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
soa: {contact: hostmaster@example.com}
regions: {us: {location: US}, eu: {location: IE}}
checks:
  api: {type: http}
  resolver: {type: tcp, port: 53, address: 198.51.100.1}
apps:
  shop:
    topology: spread
    check: api
    services: {orders: {us: [192.0.2.10], eu: [192.0.2.11]}}
"""


def test_without_them_the_defaults_hold(tmp_path: Path) -> None:
    zone = zone_of(tmp_path, ZONE)
    assert zone.canary is None
    assert zone.freeze == Freeze()
    targets, vantage = watched([zone])
    assert {one.address for one in targets} == {"192.0.2.10", "192.0.2.11"}
    assert set(vantage.regions.values()) == {frozenset({"us"}), frozenset({"eu"})}


def test_a_canary_is_probed_and_serves_no_region(tmp_path: Path) -> None:
    zone = zone_of(
        tmp_path, ZONE + "canary: resolver\nfreeze: {share: 80%, targets: 6, within: 9s, most: 2m}"
    )
    assert isinstance(zone.canary, Check)
    assert zone.freeze == Freeze(0.8, 6, 2, 9.0, 120.0)
    targets, vantage = watched([zone])
    assert {one.address for one in vantage.canaries} == {"198.51.100.1"}
    assert set(vantage.canaries) <= targets
    assert not set(vantage.canaries) & vantage.regions.keys()
    assert vantage.freeze == zone.freeze


def test_several_canaries_are_a_list(tmp_path: Path) -> None:
    more = ZONE.replace("checks:", "checks:\n  gate: {type: icmp, address: 198.51.100.2}")
    _, vantage = watched([zone_of(tmp_path, more + "canary: [resolver, gate]")])
    assert {one.address for one in vantage.canaries} == {"198.51.100.1", "198.51.100.2"}


def test_the_long_form_loads_to_an_equal_zone(tmp_path: Path) -> None:
    zone = zone_of(tmp_path, ZONE + "canary: resolver\nfreeze: {share: 75%, within: 3s}")
    (tmp_path / "long").mkdir()
    assert zone_of(tmp_path / "long", expanded(zone)) == zone


@pytest.mark.parametrize(
    ("lines", "mistake"),
    [
        (
            "canary: api",
            "a canary has no address, and `api` does not say what to probe for it",
        ),
        ("canary: nothing", "there is no check `nothing`"),
        ("freeze: {share: 30%}", "while most targets answer the checker is not cut off"),
        ("freeze: {most: 2h}", "for 7200 s a real outage would not be believed"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, lines: str, mistake: str) -> None:
    with pytest.raises(ZoneFileError) as told:
        zone_of(tmp_path, ZONE + lines)
    assert mistake in str([one.problem for one in told.value.mistakes])
