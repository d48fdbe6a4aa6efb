"""A master file as BIND has it, with the addresses of the zone's name servers."""

from __future__ import annotations

from pathlib import Path

from tests.unit.zonefile.zonefile_writing import HEAD, load_text, mistakes_of

TEXT = HEAD + "records_file: static.zone\n"
MASTER = """\
@    3600 IN SOA ns1 hostmaster 1 7200 900 1209600 60
@    3600 IN NS  ns1
www  3600 IN A   192.0.2.10
"""


def test_addresses_that_nameservers_has_too_may_stand_in_a_master_file(tmp_path: Path) -> None:
    lines = 'ns1 300 IN A 192.0.2.53\nns1 300 IN TXT "here"\n'
    (tmp_path / "static.zone").write_text(MASTER + lines)
    (zone,) = load_text(tmp_path, TEXT).zones
    kept = [(rrset.name, rrset.type) for rrset in zone.rrsets]
    assert kept == [("ns1.gtm.example.com.", 16), ("www.gtm.example.com.", 1)]


def test_other_addresses_of_a_name_server_are_a_mistake(tmp_path: Path) -> None:
    lines = "ns1 300 IN A 192.0.2.53\n    300 IN A 192.0.2.54\nns1 IN AAAA 2001:db8::53\n"
    (tmp_path / "static.zone").write_text(MASTER + lines)
    problem = "ns1.gtm.example.com. is a name server, and `nameservers` does not have"
    remedy = "write the address there or remove it here: `nameservers` is what is served"
    assert mistakes_of(tmp_path, TEXT) == [
        f"static.zone:4:1: {problem} 192.0.2.54; {remedy}",
        f"static.zone:6:1: {problem} 2001:db8::53; {remedy}",
    ]


def test_a_name_server_of_the_yaml_is_not_its_record_too(tmp_path: Path) -> None:
    (said,) = mistakes_of(tmp_path, HEAD + "records: {ns1: {type: A, value: 192.0.2.53}}\n")
    assert "its addresses come from `nameservers`; remove this record" in said
