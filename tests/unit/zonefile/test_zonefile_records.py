"""Static records: octoDNS's forms, master files, and what can stand together."""

from __future__ import annotations

from pathlib import Path

import dns.rdata
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.model import RRset
from gtm.zonefile import load, rdata
from tests.unit.zonefile.zonefile_writing import HEAD, load_text, mistakes_of, warnings_of, zone_of

DIGEST = "2bb183af5f22588179a53b0a98631fad1a292118c3e4f6a1b6a8e0a9d3b4c5d6"
ORDERS = "apps: {shop: {topology: spread, services: {orders: {us-east: %s}}}}\n"


def records_of(directory: Path, records: str) -> dict[tuple[str, str], RRset]:
    zone = zone_of(directory, HEAD + "records:\n" + records)
    return {
        (one.name.removesuffix("gtm.example.com."), rdata.TYPE_NAMES[one.type]): one
        for one in zone.rrsets
    }


def wire(type_: str, text: str) -> bytes:
    found = dns.rdata.from_text("IN", type_, text).to_wire()
    assert found is not None
    return found


@pytest.mark.parametrize(
    "type_, value, text",
    [
        ("A", "192.0.2.1", "192.0.2.1"),
        ("AAAA", '"2001:db8::1"', "2001:db8::1"),
        ("CNAME", "Www.Example.net.", "Www.Example.net."),
        ("CNAME", "bücher.example.", "xn--bcher-kva.example."),
        ("PTR", "a.example.", "a.example."),
        ("MX", "{preference: 10, exchange: m.example.}", "10 m.example."),
        ("MX", "{priority: 10, value: m.example.}", "10 m.example."),
        ("MX", "10 m.example.", "10 m.example."),
        ("SRV", "{priority: 0, weight: 5, port: 443, target: a.example.}", "0 5 443 a.example."),
        ("CAA", "{tag: issue, value: ca.example; policy=ev}", '0 issue "ca.example; policy=ev"'),
        ("CAA", "0 issue ca.example", '0 issue "ca.example"'),
        ("TXT", "v=DKIM1\\; k=rsa", '"v=DKIM1; k=rsa"'),
        ("TXT", '"\\"a\\" \\"b c\\""', '"a" "b c"'),
        ("TXT", '""', '""'),
        (
            "HTTPS",
            "{svcpriority: 1, targetname: ., svcparams: {alpn: [h2, h3], port: 443}}",
            '1 . alpn="h2,h3" port=443',
        ),
        ("SVCB", "{svcpriority: 0, targetname: a.example.}", "0 a.example."),
        ("HTTPS", "1 . no-default-alpn alpn=h2", "1 . alpn=h2 no-default-alpn"),
    ],
)
def test_values_become_wire_form(tmp_path: Path, type_: str, value: str, text: str) -> None:
    records = records_of(
        tmp_path,
        f"  x: {{type: {type_}, value: {value!s}}}\n".replace("; policy=ev", "; policy=ev"),
    )
    assert records["x.", type_].rdata == (wire(type_, text),)
    assert records["x.", type_].ttl == 3600


def test_long_text_is_split_into_strings(tmp_path: Path) -> None:
    records = records_of(tmp_path, f"  x: {{type: TXT, value: {'a' * 300}}}\n")
    assert records["x.", "TXT"].rdata == (b"\xff" + b"a" * 255 + b"\x2d" + b"a" * 45,)


def test_names_are_the_zones_and_lower_case(tmp_path: Path) -> None:
    records = records_of(
        tmp_path,
        '  "": {type: A, ttl: 5m, values: [192.0.2.1, 192.0.2.2]}\n'
        '  "*.Dev": {type: A, value: 192.0.2.1}\n'
        "  bücher: {type: A, value: 192.0.2.1}\n"
        "  full.gtm.example.com.: {type: A, value: 192.0.2.1}\n"
        "  10: {type: A, value: 192.0.2.1}\n"
        "  a\\.b: {type: A, value: 192.0.2.1}\n",
    )
    assert {name for name, _ in records} == {
        "",
        "*.dev.",
        "xn--bcher-kva.",
        "full.",
        "10.",
        "a\\.b.",
    }
    assert records["", "A"].ttl == 300


@given(st.binary(max_size=600))
def test_every_text_is_read_back_from_its_long_form(content: bytes) -> None:
    made = rdata.text_rdata(content)
    assert rdata.rdata(rdata.TYPES["TXT"], rdata.to_text(rdata.TYPES["TXT"], made)) == made


ONE_RECORD_MISTAKE = {
    "a relative name": (
        "x: {type: CNAME, value: www}",
        "7:27: records.x.value: the name in `www` does not end with a dot",
    ),
    "bad data": (
        "x: {type: A, values: [192.0.2.1, 1.2.3]}",
        "7:36: records.x.values: `1.2.3` is not A data; write `192.0.2.10`",
    ),
    "a mapping where text belongs": ("x: {type: A, value: {a: 1}}", "a mapping is not A data"),
    "an unknown field": (
        "x: {type: MX, value: {preference: 1, exchang: a.}}",
        "`exchang` is not a known key of MX data",
    ),
    "a missing field": ("x: {type: SRV, value: {priority: 1}}", "`weight` is missing"),
    "a number as text": ("x: {type: TXT, value: 5}", "`5` is not text; put it in quotes"),
    "an unknown type": ("x: {type: AAA, value: a}", "`AAA` is not a record type; write `AAAA`"),
    "a type without a name here": (
        "x: {type: HINFO, value: a.}",
        "records of type HINFO are not supported by name",
    ),
    "an SOA": ('"": {type: SOA, value: a.}', "the SOA is made from the key `soa`"),
    "no value": ("x: {type: A}", "a record has no value"),
    "no values": ("x: {type: A, values: []}", "a record has no value"),
    "value and values": (
        "x: {type: A, value: 192.0.2.1, values: [192.0.2.1]}",
        "both `value` and `values`",
    ),
    "one value twice": (
        "x: {type: A, values: [192.0.2.1, 192.0.2.1]}",
        "`192.0.2.1` is written twice",
    ),
    "values that are no list": (
        "x: {type: A, values: 192.0.2.1}",
        "stands where a list is expected",
    ),
    "no records": ("x: 5", "`5` stands where a list is expected"),
    "a name outside": (
        "x.example.net.: {type: A, value: 192.0.2.1}",
        "x.example.net. is outside the zone",
    ),
    "a star inside": ("a.*.b: {type: A, value: 192.0.2.1}", "`*` is not the whole first label"),
    "an at sign": ('"@": {type: A, value: 192.0.2.1}', "`@` is not a name here"),
    "an empty label": ("a..b: {type: A, value: 192.0.2.1}", "has an empty label"),
    "a name too long": (
        f"{'a.' * 125}b: {{type: A, value: 192.0.2.1}}",
        "is longer than 255 octets",
    ),
    "one set twice": (
        "x: [{type: A, value: 192.0.2.1}, {type: A, value: 192.0.2.2}]",
        "7:36: records.x: x.gtm.example.com. A is written at a.yaml:7:7 too",
    ),
    "a CNAME beside others": (
        "x: [{type: CNAME, value: a.}, {type: A, value: 192.0.2.2}]",
        "and a CNAME stands alone",
    ),
    "a CNAME at the apex": ('"": {type: CNAME, value: a.}', "the zone's own name can't be a CNAME"),
    "two CNAMEs": ("x: {type: CNAME, values: [a., b.]}", "a CNAME has one value"),
    "a CNAME to itself": (
        "x: {type: CNAME, value: x.gtm.example.com.}",
        "the CNAME refers to itself",
    ),
    "an address at a service": (
        "orders: {type: A, value: 192.0.2.2}",
        "orders.gtm.example.com. is a service (a.yaml:8:44)",
    ),
    "an address at a name server": (
        "ns1: {type: A, value: 192.0.2.53}",
        "ns1.gtm.example.com. is a name server",
    ),
    "DS at the apex": (
        f'"": {{type: DS, value: "60485 13 2 {DIGEST}"}}',
        "the zone's own DS stands in the zone above it; "
        "remove this record, and hand it to those who run the zone above",
    ),
    "DS where nothing is delegated": (
        f'sub: {{type: DS, value: "60485 13 2 {DIGEST}"}}',
        "records.sub: sub.gtm.example.com. is not delegated, and a DS says which key signs a "
        "delegated zone; write NS records for sub.gtm.example.com. too, or remove the DS",
    ),
    "DS of a digest of the wrong length": (
        "sub: [{type: NS, value: a.}, {type: DS, value: 60485 13 2 2bb1}]",
        "`60485 13 2 2bb1` is not DS data; "
        "write `{key_tag: 60485, algorithm: 13, digest_type: 2, digest: 2BB183AF...}`",
    ),
    "DS without its digest": (
        "sub: [{type: NS, value: a.}, "
        "{type: DS, value: {key_tag: 1, algorithm: 13, digest_type: 2}}]",
        "`digest` is missing; "
        "write `{key_tag: 60485, algorithm: 13, digest_type: 2, digest: 2BB183AF...}`",
    ),
    "NS at the apex": (
        '"": {type: NS, value: a.}',
        "the zone's own NS records come from `nameservers`",
    ),
    "glue that is missing": (
        "sub: {type: NS, value: ns.sub.gtm.example.com.}",
        "so it needs addresses (glue)",
    ),
    "a wildcard delegation": (
        '"*.sub": {type: NS, value: ns.example.net.}',
        "a wildcard can't be delegated",
    ),
    "a record beside a delegation": (
        "sub: [{type: NS, value: a.}, {type: TXT, value: a}]",
        "sub.gtm.example.com. TXT is in sub.gtm.example.com., which is delegated at a.yaml:7:9",
    ),
}


@pytest.mark.parametrize("record, said", ONE_RECORD_MISTAKE.values(), ids=ONE_RECORD_MISTAKE.keys())
def test_one_mistake_in_a_record_gives_one_message(tmp_path: Path, record: str, said: str) -> None:
    found = mistakes_of(tmp_path, HEAD + f"records:\n  {record}\n" + ORDERS % "192.0.2.1")
    assert len(found) == 1, found
    assert said in found[0]


def test_a_service_answered_as_cname_has_no_other_records(tmp_path: Path) -> None:
    text = HEAD + "records: {orders: {type: TXT, value: a}}\n"
    assert mistakes_of(tmp_path, text + ORDERS % "192.0.2.1") == []
    (said,) = mistakes_of(tmp_path, text + ORDERS % "a.example.net.")
    assert "so it is answered with a CNAME, which stands alone" in said


NAME_SERVER = (
    "apps.shop.services.%s: %s.gtm.example.com. is a name server: its addresses come from "
    "`nameservers`; give the service another name"
)


def test_a_service_is_no_name_server(tmp_path: Path) -> None:
    services = "apps: {shop: {topology: spread, services: {%s: {us-east: %s}}}}\n"
    (said,) = mistakes_of(tmp_path, HEAD + services % ("ns1", "192.0.2.53"))
    assert said == "a.yaml:6:44: " + NAME_SERVER % ("ns1", "ns1")
    (said,) = mistakes_of(tmp_path, HEAD + services % ("NS1", "a.example.net."))
    assert said == "a.yaml:6:44: " + NAME_SERVER % ("NS1", "ns1")
    assert mistakes_of(tmp_path, HEAD + services % ("ns2", "192.0.2.53")) == []


@pytest.mark.parametrize(
    "value",
    [
        f"{{key_tag: 60485, algorithm: 13, digest_type: 2, digest: {DIGEST}}}",
        f"60485 13 2 {DIGEST[:32]} {DIGEST[32:].upper()}",
    ],
)
def test_a_signed_child_is_delegated_with_ds(tmp_path: Path, value: str) -> None:
    text = f"  sub: [{{type: NS, value: a.example.}}, {{type: DS, value: {value}}}]\n"
    records = records_of(tmp_path, text)
    assert records["sub.", "DS"].rdata == (bytes.fromhex("ec450d02" + DIGEST),)
    text_form = rdata.to_text(rdata.TYPES["DS"], records["sub.", "DS"].rdata[0])
    assert rdata.rdata(rdata.TYPES["DS"], text_form) == records["sub.", "DS"].rdata[0]


def test_ds_in_a_delegated_zone_is_refused_once(tmp_path: Path) -> None:
    text = (
        "records:\n  sub: {type: NS, value: a.example.}\n"
        f'  x.sub: {{type: DS, value: "60485 13 2 {DIGEST}"}}\n'
    )
    assert mistakes_of(tmp_path, HEAD + text) == [
        "a.yaml:8:3: records.x.sub: x.sub.gtm.example.com. DS is in sub.gtm.example.com., which is "
        "delegated at a.yaml:7:3: only its DS and addresses of its name servers (glue) can be "
        "here; write it in the delegated zone, or remove the delegation"
    ]


def test_a_delegation_holds_its_glue_alone(tmp_path: Path) -> None:
    good = (
        "records:\n  sub: {type: NS, values: [ns.sub.gtm.example.com., a.example.]}\n"
        "  ns.sub: {type: A, value: 192.0.2.1}\n"
    )
    assert mistakes_of(tmp_path, HEAD + good) == []
    hidden = "  www.sub: {type: A, value: 192.0.2.1}\n  a.b.sub: {type: NS, value: a.}\n"
    service = "apps: {s: {topology: spread, services: {x.sub: {us-east: 192.0.2.1}}}}\n"
    found = mistakes_of(tmp_path, HEAD + good + hidden + service)
    assert [one.split(": ")[1] for one in found] == [
        "records.www.sub",
        "records.a.b.sub",
        "apps.s.services.x.sub",
    ]


MASTER = """\
$TTL 1h
@       IN SOA ns1 hostmaster 1 2 3 4 5
        IN NS  ns1
www     5m IN A 192.0.2.1 ; a comment (that closes nothing
        IN 300 A 192.0.2.2
txt     TXT ( "one"  ; first
              "two;" )
$ORIGIN sub
mail    MX 10 @
\\$odd   A 192.0.2.3
"""


def test_a_master_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "r.zone").write_text(MASTER)
    zone = zone_of(tmp_path, HEAD + "records_file: r.zone\n")
    assert {(one.name, one.type, one.ttl): one.rdata for one in zone.rrsets} == {
        ("www.gtm.example.com.", 1, 300): (b"\xc0\0\2\1", b"\xc0\0\2\2"),
        ("txt.gtm.example.com.", 16, 3600): (b"\3one\4two;",),
        ("mail.sub.gtm.example.com.", 15, 3600): (wire("MX", "10 sub.gtm.example.com."),),
        ("\\$odd.sub.gtm.example.com.", 1, 3600): (b"\xc0\0\2\3",),
    }
    said = warnings_of(tmp_path, HEAD + "records_file: r.zone\n")
    assert [one.split(";")[0] for one in said] == [
        "r.zone:2:1: the zone's own SOA record is not used",
        "r.zone:3:1: the zone's own NS record is not used",
    ]


def test_every_mistake_of_a_master_file_has_its_line(tmp_path: Path) -> None:
    (tmp_path / "r.zone").write_text(
        " A 192.0.2.1\nwww A 192.0.2\n$INCLUDE other\n$GENERATE 1-2 a A 192.0.2.$\n"
        "a..b A 192.0.2.1\n  A 192.0.2.9\nok A 192.0.2.1\nok A 192.0.2.1\nc CH A 192.0.2.1\n"
        'd TXT "open\ne SPF a\nf\ng A 192.0.2.1 192.0.2.2\nwww.example.net. A 192.0.2.1\n'
        "x A 192.0.2.1\ny TXT ( a\n"
    )
    found = mistakes_of(
        tmp_path, HEAD + "records_file: r.zone\nrecords: {x: {type: A, value: 192.0.2.7}}\n"
    )
    lines = [int(one.split(":")[1]) for one in found]
    assert lines == [1, 2, 3, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15, 16]
    assert found[12].startswith("r.zone:15:1: x.gtm.example.com. A is written at a.yaml:7:11 too")


def test_a_master_file_that_is_missing_or_binary_is_a_mistake(tmp_path: Path) -> None:
    text = HEAD + "records_file: r.zone\n"
    assert "r.zone: there is no such file" in mistakes_of(tmp_path, text)[0]
    (tmp_path / "r.zone").write_bytes(b"a A 192.0.2.1\n\xff\n")
    assert "r.zone:2:1: the file is not UTF-8 text" in mistakes_of(tmp_path, text)[0]
    assert load_text(tmp_path, HEAD).zones == load(tmp_path, modified=lambda path: 1234).zones
