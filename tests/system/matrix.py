"""A zone with every type of record in every place, and the questions that tell servers apart."""

from __future__ import annotations

from collections.abc import Iterator

APEX = "matrix.example.com"

DIGEST = "cd" * 32
DATA = {
    "A": "192.0.2.1",
    "AAAA": "2001:db8::1",
    "MX": "10 mail.example.net.",
    "TXT": '"one" "two"',
    "SRV": "0 5 443 api.example.net.",
    "CAA": '0 issue "ca.example.net"',
    "PTR": "host.example.net.",
    "NAPTR": '10 100 "S" "SIP+D2U" "" _sip._udp.example.net.',
    "SSHFP": f"4 2 {DIGEST}",
    "TLSA": f"3 1 1 {DIGEST}",
    "URI": '10 1 "https://www.example.net/"',
    "SVCB": "1 svc.example.net. alpn=h2 port=8443",
    "HTTPS": "1 . alpn=h2,h3",
    "LOC": "53 20 59.500 N 6 15 37.000 W 20.00m 1m 10000m 10m",
    "TYPE65280": "\\# 4 0a000001",
}
# types that are asked for and can't stand just anywhere, or are of no data here
FURTHER = (
    "CNAME",
    "DNAME",
    "NS",
    "DS",
    "SOA",
    "DNSKEY",
    "CDS",
    "HINFO",
    "TYPE65281",
    "ANY",
)
# where a zone is not signed, nobody says what a CNAME means to those that ask for its NSEC
OF_SIGNED = ("NSEC",)
TYPES = (*DATA, *FURTHER)

LONG = ".".join(["a" * 63] * 3 + ["a" * 58])  # 252 octets with the root
HEAD = f"""\
$ORIGIN {APEX}.
$TTL 3600
"""
OWN = f"""\
@ SOA ns1.{APEX}. hostmaster.{APEX}. 7 7200 900 1209600 60
@ NS ns1.{APEX}.
@ NS ns2.example.net.
ns1 A 127.0.0.1
"""
RECORDS = f"""\
child 900 NS ns.child
child 900 NS ns.example.net.
child DS 60485 13 2 {DIGEST}
ns.child A 192.0.2.54
ns.child AAAA 2001:db8::54
unglued NS ns.example.net.
a.deep.delegation NS ns.example.net.
alias 300 CNAME all.place
toempty CNAME empty
tonothing CNAME nothing
towild CNAME x.wild
tochild CNAME host.child
tocut CNAME child
away CNAME www.example.net.
chain CNAME chain2
chain2 CNAME alias
todname CNAME all.led
led 120 DNAME place
led TXT "beside a DNAME"
dnamed DNAME led
outside DNAME Example.Net.
long DNAME {LONG}.
round DNAME alias
*.wildalias CNAME all.place
*.wildout CNAME www.example.net.
*.onlytxt TXT "wild"
here.onlytxt A 192.0.2.5
below.here.onlytxt A 192.0.2.6
sub.ent.wild A 192.0.2.7
x\\.y A 192.0.2.8
UPPER.Case A 192.0.2.9
"""
PLACES = ("all.place", "*.wild", "UPPER.all")

NAMES = (
    *("", "ns1", "all.place", "ALL.Place", "place", "empty", "nothing", "deep.nothing", "no.place"),
    *("child", "x.child", "ns.child", "a.b.child", "unglued", "x.unglued"),
    *("deep.delegation", "a.deep.delegation", "x.a.deep.delegation", "delegation"),
    *("alias", "x.alias", "toempty", "tonothing", "towild", "tochild", "tocut", "away", "x.away"),
    *("chain", "todname", "led", "all.led", "no.led", "x.y.led", "all.dnamed", "dnamed"),
    *("x.outside", "b.long", "bb.long", "bbb.long", "bbbb.long", "x.round", "all.round"),
    *("wild", "x.wild", "x.y.wild", "*.wild", "ent.wild", "sub.ent.wild", "x.ent.wild", "x.*.wild"),
    *("x.wildalias", "x.y.wildalias", "x.wildout", "*.wildalias", "x.onlytxt", "here.onlytxt"),
    *("below.here.onlytxt", "x.here.onlytxt", "x\\.y", "x.y", "upper.case", "Upper.Case"),
)
# the NSEC of a wildcard asked for by another name, which RFC 4035 section 3.1.3.3 wants proven
KNOT_PROVES_LESS = ("x.wildalias", "x.y.wildalias", "x.wildout")
OUTSIDE = ("example.com", "www.example.org", "")


def records() -> str:
    """The records beside those that the YAML makes."""
    lines = [f"{place} 600 {type_} {data}\n" for place in PLACES for type_, data in DATA.items()]
    return (
        HEAD
        + RECORDS
        + "empty HINFO a b\n".replace("HINFO a b", "TYPE65290 \\# 0")
        + "".join(lines)
    )


def whole() -> str:
    """The zone as a master file that stands by itself."""
    return records().replace(HEAD, HEAD + OWN)


def yaml(*, signed: bool = False) -> str:
    """The zone as gtm has it, beside `records()` in static.zone."""
    return ("dnssec: {}\n" if signed else "") + (
        f"zone: {APEX}\nnameservers: {{ns1: [127.0.0.1], ns2.example.net.: []}}\n"
        f"soa: {{contact: hostmaster@{APEX}, negative_ttl: 60, serial: 7}}\n"
        "records_file: static.zone\n"
    )


def questions(*, signed: bool = False) -> Iterator[tuple[str, str]]:
    """Names and types."""
    for name in NAMES:
        of_signed = OF_SIGNED if signed and name not in KNOT_PROVES_LESS else ()
        for rrtype in (*TYPES, *of_signed):
            yield f"{name}.{APEX}." if name else f"{APEX}.", rrtype
    for name in OUTSIDE:
        for rrtype in ("A", "SOA", "DS"):
            yield f"{name}.", rrtype
