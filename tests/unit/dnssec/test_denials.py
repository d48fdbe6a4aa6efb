"""Whatever a signed zone has and is asked for: what it denies, it proves."""

from __future__ import annotations

from hypothesis import given, reject, settings
from hypothesis import strategies as st

from gtm.dns.names import order, to_text, to_wire
from gtm.dnssec.nsec import nsec_data
from gtm.errors import ZoneFileError
from tests.naive_validator import check
from tests.signing import ask, key_set, signed_world

APEX = "gtm.example.com."
LABELS = st.sampled_from(["a", "b", "c", "*", "ns"])
OWNERS = st.lists(LABELS, min_size=1, max_size=3).map(".".join)
HEAD = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
dnssec: {}
regions: {us: {location: [39, -77]}, eu: {location: IE}, ap: {location: SG}}
apps:
  shop:
    topology: spread
    services:
      orders: {us: [192.0.2.1], eu: ["2001:db8::1"], ap: [cdn.example.net.]}
      "deep.er": {us: [192.0.2.1], eu: [198.51.100.1]}
records:
"""


def _record(kind: str) -> str:
    match kind:
        case "A":
            return "{type: A, value: 192.0.2.7}"
        case "TXT":
            return "{type: TXT, value: hello}"
        case "CNAME":
            return "{type: CNAME, value: c.b.gtm.example.com.}"
        case "DNAME":
            return "{type: DNAME, value: b.gtm.example.com.}"
    return "{type: NS, value: ns.example.net.}"


@st.composite
def zones(draw: st.DrawFn) -> str:
    """A zone file with records at a few names; nothing stands at or below what hides it."""
    kinds = draw(
        st.dictionaries(
            OWNERS, st.sampled_from(["A", "A", "TXT", "CNAME", "NS", "DNAME"]), max_size=8
        )
    )
    hiding = {owner for owner, kind in kinds.items() if kind in ("NS", "DNAME")}
    kept = {
        owner: kind
        for owner, kind in kinds.items()
        if not any(owner.endswith("." + above) for above in hiding)
        and not ("*" in owner and kind in ("NS", "DNAME"))
    }
    kept.setdefault("last", "A")
    return HEAD + "".join(f'  "{owner}": {_record(kind)}\n' for owner, kind in kept.items())


QUESTIONS = st.tuples(
    st.one_of(OWNERS, st.sampled_from(["orders", "deep", "er.deep", "deep.er", "x.orders", ""])),
    st.sampled_from(["A", "AAAA", "TXT", "CNAME", "NS", "DS", "MX", "NSEC"]),
    st.sampled_from(["192.0.2.1", "198.51.100.1", "203.0.113.1"]),
)


@settings(max_examples=100)
@given(zones(), st.lists(QUESTIONS, min_size=10, max_size=40))
def test_what_is_denied_is_proved(text: str, questions: list[tuple[str, str, str]]) -> None:
    try:
        world = signed_world(text)
    except ZoneFileError:  # a CNAME in a circle, say
        reject()
    for owner, rrtype, client in questions:
        if "*" in owner and rrtype == "NSEC":
            continue  # an NSEC given as the answer may be that of a wildcard
        name = f"{owner}.{APEX}" if owner else APEX
        if rrtype == "DS" and name == APEX:
            continue  # the parent's to answer
        check(ask(world.snapshot, name, rrtype, client), APEX, key_set())


def test_names_are_ordered_as_in_rfc_4034_section_6_1() -> None:
    wanted = [
        "example.",
        "a.example.",
        "yljkjljk.a.example.",
        "Z.a.example.",
        "zABC.a.EXAMPLE.",
        "z.example.",
        r"\001.z.example.",
        "*.z.example.",
        r"\200.z.example.",
    ]
    wires = [to_wire(name) for name in wanted]
    shuffled = wires[::2] + wires[1::2]
    assert sorted(shuffled, key=order) == wires
    assert to_text(wires[2]) == "yljkjljk.a.example."


def test_types_are_mapped_as_in_rfc_4034_section_4_3() -> None:
    made = nsec_data(to_wire("host.example.com."), {1, 15, 1234})
    assert made == bytes.fromhex(
        "04686f7374076578616d706c6503636f6d000006400100000003041b" + "00" * 26 + "20"
    )
