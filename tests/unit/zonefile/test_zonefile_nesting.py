"""What a zone inside another hides is said, as it is never answered."""

from __future__ import annotations

from pathlib import Path

from tests.unit.zonefile.zonefile_writing import HEAD, warnings_of

INNER = HEAD.replace("zone: ", "zone: eu.")
RECORDS = """\
records:
  www: {type: A, value: 192.0.2.1}
  www.eu: {type: A, value: 192.0.2.1}
  "*.eu": {type: A, value: 192.0.2.1}
  eu: {type: TXT, value: a}
  xeu: {type: A, value: 192.0.2.1}
"""
SERVICES = "apps: {shop: {topology: spread, services: {%s: {us-east: 192.0.2.1}}}}\n"
SAID = (
    "b.yaml:1:7: zone: the zone eu.gtm.example.com. hides names of gtm.example.com. (a.yaml:1:7): "
)
REMEDY = "; move them here, or remove them there"


def test_hidden_records_and_services_are_named_at_the_inner_zone(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(INNER)
    text = HEAD + RECORDS + SERVICES % "orders.eu"
    assert warnings_of(tmp_path, text) == [
        SAID + "*.eu.gtm.example.com., eu.gtm.example.com., orders.eu.gtm.example.com., "
        "www.eu.gtm.example.com." + REMEDY
    ]


def test_what_delegates_the_inner_zone_is_not_hidden(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(INNER)
    delegated = (
        "records:\n  eu: [{type: NS, values: [ns1.eu.gtm.example.com., ns.example.net.]}, "
        f'{{type: DS, value: "1 13 2 {"ab" * 32}"}}]\n'
        "  ns1.eu: [{type: A, value: 192.0.2.53}, {type: AAAA, value: '2001:db8::53'}]\n"
    )
    assert warnings_of(tmp_path, HEAD + delegated) == []


def test_addresses_that_are_no_glue_are_hidden(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(INNER)
    text = HEAD + "records:\n  ns1.eu: {type: A, value: 192.0.2.53}\n"
    assert warnings_of(tmp_path, text) == [SAID + "ns1.eu.gtm.example.com." + REMEDY]


def test_a_name_is_said_to_be_hidden_by_the_zone_next_below(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(INNER)
    (tmp_path / "c.yaml").write_text(INNER.replace("zone: ", "zone: x."))
    said = warnings_of(tmp_path, HEAD + SERVICES % "orders.x.eu")
    assert said == [SAID + "orders.x.eu.gtm.example.com." + REMEDY]


def test_zones_side_by_side_hide_nothing(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(HEAD.replace("gtm.", "eu."))
    assert warnings_of(tmp_path, HEAD + RECORDS) == []
