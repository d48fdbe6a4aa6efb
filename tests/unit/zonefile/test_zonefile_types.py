"""Every type of record: read as octoDNS and master files write it, and refused when wrong."""

from __future__ import annotations

from pathlib import Path

import dns.rdata
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from gtm.zonefile import rdata
from gtm.zonefile.expand import expanded
from gtm.zonefile.findings import Wrong
from tests.unit.zonefile.zonefile_writing import HEAD, load_text, mistakes_of, warnings_of, zone_of

TXT = 16  # text as it is, which may begin with anything
SHA1, SHA256, SHA512 = "ab" * 20, "cd" * 32, "ef" * 64
LOCATION = (
    "{lat_degrees: 31, lat_minutes: 58, lat_seconds: 52.1, lat_direction: S, long_degrees: 115, "
    "long_minutes: 49, long_seconds: 11.7, long_direction: E, altitude: 20, size: 10, "
    "precision_horz: 10, precision_vert: 2}"
)
VALUES = [
    ("DNAME", "other.example.net.", "other.example.net."),
    ("PTR", "host.example.net.", "host.example.net."),
    (
        "NAPTR",
        "{order: 10, preference: 100, flags: S, service: SIP+D2U, regexp: '', "
        "replacement: _sip._udp.example.net.}",
        '10 100 "S" "SIP+D2U" "" _sip._udp.example.net.',
    ),
    (
        "NAPTR",
        "{order: 1, preference: 2, flags: U, service: E2U+sip, "
        "regexp: '!^.*$!sip:info@example.com!'}",
        '1 2 "U" "E2U+sip" "!^.*$!sip:info@example.com!" .',
    ),
    ("SSHFP", f"{{algorithm: 4, fingerprint_type: 1, fingerprint: {SHA1}}}", f"4 1 {SHA1}"),
    ("SSHFP", f"4 2 {SHA256}", f"4 2 {SHA256}"),
    (
        "TLSA",
        "{certificate_usage: 3, selector: 1, matching_type: 1, "
        f"certificate_association_data: {SHA256}}}",
        f"3 1 1 {SHA256}",
    ),
    ("TLSA", f"2 0 2 {SHA512}", f"2 0 2 {SHA512}"),
    ("TLSA", "0 0 0 00", "0 0 0 00"),
    (
        "URI",
        "{priority: 10, weight: 1, target: 'https://www.example.net/a?b=\"c\"'}",
        '10 1 "https://www.example.net/a?b=\\"c\\""',
    ),
    ("URI", "{target: 'ftp://ftp.example.net'}", '10 1 "ftp://ftp.example.net"'),
    ("LOC", LOCATION, "31 58 52.1 S 115 49 11.7 E 20m 10m 10m 2m"),
    (
        "LOC",
        "{lat_degrees: 53, lat_direction: N, long_degrees: 6, long_direction: W, altitude: -1.07}",
        "53 0 0 N 6 0 0 W -1.07m",
    ),
    ("LOC", "0 N 0 E 12.29m", "0 0 0 N 0 0 0 E 12.29m"),
    ("MX", "{preference: 0, exchange: .}", "0 ."),
    ("SRV", "{priority: 0, weight: 0, port: 0, target: .}", "0 0 0 ."),
    (
        "CAA",
        "{flags: 128, tag: iodef, value: 'mailto:a@example.net'}",
        '128 iodef "mailto:a@example.net"',
    ),
    (
        "HTTPS",
        "{svcpriority: 16, targetname: a.example., svcparams: {alpn: [h2, h3], port: '8443', "
        "ipv4hint: [192.0.2.1], ipv6hint: ['2001:db8::1'], no-default-alpn: null, "
        "mandatory: [alpn, port]}}",
        "16 a.example. mandatory=alpn,port alpn=h2,h3 no-default-alpn port=8443 "
        "ipv4hint=192.0.2.1 ipv6hint=2001:db8::1",
    ),
    ("SVCB", "{svcpriority: 1, targetname: ., svcparams: {key65333: x}}", "1 . key65333=x"),
    ("TYPE65280", "'\\# 4 0A000001'", "\\# 4 0a000001"),
    ("TYPE65280", "'\\# 0'", "\\# 0"),
    ("TYPE65280", "'\\# 4 0a00 0001'", "\\# 4 0a000001"),
    ("type1", "'\\# 4 c0000201'", "192.0.2.1"),
    ("A", "'\\# 4 c0000201'", "192.0.2.1"),
    ("TYPE13", "'\\# 4 01610162'", '"a" "b"'),
]


@pytest.mark.parametrize("type_, value, text", VALUES, ids=[f"{t} {v}"[:50] for t, v, _ in VALUES])
def test_octodns_values_become_wire_form(tmp_path: Path, type_: str, value: str, text: str) -> None:
    zone = zone_of(tmp_path, f"{HEAD}records:\n  x: {{type: {type_}, value: {value}}}\n")
    (rrset,) = zone.rrsets
    assert rrset.type == rdata.type_number(type_)
    assert rrset.rdata == (dns.rdata.from_text("IN", type_.upper(), text).to_wire(),)


@pytest.mark.parametrize("type_, value, text", VALUES, ids=[f"{t} {v}"[:50] for t, v, _ in VALUES])
def test_master_files_say_the_same_and_the_long_form_is_read_back(
    tmp_path: Path, type_: str, value: str, text: str
) -> None:
    (tmp_path / "r.zone").write_text(f"x IN {type_} {text}\n")
    zone = zone_of(tmp_path, HEAD + "records_file: r.zone\n")
    assert zone.rrsets[0].rdata == (dns.rdata.from_text("IN", type_.upper(), text).to_wire(),)
    (tmp_path / "b").mkdir()
    again = zone_of(tmp_path / "b", expanded(zone))
    assert again.rrsets == zone.rrsets


MISTAKES = {
    "an unknown flag of CAA": (
        "CAA",
        "{flags: 1, tag: issue, value: a}",
        "1 is not a flag that CAA has",
    ),
    "a CAA flag out of range": ("CAA", "{flags: 256, tag: issue, value: a}", "is not CAA data"),
    "a CAA tag with a hyphen": ("CAA", "{tag: is-sue, value: a}", "is not CAA data"),
    "a port out of range": (
        "SRV",
        "{priority: 0, weight: 0, port: 65536, target: .}",
        "is not SRV data",
    ),
    "a weight below 0": ("SRV", "{priority: 0, weight: -1, port: 1, target: .}", "is not SRV data"),
    "a relative SRV target": (
        "SRV",
        "{priority: 0, weight: 0, port: 1, target: api}",
        "the name in `0 0 1 api` does not end with a dot",
    ),
    "a preference that is no number": ("MX", "{preference: a, exchange: b.}", "is not MX data"),
    "a preference out of range": ("MX", "{preference: 65536, exchange: b.}", "is not MX data"),
    "a certificate usage of 4": (
        "TLSA",
        f"4 1 1 {SHA256}",
        "4 is not a certificate usage; write 0 to 3",
    ),
    "a selector of 2": ("TLSA", f"3 2 1 {SHA256}", "2 is not a selector"),
    "a matching type of 3": ("TLSA", f"3 1 3 {SHA256}", "3 is not a matching type"),
    "a digest too short": ("TLSA", "3 1 1 abcd", "is not TLSA data"),
    "no certificate": ("TLSA", "3 1 0", "is not TLSA data"),
    "TLSA that is not hexadecimal": ("TLSA", f"3 1 1 {'zz' * 32}", "is not TLSA data"),
    "an SSH fingerprint of the wrong length": ("SSHFP", f"4 2 {SHA1}", "is not SSHFP data"),
    "an SSHFP without a fingerprint": ("SSHFP", "'\\# 2 0103'", "is not SSHFP data"),
    "SSHFP of algorithm 0": ("SSHFP", f"0 2 {SHA256}", "can't be 0"),
    "NAPTR with regexp and replacement": (
        "NAPTR",
        "{order: 1, preference: 1, flags: U, service: a, regexp: '!a!b!', replacement: a.}",
        "NAPTR has a regexp and a replacement",
    ),
    "NAPTR flags with a comma": (
        "NAPTR",
        "{order: 1, preference: 1, flags: 'S,A', service: a, replacement: a.}",
        "flags of NAPTR are letters and digits",
    ),
    "NAPTR without order": ("NAPTR", "{preference: 1}", "`order` is missing"),
    "a URI without a scheme": ("URI", "{target: www.example.net}", "not a URI with its scheme"),
    "a URI that is empty": ("URI", "{target: ''}", "is not URI data"),
    "a latitude beyond the pole": ("LOC", "91 N 0 E 0m", "is not LOC data"),
    "a latitude a minute beyond the pole": ("LOC", "90 1 N 0 E 0m", "is not LOC data"),
    "LOC with minutes of 60": ("LOC", "1 60 0 N 0 E 0m", "is not LOC data"),
    "LOC with an unknown direction": (
        "LOC",
        "{lat_degrees: 1, lat_direction: X, long_degrees: 1, long_direction: E}",
        "is not LOC data",
    ),
    "LOC too high": ("LOC", "1 N 1 E 99999999m", "is not LOC data"),
    "LOC with a text as seconds": (
        "LOC",
        "{lat_degrees: 1, lat_direction: N, lat_seconds: a, long_degrees: 1, long_direction: E}",
        "`a` is not a number",
    ),
    "an alias with parameters": (
        "HTTPS",
        "{svcpriority: 0, targetname: a., svcparams: {alpn: h2}}",
        "is not HTTPS data",
    ),
    "an unknown parameter": ("HTTPS", "{svcparams: {alpm: h2}}", "is not HTTPS data"),
    "a mandatory parameter that is missing": (
        "HTTPS",
        "{svcparams: {mandatory: port}}",
        "is not HTTPS data",
    ),
    "no-default-alpn alone": ("HTTPS", "{svcparams: {no-default-alpn: null}}", "is not HTTPS data"),
    "a hint of the wrong family": (
        "SVCB",
        "{svcparams: {ipv4hint: '2001:db8::1'}}",
        "is not SVCB data",
    ),
    "a DNAME to a relative name": ("DNAME", "other", "does not end with a dot"),
    "unknown data in words": (
        "TYPE65280",
        "hello",
        "`hello` is not TYPE65280 data; write `\\# 4 0a000001`",
    ),
    "unknown data of another length": ("TYPE65280", "'\\# 5 0a000001'", "is not TYPE65280 data"),
    "unknown data as a mapping": ("TYPE65280", "{a: 1}", "a mapping is not TYPE65280 data"),
    "known data by number that are wrong": ("TYPE1", "'\\# 3 0a0000'", "is not A data"),
    "a number beyond 65535": ("TYPE65536", "a", "`TYPE65536` is not a record type"),
    "the last number": ("TYPE65535", "'\\# 0'", "TYPE65535 is a type of questions, not of data"),
    "a meta type by name": ("AXFR", "a", "AXFR is a type of questions, not of data"),
    "a meta type by number": ("TYPE255", "a", "TYPE255 is a type of questions, not of data"),
    "OPT": ("OPT", "a", "OPT is a type of questions, not of data"),
    "type 0": ("TYPE0", "'\\# 0'", "TYPE0 is a type of questions, not of data"),
    "SOA by number": ("TYPE6", "'\\# 0'", "the SOA is made from the key `soa`"),
    "a signature": (
        "RRSIG",
        "a",
        "RRSIG records are made when the zone is signed; write `dnssec: {}`",
    ),
    "a key by number": ("TYPE48", "'\\# 0'", "TYPE48 records are made when the zone is signed"),
    "a type that has no form here": (
        "HINFO",
        "a",
        "records of type HINFO are not supported by name; write `type: TYPE13`",
    ),
}


@pytest.mark.parametrize("type_, value, said", MISTAKES.values(), ids=MISTAKES.keys())
def test_one_mistake_in_a_value_gives_one_message(
    tmp_path: Path, type_: str, value: str, said: str
) -> None:
    found = mistakes_of(tmp_path, f"{HEAD}records:\n  x: {{type: {type_}, value: {value}}}\n")
    assert len(found) == 1, found
    assert said in found[0]
    assert found[0].startswith("a.yaml:7:")


def test_a_master_files_mistakes_in_types_have_their_lines(tmp_path: Path) -> None:
    (tmp_path / "r.zone").write_text(
        "a LOC 1 2\nb CAA 3 issue x\nc TYPE65280 \\# 2 ab\nd URI 1 1 x\ne CLASS1 A 192.0.2.1\n"
        "f TLSA 9 9 9 aa\ng HINFO a b\n"
    )
    found = mistakes_of(tmp_path, HEAD + "records_file: r.zone\n")
    assert [one.split(":")[1] for one in found] == ["1", "2", "3", "4", "6", "7"]


def test_what_another_signer_made_is_passed_over_once_for_each_type(tmp_path: Path) -> None:
    (tmp_path / "r.zone").write_text(
        "a A 192.0.2.1\na RRSIG A 13 3 60 20300101000000 20200101000000 1 gtm.example.com. AAAA\n"
        "b RRSIG A 13 3 60 20300101000000 20200101000000 1 gtm.example.com. AAAA\n"
        "a NSEC b A RRSIG NSEC\n"
    )
    text = HEAD + "records_file: r.zone\n"
    found = warnings_of(tmp_path, text)
    assert [one.split(";")[0] for one in found] == [
        "r.zone:2:1: RRSIG records of the file are not used: they are made when a zone is signed",
        "r.zone:4:1: NSEC records of the file are not used: they are made when a zone is signed",
    ]
    assert [one.name for one in zone_of(tmp_path, text).rrsets] == ["a.gtm.example.com."]


@given(st.integers(0, 65535).filter(lambda number: number != TXT), st.binary(max_size=40))
def test_any_type_and_data_by_number_are_read_back_or_refused(number: int, data: bytes) -> None:
    text = f"\\# {len(data)} {data.hex()}".strip()
    try:
        type_ = rdata.type_number(f"TYPE{number}")
        wire = rdata.rdata(type_, text)
    except Wrong:
        return
    assert wire == data
    assert rdata.rdata(type_, rdata.to_text(type_, wire)) == wire


@given(
    st.sampled_from(sorted(rdata.TYPES)),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(
                    ["svcparams", "target", "flags", "lat_degrees", "svcpriority", "value", "tag"]
                ),
                inner,
            )
        ),
        max_leaves=4,
    ),
)
def test_no_value_whatever_does_more_than_be_refused(type_: str, value: object) -> None:
    try:
        wire = rdata.rdata(rdata.TYPES[type_], value)
    except Wrong:
        return
    assert rdata.rdata(rdata.TYPES[type_], rdata.to_text(rdata.TYPES[type_], wire)) == wire


DNAMES = {
    "a name below it": (
        "d: {type: DNAME, value: e.net.}\n  x.d: {type: A, value: 192.0.2.1}",
        "8:3: records.x.d: x.d.gtm.example.com. A is below d.gtm.example.com., whose DNAME "
        "(a.yaml:7:3) leads all names there on: it would never be answered",
    ),
    "a delegation below it": (
        "d: {type: DNAME, value: e.net.}\n  x.d: {type: NS, value: ns.e.net.}",
        "x.d.gtm.example.com. NS is below d.gtm.example.com.",
    ),
    "a DNAME below it": (
        "d: {type: DNAME, value: e.net.}\n  x.d: {type: DNAME, value: f.net.}",
        "x.d.gtm.example.com. DNAME is below d.gtm.example.com.",
    ),
    "a name server below the apex": (
        '"": {type: DNAME, value: e.net.}',
        "the name server ns1.gtm.example.com. is below gtm.example.com.",
    ),
    "a CNAME beside it": (
        "d: [{type: DNAME, value: e.net.}, {type: CNAME, value: f.net.}]",
        "a CNAME stands alone",
    ),
    "a delegation beside it": (
        "d: [{type: DNAME, value: e.net.}, {type: NS, value: ns.e.net.}]",
        "d.gtm.example.com. DNAME is in d.gtm.example.com., which is delegated",
    ),
    "two of them": ("d: {type: DNAME, values: [e.net., f.net.]}", "a DNAME has one value"),
    "a wildcard": ('"*.d": {type: DNAME, value: e.net.}', "a wildcard can't have a DNAME"),
    "itself": (
        "d: {type: DNAME, value: d.gtm.example.com.}",
        "the DNAME leads names below d.gtm.example.com. to names below it again",
    ),
    "what is below itself": (
        "d: {type: DNAME, value: a.d.gtm.example.com.}",
        "to names below it again",
    ),
    "a circle of two": (
        "d: {type: DNAME, value: e.gtm.example.com.}\n"
        "  e: {type: DNAME, value: d.gtm.example.com.}",
        "7:3: records.d: CNAMEs lead in a circle: *.d.gtm.example.com. -> *.e.gtm.example.com. -> "
        "*.d.gtm.example.com.",
    ),
    "a circle through a CNAME": (
        "d: {type: DNAME, value: e.gtm.example.com.}\n"
        "  x.e: {type: CNAME, value: x.d.gtm.example.com.}",
        "CNAMEs lead in a circle: x.e.gtm.example.com. -> x.d.gtm.example.com. -> x.e.gtm",
    ),
}


@pytest.mark.parametrize("records, said", DNAMES.values(), ids=DNAMES.keys())
def test_what_a_dname_hides_or_leads_round_is_a_mistake(
    tmp_path: Path, records: str, said: str
) -> None:
    (found,) = mistakes_of(tmp_path, f"{HEAD}records:\n  {records}\n")
    assert said in found


def test_services_and_plain_names_below_a_dname_are_mistakes_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gtm.zonefile.ordinary.MANY", 0)
    (tmp_path / "r.zone").write_text("x.d A 192.0.2.1\nd A 192.0.2.2\ny.d DNAME e.net.\n")
    text = (
        "records_file: r.zone\nrecords:\n  d: {type: DNAME, value: e.net.}\n"
        "apps: {s: {topology: spread, services: {o.d: {us-east: 192.0.2.1}}}}\n"
    )
    found = mistakes_of(tmp_path, HEAD + text)
    assert [one.split(" is below")[0] for one in found] == [
        "a.yaml:9:41: apps.s.services.o.d: the service",
        "r.zone:1:1: x.d.gtm.example.com. A",
        "r.zone:3:1: y.d.gtm.example.com. DNAME",
    ]


def test_a_dname_has_other_records_and_services_beside_it(tmp_path: Path) -> None:
    text = (
        "records: {d: [{type: DNAME, value: e.net.}, {type: TXT, value: a}]}\n"
        "apps: {s: {topology: spread, services: {d: {us-east: 192.0.2.1}}}}\n"
    )
    assert mistakes_of(tmp_path, HEAD + text) == []


def test_a_long_way_through_dnames_is_said(tmp_path: Path) -> None:
    chain = "".join(
        f"  d{number}: {{type: DNAME, value: d{number + 1}.gtm.example.com.}}\n"
        for number in range(9)
    )
    (said,) = warnings_of(tmp_path, f"{HEAD}records:\n{chain}")
    assert "a chain of 9 CNAMEs begins here, and at most 8 are followed: *.d0.gtm" in said


def test_the_schema_and_the_documents_name_every_type() -> None:
    page = (Path(__file__).parents[3] / "docs" / "zone-format.md").read_text(encoding="utf-8")
    row = next(
        line for line in page.splitlines() if line.startswith("| `type` | must be there | `A`")
    )
    assert all(f"`{name}`" in row for name in rdata.TYPES)


def test_what_is_written_long_is_yaml_that_says_the_same(tmp_path: Path) -> None:
    loaded = load_text(tmp_path, HEAD + "records: {x: {type: TYPE65280, value: '\\# 2 abcd'}}\n")
    tree = yaml.safe_load(expanded(loaded.zones[0]))
    assert tree["records"]["x.gtm.example.com."][0]["values"] == ["\\# 2 abcd"]
