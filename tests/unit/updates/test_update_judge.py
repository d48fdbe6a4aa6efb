"""What updates come to: the sections of RFC 2136, and a naive reading of it as the judge."""

from __future__ import annotations

from collections.abc import Callable

import dns.rdataclass
import dns.rdatatype
import dns.update
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.dns.types import Rcode
from gtm.peering import Updates
from gtm.updates.added import Added
from gtm.updates.judge import PER_SET, judge
from gtm.updates.request import ANY_CLASS, NONE_CLASS, Record, Request, UnreadableError, parse
from tests.unit.updates.update_worlds import (
    APEX,
    EVERYTHING,
    added,
    contents,
    name,
    request,
    text,
    update,
)

CONTENTS = contents()
A, NS, CNAME, SOA, TXT, ANY = 1, 2, 5, 6, 16, 255
Make = Callable[[dns.update.UpdateMessage], object]


def outcome(make: Make, before: Added | None = None, *granted: Updates) -> tuple[Rcode, Added]:
    message, before = update(), before or Added()
    make(message)
    judged = judge(request(message), CONTENTS, before, granted or (EVERYTHING,))
    return judged.rcode, before.after(judged.changes) if judged.changes else before


def data(found: Added, at: str, rrtype: int = TXT) -> set[bytes]:
    there = found.sets.get((name(at), rrtype))
    return set(there.data) if there else set()


def test_a_record_is_added_and_taken_out() -> None:
    rcode, after = outcome(lambda u: u.add("_acme-challenge", 60, "TXT", "token"))
    assert (rcode, data(after, "_acme-challenge")) == (Rcode.NOERROR, {text("token")})
    rcode, after = outcome(lambda u: u.delete("_acme-challenge", "TXT", "token"), after)
    assert (rcode, after.sets) == (Rcode.NOERROR, {})


def test_a_whole_set_and_a_whole_name_are_taken_out() -> None:
    before = added(("x", TXT, text("1")), ("x", TXT, text("2")), ("x", A, b"\xc0\0\2\1"))
    rcode, after = outcome(lambda u: u.delete("x", "TXT"), before)
    assert (rcode, data(after, "x"), data(after, "x", A)) == (0, set(), {b"\xc0\0\2\1"})
    rcode, after = outcome(lambda u: u.delete("x"), before)
    assert (rcode, after.sets) == (Rcode.NOERROR, {})


def test_the_last_ttl_is_that_of_all() -> None:
    before = added(("x", TXT, text("1")), ttl=60)
    _, after = outcome(lambda u: u.add("x", 300, "TXT", "2"), before)
    assert after.sets[name("x"), TXT].ttl == 300


def test_names_are_compared_without_case() -> None:
    _, after = outcome(lambda u: u.add("X", 60, "CNAME", "WWW.Example.NET."))
    assert data(after, "x", CNAME) == {b"\x03www\x07example\x03net\0"}


@pytest.mark.parametrize(
    "make",
    [
        lambda u: u.delete("filed", "TXT", "one"),
        lambda u: u.delete("filed", "TXT"),
        lambda u: u.delete("filed"),
        lambda u: u.add("orders", 60, "TXT", "x"),
        lambda u: u.add("orders", 60, "A", "192.0.2.9"),
        lambda u: u.delete("orders"),
        lambda u: u.add("under.cut", 60, "TXT", "x"),
        lambda u: u.add("cut", 60, "TXT", "x"),
        lambda u: u.add("", 60, "NS", "ns.example.net."),
        lambda u: u.add("sub", 60, "NS", "ns.example.net."),
        lambda u: u.replace("", 60, "SOA", "a. b. 1 2 3 4 5"),
        lambda u: u.add("alias", 60, "CNAME", "other.example.net."),
    ],
)
def test_what_is_in_the_file_is_steered_or_delegates_stays_as_it_is(make: Make) -> None:
    """An update that would change it is refused, with all else that it asks for."""

    def both(message: dns.update.UpdateMessage) -> None:
        message.add("fine", 60, "TXT", "x")
        make(message)

    assert outcome(both) == (Rcode.REFUSED, Added())


def test_what_the_key_does_not_allow_is_refused() -> None:
    acme = Updates("acme.", ("_acme-challenge", "_acme-challenge.*"))
    assert outcome(lambda u: u.add("_acme-challenge.www", 60, "TXT", "x"), None, acme)[0] == 0
    refused = [
        lambda u: u.add("www", 60, "TXT", "x"),
        lambda u: u.add("_acme-challenge", 60, "A", "192.0.2.1"),
        lambda u: u.add("", 60, "TXT", "x"),
        lambda u: u.delete("www"),
    ]
    for make in refused:
        assert outcome(make, None, acme) == (Rcode.REFUSED, Added())
    before = added(("_acme-challenge", A, b"\xc0\0\2\1"))
    assert outcome(lambda u: u.delete("_acme-challenge"), before, acme) == (Rcode.REFUSED, before)


def test_the_apex_has_to_be_named() -> None:
    everywhere = Updates("k.", ("*",))
    assert outcome(lambda u: u.add("", 60, "TXT", "x"), None, everywhere)[0] is Rcode.REFUSED
    assert outcome(lambda u: u.add("", 60, "TXT", "x"))[0] is Rcode.NOERROR


def test_a_cname_stands_alone() -> None:
    """What does not go with what is there is ignored (RFC 2136 section 3.4.2.2)."""
    before = added(("x", TXT, text("1")))
    assert outcome(lambda u: u.add("x", 60, "CNAME", "a.example."), before) == (0, before)
    alias = added(("y", CNAME, b"\x01a\0"))
    assert outcome(lambda u: u.add("y", 60, "TXT", "1"), alias) == (0, alias)
    _, after = outcome(lambda u: u.add("y", 60, "CNAME", "b."), alias)
    assert data(after, "y", CNAME) == {b"\x01b\0"}
    assert outcome(lambda u: u.add("alias", 60, "TXT", "1")) == (0, Added())


@pytest.mark.parametrize(
    ("make", "rcode"),
    [
        (lambda u: u.present("x"), Rcode.NOERROR),
        (lambda u: u.present("nobody"), Rcode.NXDOMAIN),
        (lambda u: u.present("x", "TXT"), Rcode.NOERROR),
        (lambda u: u.present("x", "A"), Rcode.NXRRSET),
        (lambda u: u.present("filed", "TXT"), Rcode.NOERROR),
        (lambda u: u.present("orders"), Rcode.NOERROR),
        (lambda u: u.present("x", "TXT", "1"), Rcode.NOERROR),
        (lambda u: u.present("x", "TXT", "2"), Rcode.NXRRSET),
        (lambda u: u.present("filed", "TXT", "one"), Rcode.NXRRSET),
        (lambda u: u.present("filed", "TXT", "one", "two"), Rcode.NOERROR),
        (lambda u: u.absent("x"), Rcode.YXDOMAIN),
        (lambda u: u.absent("nobody"), Rcode.NOERROR),
        (lambda u: u.absent("x", "TXT"), Rcode.YXRRSET),
        (lambda u: u.absent("x", "A"), Rcode.NOERROR),
        (lambda u: u.absent("x.example.net."), Rcode.NOTZONE),
    ],
)
def test_prerequisites_are_demanded(make: Make, rcode: Rcode) -> None:
    before = added(("x", TXT, text("1")))

    def both(message: dns.update.UpdateMessage) -> None:
        make(message)
        message.add("fine", 60, "TXT", "x")

    found, after = outcome(both, before)
    assert found is rcode
    assert bool(data(after, "fine")) is (rcode is Rcode.NOERROR)


@pytest.mark.parametrize(
    "record",
    [
        Record(name("x"), TXT, ANY_CLASS, 5, b""),
        Record(name("x"), TXT, ANY_CLASS, 0, b"\0"),
        Record(name("x"), ANY, NONE_CLASS, 0, b""),
        Record(name("x"), ANY, 1, 0, b""),
        Record(name("x"), 252, ANY_CLASS, 0, b""),
        Record(name("x"), TXT, 3, 0, b"\0"),
        Record(name("x"), TXT, 1, 2**31, b"\0"),
    ],
)
def test_what_is_of_no_form_is_a_format_error(record: Record) -> None:
    judged = judge(Request(APEX, (), (record,)), CONTENTS, Added(), (EVERYTHING,))
    assert judged.rcode is Rcode.FORMERR


def test_a_name_outside_is_not_in_the_zone() -> None:
    assert outcome(lambda u: u.add("x.example.net.", 60, "TXT", "1"))[0] is Rcode.NOTZONE


def test_more_than_a_message_can_hold_is_refused() -> None:
    def many(message: dns.update.UpdateMessage) -> None:
        for number in range(PER_SET + 1):
            message.add("x", 60, "TXT", str(number))

    assert outcome(many) == (Rcode.REFUSED, Added())


# --- against a naive reading --------------------------------------------------------------

NAMES = ("x", "y", "filed", "alias", "orders", "cut", "")
DATA = {
    TXT: (text("one"), text("1")),
    A: (b"\xc0\0\2\7", b"\xc0\0\2\1"),
    CNAME: (b"\1a\0", b"\1b\0"),
}


def records() -> st.SearchStrategy[Record]:
    def of(at: str, rrtype: int) -> st.SearchStrategy[Record]:
        adding = st.builds(
            Record, st.just(name(at)), st.just(rrtype), st.just(1), st.just(60),
            st.sampled_from(DATA[rrtype]),
        )  # fmt: skip
        one = st.builds(
            Record, st.just(name(at)), st.just(rrtype), st.just(NONE_CLASS), st.just(0),
            st.sampled_from(DATA[rrtype]),
        )  # fmt: skip
        whole = st.sampled_from((rrtype, ANY)).map(
            lambda kind: Record(name(at), kind, ANY_CLASS, 0, b"")
        )
        return st.one_of(adding, adding, one, whole)

    return st.tuples(st.sampled_from(NAMES), st.sampled_from(sorted(DATA))).flatmap(
        lambda pair: of(*pair)
    )


Row = tuple[bytes, int, bytes]


def naive(before: list[Row], changes: list[Record]) -> list[Row] | None:
    """The added records after changes, as RFC 2136 section 3.4.2.7 has it; None if refused."""
    filed = [
        (at, rrtype, one)
        for at in map(name, NAMES)
        for rrtype, data in CONTENTS.sets(at).items()
        for one in (data or (b"soa",))
    ]
    if any(change.name in (name("orders"), name("cut")) for change in changes):
        return None
    rows = list(before)
    for change in changes:
        zone = [*filed, *rows]
        here = [row for row in zone if row[0] == change.name]
        if change.rrclass == 1:
            if change.type == CNAME and any(row[1] != CNAME for row in here):
                continue
            if change.type != CNAME and any(row[1] == CNAME for row in here):
                continue
            row = (change.name, change.type, change.data)
            if row in zone:
                continue
            if change.type == CNAME:
                if any(row[1] == CNAME and row in filed for row in here):
                    return None
                rows = [each for each in rows if each not in here]
            rows.append(row)
            continue
        if change.rrclass == NONE_CLASS:
            gone = [row for row in here if row[1:] == (change.type, change.data)]
        else:
            gone = [row for row in here if change.type in (ANY, row[1])]
        if change.name == APEX and change.type == ANY:
            gone = [row for row in gone if row[1] not in (SOA, NS)]
        if any(row in filed for row in gone):
            return None
        rows = [row for row in rows if row not in gone]
    return rows


@given(st.lists(st.lists(records(), max_size=5), max_size=4))
def test_updates_come_to_what_a_naive_reading_does(updates: list[list[Record]]) -> None:
    found, rows = Added(), list[Row]()
    for changes in updates:
        judged = judge(Request(APEX, (), tuple(changes)), CONTENTS, found, (EVERYTHING,))
        expected = naive(rows, changes)
        assert (judged.rcode is Rcode.NOERROR) is (expected is not None)
        if expected is None:
            assert judged.rcode is Rcode.REFUSED
            assert not judged.changes
            continue
        rows = expected
        found = found.after(judged.changes) if judged.changes else found
        assert {(at, rrtype, one) for (at, rrtype), s in found.sets.items() for one in s.data} == {
            *rows
        }


@given(st.binary(max_size=200))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    try:
        found = parse(octets)
    except UnreadableError:
        return
    judge(found, CONTENTS, Added(), (EVERYTHING,))


@given(st.binary(max_size=60), st.integers(12, 100))
def test_an_update_with_any_octets_in_it_is_read_or_refused(octets: bytes, at: int) -> None:
    message = update()
    message.present("x", "TXT", "1")
    message.add("x", 60, "MX", "5 mail.example.")
    wire = message.to_wire()
    try:
        found = parse(wire[:at] + octets + wire[at + len(octets) :])
    except UnreadableError:
        return
    judge(found, CONTENTS, Added(), (EVERYTHING,))
