"""DNSKEY data and what is made of it, against dnspython and the RFCs' examples."""

from __future__ import annotations

import dns.dnssec
import dns.name
import dns.node
import dns.rdata
import dns.rdataclass
import dns.rdataset
import dns.rdatatype
import dns.rrset
import pytest
from dns.rdtypes.ANY.DNSKEY import DNSKEY
from hypothesis import given
from hypothesis import strategies as st

from gtm.dns.names import to_wire
from gtm.dnssec import dnskey
from gtm.dnssec.keys import Key, KeySet, generate, key_of
from gtm.dnssec.ledger import Entry, Kind, Ledger, Phase, Role, Roll, Stage, key_set
from gtm.model import Algorithm, Dnssec

ZONE = "gtm.example.com."


def rdata_of(kind: str, wire: bytes) -> dns.rdata.Rdata:
    found = dns.rdata.from_wire(
        dns.rdataclass.IN, dns.rdatatype.from_text(kind), wire, 0, len(wire)
    )
    assert isinstance(found, dns.rdata.Rdata)
    return found


def dnskey_of(key: Key) -> DNSKEY:
    found = rdata_of("DNSKEY", key.dnskey_rdata)
    assert isinstance(found, DNSKEY)
    return found


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("sep", [True, False])
def test_keys_tags_ds_and_texts_are_as_dnspython_has_them(algorithm: Algorithm, sep: bool) -> None:
    key = generate(algorithm, sep=sep)
    theirs = dnskey_of(key)
    assert key.tag == dns.dnssec.key_id(theirs)
    assert dnskey.to_text(key.dnskey_rdata).split()[:3] == theirs.to_text().split()[:3]
    assert dnskey.to_text(key.dnskey_rdata).split()[3] == "".join(theirs.to_text().split()[3:])
    ds = dns.dnssec.make_ds(ZONE, theirs, "SHA256")
    assert dnskey.ds(to_wire(ZONE), key.dnskey_rdata) == ds.to_wire()
    assert key.flags == (257 if sep else 256)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_signatures_are_those_of_rrsig(algorithm: Algorithm) -> None:
    key = generate(algorithm, sep=True)
    theirs = dnskey_of(key)
    assert len(key.sign(b"data")) == 64
    rrset = dns.rrset.from_text(ZONE, 60, "IN", "TXT", '"hello"')
    wrong = dns.dnssec.sign(
        rrset,
        key.private,
        dns.name.from_text(ZONE),
        theirs,
        lifetime=3600,
        verify=True,
    )
    head = wrong.to_wire()
    assert head is not None
    ours = rdata_of("RRSIG", head[:-64] + key.sign(_signed(head, rrset)))
    keys: dict[dns.name.Name, dns.node.Node | dns.rdataset.Rdataset] = {
        dns.name.from_text(ZONE): dns.rrset.from_rdata(ZONE, 60, theirs)
    }
    dns.dnssec.validate(rrset, dns.rrset.from_rdata(ZONE, 60, ours), keys)


def _signed(rrsig: bytes, rrset: dns.rrset.RRset) -> bytes:
    """What a signature is over (RFC 4034 section 3.1.8.1)."""
    owner = to_wire(ZONE)
    data = rrset[0].to_wire()
    assert isinstance(data, bytes)
    record = owner + b"\0\x10\0\x01" + (60).to_bytes(4) + len(data).to_bytes(2) + data
    return rrsig[: 18 + len(owner)] + record


def test_the_ds_of_rfc_4034_appendix_and_6605_section_6() -> None:
    owner, rdata = dnskey.from_text(
        "example.net. 3600 IN DNSKEY 257 3 13 ( GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edb "
        "krSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA== )".replace("(", "").replace(")", "")
    )
    assert owner == "example.net."
    assert dnskey.tag(rdata) == 55648
    assert dnskey.ds_to_text(dnskey.ds(to_wire("example.net."), rdata)) == (
        "55648 13 2 B4C8C1FE2E7477127B27115656AD6256F424625BF5C1E2770CE6D6E37DF61D17"
    )


@given(st.binary(min_size=1, max_size=1024), st.integers(0, 255))
def test_texts_come_back(key: bytes, number: int) -> None:
    rdata = b"\x01\x01\x03" + bytes((number,)) + key
    try:
        assert dnskey.from_text(dnskey.to_text(rdata)) == (None, rdata)
    except ValueError:
        assert dnskey.KEY_SIZES.get(number, len(key)) != len(key)


@given(st.text(max_size=200) | st.text("0123456789 IN DNSKEY()=AZ+/;\n", max_size=80))
def test_any_text_is_a_dnskey_or_refused(text: str) -> None:
    for record in dnskey.records(text):
        try:
            _, rdata = dnskey.from_text(record)
        except ValueError as error:
            assert str(error)
        else:
            assert dnskey.flags(rdata) & dnskey.ZONE_KEY


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("257 3 13 AAAA", "its key has 3 octets, and algorithm 13 has 64"),
        ("1 3 8 AwEAAcNE", "not those of a zone's key"),
        ("385 3 8 AwEAAcNE", "revoked"),
        ("257 4 8 AwEAAcNE", "its protocol is 4"),
        ("257 3 8 !!!!", "not in base64"),
        ("99999 3 8 AwEAAcNE", "out of range"),
        ("hello", "not a DNSKEY"),
    ],
)
def test_keys_that_no_validator_would_take_are_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        dnskey.from_text(text)


def test_records_of_a_master_file_may_span_lines() -> None:
    text = (
        "; two keys\n@ IN DNSKEY 257 3 13 ( AAAA ; first\n  BBBB )\n\n@ IN DNSKEY 256 3 13 CCCC\n"
    )
    assert [" ".join(one.split()) for one in dnskey.records(text)] == [
        "@ IN DNSKEY 257 3 13 AAAA BBBB",
        "@ IN DNSKEY 256 3 13 CCCC",
    ]


def made(*parts: tuple[Role, Stage], roll: Roll | None, dnssec: Dnssec) -> tuple[KeySet, list[int]]:
    """The key set of a ledger with such keys, and their tags in this order."""
    keys = [generate(Algorithm.ED25519, sep=role.secures) for role, _ in parts]
    entries = tuple(
        Entry(key.dnskey_rdata, role, stage, 0.0)
        for key, (role, stage) in zip(keys, parts, strict=True)
    )
    held = {key.dnskey_rdata: key for key in keys}
    found = key_set(Ledger(entries, roll, secured=True), held, to_wire(ZONE), dnssec)
    return found, [key.tag for key in keys]


def tags(rdatas: tuple[bytes, ...]) -> set[int]:
    return {dnskey.tag(one) for one in rdatas}


def test_a_ksk_signs_keys_and_a_zsk_the_rest() -> None:
    at_rest = [(Role.KSK, Stage.ACTIVE), (Role.ZSK, Stage.ACTIVE)]
    found, (ksk, zsk) = made(*at_rest, roll=None, dnssec=Dnssec())
    assert tags(found.dnskeys) == {ksk, zsk}
    assert [key.tag for key in found.key_signers] == [ksk]
    assert [key.tag for key in found.zone_signers] == [zsk]
    assert tags(found.cdnskeys) == {ksk}
    assert [int.from_bytes(one[:2]) for one in found.cds] == [ksk]


def test_cds_asks_for_the_new_key_once_the_ds_may_change() -> None:
    parts = [(Role.CSK, Stage.OLD), (Role.CSK, Stage.NEW)]
    before, (old, _) = made(*parts, roll=Roll(Kind.ALL, Phase.INTRODUCED, 0, 0), dnssec=Dnssec())
    after, (_, new) = made(*parts, roll=Roll(Kind.ALL, Phase.DS_WANTED, 0, 0), dnssec=Dnssec())
    assert tags(before.cdnskeys) == {old}
    assert tags(after.cdnskeys) == {new}
    assert len(after.key_signers) == 2
    assert [key.tag for key in after.zone_signers] == [new]


def test_going_unsigned_asks_the_parent_to_delete_the_ds() -> None:
    roll = Roll(Kind.UNSIGN, Phase.DS_UNWANTED, 0, 0)
    found, _ = made((Role.CSK, Stage.ACTIVE), roll=roll, dnssec=Dnssec())
    assert rdata_of("CDS", found.cds[0]).to_text() == "0 0 0 00"
    assert rdata_of("CDNSKEY", found.cdnskeys[0]).to_text() == "0 3 0 AA=="
    assert found.zone_signers


def test_keys_of_other_providers_are_published_and_their_ksks_told_to_the_parent() -> None:
    ksk = generate(Algorithm.ED25519, sep=True)
    zsk = generate(Algorithm.ED25519, sep=False)
    dnssec = Dnssec(imports=(ksk.dnskey_rdata, zsk.dnskey_rdata))
    found, (own,) = made((Role.CSK, Stage.ACTIVE), roll=None, dnssec=dnssec)
    assert tags(found.dnskeys) == {own, ksk.tag, zsk.tag}
    assert tags(found.cdnskeys) == {own, ksk.tag}
    assert [key.tag for key in found.zone_signers] == [own]


def test_without_cds_nothing_is_told_to_the_parent() -> None:
    found, _ = made((Role.CSK, Stage.ACTIVE), roll=None, dnssec=Dnssec(cds=False))
    assert (found.cds, found.cdnskeys) == ((), ())


def test_a_key_never_shows_its_private_part() -> None:
    key = generate(Algorithm.ED25519, sep=True)
    assert "private" not in repr(key)
    assert key == key_of(key.private, sep=True)
    assert hash(key) == hash(key_of(key.private, sep=True))
