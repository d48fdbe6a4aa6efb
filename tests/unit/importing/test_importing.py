"""Other servers' zones load as zone YAML, and mean the same."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.errors import GtmError
from gtm.importing import Draft, from_gdnsd, from_master_file, from_octodns
from gtm.importing.vscf import parsed
from gtm.model import Zone
from gtm.zonefile import load

MASTER = r"""
$ORIGIN example.com.
$TTL 1h
@ IN SOA ns1 host\.master 2024010101 7200 900 1209600 300
@ NS ns1
@ NS ns2.example.net.
ns1 A 127.0.0.53
    AAAA ::1
@ MX 10 mail
mail 300 A 127.0.0.10
     300 A 127.0.0.11
@ TXT "v=spf1 -all; \"x\"" "y"
www CNAME mail
_sip._tcp SRV 0 5 5060 mail
sub NS ns.sub
ns.sub A 127.0.0.60
@ DNSKEY 257 3 13 ( mdsswUyr3DPW132mOi8V9xESWE8jTo0dxCjjnopKl+Gq
  JxpVXckHAeF+KkxLbxILfDLUT0rAK9iUzy1L53eKGQ== )
"""

OCTODNS = """
"":
  - {type: NS, values: [ns1.example.net.]}
  - {type: MX, values: [{preference: 10, exchange: mail.example.com.}]}
www:
  type: A
  ttl: 60
  values: [127.0.0.1]
  octodns: {healthcheck: {protocol: HTTP, path: /up, port: 8080, host: www.example.com}}
  dynamic:
    pools:
      eu: {fallback: us, values: [{value: 127.0.0.2, weight: 3}, {value: 127.0.0.3}]}
      us: {values: [{value: 127.0.0.4}]}
    rules:
    - {geos: [EU, AS-JP], pool: eu}
    - {pool: us}
'*.dev': {type: CNAME, value: www.example.com.}
"""

GDNSD = """
# a comment
options => { listen => any },
service_types => {
  web => { plugin => http_status, vhost => "www.example.com", url_path => /up, port => 8080,
           interval => 10, timeout => 3, up_thresh => 2, down_thresh => 3, ok_thresh => 4 }
}
plugins => {
  weighted => { pair => {
    service_types => web, one => [ 127.0.0.7, 20 ], two => [ 127.0.0.8, 1 ]
  } }
  geoip => {
    maps => {
      world => {
        datacenters => [us, eu],
        auto_dc_coords => { us => [38.9, -77.0] },
        nets => { 10.0.0.0/8 => [eu] },
        map => { EU => { GB => [us, eu], default => [eu, us] }, default => [us, eu] }
      }
    }
    resources => {
      www => { map => world, service_types => web,
               dcmap => { us => %weighted!pair, eu => { a => 127.0.0.9, b => 127.0.0.10 } } }
    }
  }
  metafo => { resources => { api => { datacenters => [us, eu],
              dcmap => { us => 127.0.0.7, eu => 127.0.0.9 } } } }
}
"""
GDNSD_ZONE = """
@ SOA ns1 hostmaster 1 7200 1800 259200 900
@ NS ns1
ns1 A 127.0.0.53
www 300/60 DYNA geoip!www
api DYNA metafo!api
text TXT "DYNA is no record here"
"""


def loaded(draft: Draft, folder: Path) -> Zone:
    (folder / "zone.yaml").write_text(draft.text("a file"))
    (zone,) = load(folder).zones
    return zone


def test_a_master_file_loads_with_the_same_records(tmp_path: Path) -> None:
    draft = from_master_file(MASTER)
    zone = loaded(draft, tmp_path)
    assert [server.name for server in zone.nameservers] == ["ns1.example.com.", "ns2.example.net."]
    assert [str(address) for address in zone.nameservers[0].addresses] == ["127.0.0.53", "::1"]
    assert zone.soa.contact == "host\\.master.example.com."
    assert (zone.soa.refresh, zone.soa.negative_ttl) == (7200, 300)
    found = {(rrset.name, rrset.type): rrset for rrset in zone.rrsets}
    assert found["mail.example.com.", 1].ttl == 300
    assert found["mail.example.com.", 1].rdata == (b"\x7f\0\0\x0a", b"\x7f\0\0\x0b")
    assert found["example.com.", 16].rdata == (b'\x10v=spf1 -all; "x"\x01y',)
    assert set(found) >= {("www.example.com.", 5), ("_sip._tcp.example.com.", 33)}
    assert ("sub.example.com.", 2) in found
    assert any("DNSKEY" in note for note in draft.notes)


def test_the_zones_own_name_is_written_as_a_plain_key() -> None:
    written = from_master_file(MASTER).text("a file")
    assert "\n  '':\n" in written
    assert "?" not in written


def test_a_master_file_that_does_not_say_its_zone_is_refused() -> None:
    with pytest.raises(GtmError, match="name it with --zone"):
        from_master_file("@ SOA a b 1 2 3 4 5\n")


def test_octodns_pools_become_regions_and_rules_steering(tmp_path: Path) -> None:
    draft = from_octodns(OCTODNS, "example.com.")
    assert draft.apps["www"]["steering"] == {
        "policy": "geo",
        "rules": [{"match": ["EU", "AS-JP"], "regions": ["eu", "us"]}, {"regions": ["us"]}],
    }
    assert draft.checks["check"] == {
        "type": "http",
        "path": "/up",
        "host": "www.example.com",
        "port": 8080,
    }
    zone = loaded(draft, tmp_path)
    (service,) = zone.apps[0].services
    assert service.name == "www.example.com."
    assert {region: len(held) for region, held in service.endpoints.items()} == {"eu": 2, "us": 1}
    assert any("location" in note for note in draft.notes)


def test_gdnsd_maps_become_rules_and_datacenters_regions(tmp_path: Path) -> None:
    draft = from_gdnsd(GDNSD, GDNSD_ZONE, "example.com.")
    assert draft.apps["www"]["steering"] == {
        "policy": "geo",
        "rules": [
            {"match": "10.0.0.0/8", "regions": ["eu"]},
            {"match": "EU-GB", "regions": ["us", "eu"]},
            {"match": "EU", "regions": ["eu", "us"]},
            {"regions": ["us", "eu"]},
        ],
    }
    assert draft.apps["api"]["steering"] == {"policy": "failover", "order": ["us", "eu"]}
    assert draft.regions["us"] == {"location": [38.9, -77.0]}
    assert draft.checks["web"]["rise"] == 2
    assert draft.checks["web"]["interval"] == "10s"
    assert draft.ttl == 300
    zone = loaded(draft, tmp_path)
    assert {app.name for app in zone.apps} == {"www", "api"}
    assert ("text.example.com.", 16) in {(rrset.name, rrset.type) for rrset in zone.rrsets}


@pytest.mark.parametrize(
    ("config", "why"),
    [
        ("plugins => {", "line 1: no }"),
        ("plugins {\n}", "no => behind 'plugins'"),
        ("plugins => { geoip => {} }", "no such resource"),
        ("options => {}", "no plugins"),
    ],
)
def test_a_configuration_that_cannot_be_taken_over_is_refused_with_the_reason(
    config: str, why: str
) -> None:
    with pytest.raises(GtmError, match="cannot import") as refused:
        from_gdnsd(config, GDNSD_ZONE, "example.com.")
    assert why in str(refused.value)


@given(st.text(alphabet='ab=>{}[],#"\\ \n', max_size=60))
def test_any_text_is_read_as_a_configuration_or_refused(text: str) -> None:
    try:
        parsed(text)
    except GtmError as error:
        assert "line" in str(error)


@given(st.text(max_size=200))
def test_any_text_is_imported_or_refused(text: str) -> None:
    for convert in (from_master_file, from_octodns, partial(from_gdnsd, GDNSD)):
        try:
            convert(text, "example.com.")
        except GtmError as error:
            assert str(error).startswith("cannot import")
