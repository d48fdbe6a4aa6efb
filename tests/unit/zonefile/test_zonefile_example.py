"""The example loads, its long form says the same, and the committed schema is current."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from gtm.checks import Check, Contains, Http, StatusRange, Tcp
from gtm.model import GeoCode, Location, MinUp, Topology, Zone
from gtm.zonefile import expand, json_schema, load
from gtm.zonefile.checkvalues import CheckType
from tests.unit.zonefile.zonefile_writing import HEAD, a_serial, load_text

ROOT = Path(__file__).parents[3]

EVERYTHING = """\
zone: gtm.example.com
ttl: 1m
nameservers:
  ns1: 192.0.2.53
  ns2.example.net.: []
soa: {contact: first.last@example.com, negative_ttl: 2m, refresh: 1h, serial: 9}
regions:
  us-east: {location: US-VA, capacity: 20000, bias: -20}
  flat: {location: [39.04, -77.49]}
  "NO": {location: NO}
  ca: {location: NA-US-CA}
checks:
  api: {type: https, path: "/health?x=1", host: api.example.com, interval: 0.3, timeout: 250ms,
        expect: {status: [200-299, 301], body: "1e3"}, verify: false}
  sql: {type: tcp, port: 5432}
apps:
  shop:
    topology: replicated
    check: api
    min_up: 50%
    services:
      orders: {us-east: [192.0.2.1, {address: "2001:db8::1"}], NO: 192.0.2.2}
      extra: {us-east: a.example.net, optional: true}
    steering: {policy: nearest, within: 12.5%, weights: {us-east: 3, NO: 0}, draw: query,
               fence: [NA-US, EU], otherwise: {policy: latency, regions: 2}}
    when_all_down: ["2001:db8::9", 192.0.2.9]
    panic: 0.3
  catalog: {topology: spread, check: {type: http}, services: {search: {ca: 192.0.2.3}}}
  db: {topology: spread, check: sql, min_up: 1, services: {db: {ca: 192.0.2.4}}}
  plain: {topology: spread, check: http, services: {"": {ca: 192.0.2.5}}}
  map:
    topology: spread
    balance: hash
    answers: 2
    when_all_down: nodata
    steering:
      policy: geo
      prefix: {v4: 20}
      rules:
        - {match: [EU-GB, 203.0.113.0/24, AS64500], policy: weighted, weights: {flat: 3, "NO": 1}}
        - {match: NA, policy: sticky, regions: [flat, us-east], weights: {flat: 0, us-east: 1}}
        - {match: EU, regions: "NO", trickle: 5%, fence: "NO",
           otherwise: {policy: failover, order: [flat]}}
        - regions: [us-east, flat]
    services:
      b: {us-east: [{address: 192.0.2.6, weight: 2}, {address: 192.0.2.7, backup: true}],
          flat: 192.0.2.8, NO: 192.0.2.9}
      own:
        steering: {policy: sticky, prefix: {v4: 20, v6: 48}, regions: [us-east]}
        check: {type: tcp, port: 99}
        min_up: 50%
        balance: hash
        answers: 1
        ttl: 5m
        us-east: 192.0.2.6
geo: {overrides: {203.0.113.0/24: {location: GB}, "2001:db8::/32": {location: [1, 2]},
  as064500: {regions: [NO, us-east]}, AS4200000000: {location: [1, 2], regions: flat}}}
latency: {EU-GB: {us-east: 78.5}, "NO": {"NO": 1}}
records_file: r.zone
records:
  "": [{type: TXT, values: ["a\\\\; b", "é\\t\\"q\\""]}, {type: CAA, value: 0 issue ca.example.net}]
  "a\\\\.b": {type: HTTPS, value: {svcparams: {alpn: h2, ipv4hint: [192.0.2.1, 192.0.2.2]}}}
"""


@pytest.fixture
def zone(tmp_path: Path) -> Zone:
    (tmp_path / "r.zone").write_text("www A 192.0.2.1\n")
    return load_text(tmp_path, EVERYTHING).zones[0]


def test_the_example_loads_without_warnings() -> None:
    loaded = load(ROOT / "zones" / "example.yaml")
    assert loaded.warnings == ()
    assert [app.name for app in loaded.zones[0].apps] == ["shop", "catalog", "media"]


def test_the_example_uses_addresses_kept_for_documentation() -> None:
    kept = [
        ip_network(n)
        for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    ]
    (zone,) = load(ROOT / "zones" / "example.yaml").zones
    for app in zone.apps:
        for service in app.services:
            for endpoints in service.endpoints.values():
                for endpoint in endpoints:
                    assert endpoint.is_host or any(ip_address(str(endpoint)) in net for net in kept)


def test_values_and_defaults_reach_the_model(zone: Zone) -> None:
    shop, catalog, db, plain, _ = zone.apps
    assert zone.ttl == 60
    assert zone.soa.contact == "first\\.last.example.com."
    assert (zone.soa.negative_ttl, zone.soa.retry) == (120, 900)
    assert zone.regions["NO"].location.country == "NO"
    assert zone.regions["flat"].location == Location(39.04, -77.49)
    assert shop.topology is Topology.REPLICATED
    assert shop.min_up == MinUp(50, percent=True)
    assert isinstance(shop.check, Check)
    probe, times = shop.check.probe, shop.check.schedule
    assert isinstance(probe, Http) and probe.tls is not None
    assert probe.statuses == (StatusRange(200, 299), StatusRange(301, 301))
    assert (shop.check.port, times.interval, times.timeout) == (443, 0.3, 0.25)
    assert (probe.body, probe.tls.verify) == ((Contains("1e3"),), False)
    assert [str(one) for one in shop.services[0].endpoints["us-east"]] == [
        "192.0.2.1",
        "2001:db8::1",
    ]
    assert str(shop.services[1].endpoints["us-east"][0]) == "a.example.net."
    assert shop.services[1].optional
    assert catalog.check is not None and catalog.check.name == "catalog"
    assert isinstance(db.check, Check) and (db.check.probe, db.check.port) == (Tcp(), 5432)
    assert isinstance(plain.check, Check) and plain.check.port == 80
    assert plain.check.schedule.timeout == 3.0
    assert plain.services[0].name == "gtm.example.com."
    assert zone.latency[0].area == GeoCode("EU", "GB")
    assert zone.serial == 9


def test_the_default_timeout_is_no_longer_than_the_interval(tmp_path: Path) -> None:
    loaded = load_text(
        tmp_path,
        HEAD + "checks: {w: {type: http, interval: 1s}}\n"
        "apps: {a: {topology: spread, check: w, services: {x: {us-east: 192.0.2.1}}}}\n",
    )
    check = loaded.zones[0].apps[0].check
    assert isinstance(check, Check) and check.schedule.timeout == 1.0


def test_the_long_form_loads_to_the_same_zone(zone: Zone, tmp_path: Path) -> None:
    again = tmp_path / "again"
    again.mkdir()
    assert load_text(again, expand(tmp_path)).zones == (zone,)


def test_the_long_form_of_the_example_loads_to_the_same_zone(tmp_path: Path) -> None:
    path = ROOT / "zones" / "example.yaml"
    assert load_text(tmp_path, expand(path)).zones == load(path).zones


def test_the_long_form_says_every_default(tmp_path: Path) -> None:
    load_text(
        tmp_path,
        "zone: a.example\nregions: {r: {location: GB}}\n"
        "apps: {a: {topology: spread, check: http, services: {x: {r: 192.0.2.1}}}}\n",
    )
    text = expand(tmp_path)
    for line in (
        "ttl: 30",
        "negative_ttl: 60",
        "bias: 0",
        "port: 80",
        'interval: "10s"',
        "fall: 3",
        "policy: nearest",
        "regions: 1",
        'within: "0%"',
        "min_up: 1",
        "balance: all",
        "when_all_down: all",
        'panic: "0%"',
        "optional: false",
        "weight: 1",
        "backup: false",
    ):
        assert line in text


def test_the_long_form_of_several_zones_is_a_document_each(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("zone: b.example\nnameservers: {ns1: [192.0.2.1]}\n")
    zones = load_text(tmp_path, HEAD).zones
    for number, text in enumerate(expand(tmp_path).split("---\n")):
        again = tmp_path / f"again-{number}"
        again.mkdir()
        (found,) = load_text(again, text).zones
        assert found.name == zones[number].name


def test_the_committed_schema_is_current() -> None:
    """If this fails, run scripts/schema."""
    committed = json.loads((ROOT / "docs" / "zone.schema.json").read_text(encoding="utf-8"))
    assert committed == json_schema()


def test_the_schema_names_every_key_and_refuses_others() -> None:
    definitions = json_schema()["$defs"]
    assert definitions["ZoneFile"]["additionalProperties"] is False
    assert definitions["ZoneFile"]["required"] == ["zone"]
    assert {"topology", "services"} == set(definitions["AppShape"]["required"])
    assert definitions["CheckShape"]["properties"]["type"]["enum"] == [
        each.value for each in CheckType
    ]


def test_loading_twice_gives_equal_zones() -> None:
    path = ROOT / "zones"
    assert load(path, modified=a_serial).zones == load(path, modified=a_serial).zones


@pytest.mark.parametrize(
    "ttl", ["45s", "{min: 10, max: 1m}", "{min: 0, max: 0}", "{min: 5, max: 5}"]
)
def test_a_ttl_comes_back_from_its_long_form(tmp_path: Path, ttl: str) -> None:
    again = tmp_path / "again"
    again.mkdir()
    text = f"zone: gtm.example.com\nnameservers: {{ns1: [192.0.2.53]}}\nttl: {ttl}\n"
    text += "soa: {serial: 1}\n"
    (zone,) = load_text(tmp_path, text).zones
    assert (zone.min_ttl is None) == (ttl == "45s")
    assert load_text(again, expand(tmp_path / "a.yaml")).zones == (zone,)
