"""Values of static records: from octoDNS's forms and presentation text to wire form.

Wire form is uncompressed, and names keep their case (RFC 3597 section 7; comparing is for the
reader). Names in values must be absolute, as octoDNS wants them.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tokenizer

from gtm.zonefile import names, rdatarules
from gtm.zonefile.findings import Wrong, listed, nearest, shown
from gtm.zonefile.rdataforms import example, from_mapping

TYPES: Mapping[str, int] = {
    name: int(dns.rdatatype.from_text(name))
    for name in (
        *("A", "AAAA", "CAA", "CNAME", "DNAME", "DS", "HTTPS", "LOC", "MX", "NAPTR", "NS"),
        *("PTR", "SRV", "SSHFP", "SVCB", "TLSA", "TXT", "URI"),
    )
}
TYPE_NAMES: Mapping[int, str] = {number: name for name, number in TYPES.items()}
# What hides everything below its name: delegations and DNAME (RFC 6672 section 2.4).
HIDING = (TYPES["NS"], TYPES["DNAME"])

# A character string has one length octet (RFC 1035 section 3.3), an rdata two.
MAX_STRING = 255
MAX_RDATA = 65535

# Made by signing a zone, never written into one (RFC 4034, 5155, 7344).
OF_SIGNERS = frozenset(
    ("RRSIG", "NSEC", "NSEC3", "NSEC3PARAM", "DNSKEY", "CDS", "CDNSKEY"),
)
# What is asked for or sent along and is no data: OPT, TKEY, TSIG, transfers, ANY (RFC 6895
# section 3.1), and the types that RFC 3597 has no room for.
_META = range(128, 256)
_NO_DATA = frozenset((0, int(dns.rdatatype.OPT), 65535, *_META))
_NUMBERED = re.compile(r"TYPE(\d{1,5})")
_GENERIC = "\\#"  # begins data of an unknown type (RFC 3597 section 5)
_NAME_IN_TEXT = re.compile(r"[^\s\"]*[^\x00-\x7f][^\s\"]*")
# Types of whose text a part outside ASCII is a name.
_WITH_NAMES = frozenset(
    ("CNAME", "DNAME", "HTTPS", "MX", "NS", "PTR", "SRV", "SVCB"),
)


def type_number(text: str) -> int:
    """The number of a supported RR type, by name or as `TYPE65280` (RFC 3597). Raises Wrong."""
    word = text.upper()
    if word in TYPES:
        return TYPES[word]
    try:
        number = _numbered(word) or int(dns.rdatatype.from_text(word))
    except (dns.exception.DNSException, ValueError):
        hint = nearest(word, TYPES)
        raise Wrong(
            f"{shown(text)} is not a record type",
            f"write {hint}" if hint else f"write one of: {listed(TYPES, len(TYPES))}",
        ) from None
    _judge_number(number, is_name=not _NUMBERED.fullmatch(word))
    return number


def _numbered(word: str) -> int | None:
    found = _NUMBERED.fullmatch(word)
    return int(found[1]) if found and int(found[1]) <= MAX_RDATA else None


def _judge_number(number: int, *, is_name: bool) -> None:
    word = type_name(number) if not is_name else dns.rdatatype.to_text(_known(number))
    if number == dns.rdatatype.SOA:
        raise Wrong("the SOA is made from the key `soa`", "write it there and remove this record")
    if dns.rdatatype.to_text(_known(number)) in OF_SIGNERS:
        raise Wrong(
            f"{word} records are made when the zone is signed",
            "write `dnssec: {}` and remove this record",
        )
    if number in _NO_DATA:
        raise Wrong(f"{word} is a type of questions, not of data", "remove this record")
    if is_name and number not in TYPE_NAMES:
        raise Wrong(
            f"records of type {word} are not supported by name",
            f"write `type: TYPE{number}`, and the data as `\\# length hex` (RFC 3597)",
        )


def _known(number: int) -> dns.rdatatype.RdataType:
    return dns.rdatatype.RdataType.make(number)


def type_name(number: int) -> str:
    """How a type is written: `MX`, or `TYPE65280` (RFC 3597 section 5)."""
    return TYPE_NAMES.get(number) or f"TYPE{number}"


def rdata(type_: int, value: object) -> bytes:
    """The wire form of one value of a record. Raises Wrong."""
    name = type_name(type_)
    if isinstance(value, dict):
        value = from_mapping(name, value)
    elif isinstance(value, int | float) and not isinstance(value, bool) and name == "TXT":
        raise Wrong(f"{shown(value)} is not text", "put it in quotes")
    if not isinstance(value, str):
        raise Wrong(f"{shown(value)} is not {name} data", f"write {example(name)}")
    if name == "TXT" and not value.startswith('"'):
        return text_rdata(value.replace("\\;", ";").encode())
    if not value.isascii() and name in _WITH_NAMES:
        value = _NAME_IN_TEXT.sub(lambda match: names.to_ascii(match[0]), value)
    return presented(type_, dns.tokenizer.Tokenizer(value), None, value)


def presented(
    type_: int, tokens: dns.tokenizer.Tokenizer, origin: dns.name.Name | None, text: str
) -> bytes:
    """The wire form of presentation text; names may be relative only to an origin.

    `text` is what messages quote. Raises Wrong.
    """
    name = type_name(type_)
    try:
        found = dns.rdata.from_text(
            dns.rdataclass.IN, _known(type_), tokens, origin, relativize=False
        )
        found = rdatarules.judged(name, found)
        if text.startswith(_GENERIC) and type_ in TYPE_NAMES:
            # octets may say what the type has no text for, such as an SSHFP without a fingerprint
            readable = dns.tokenizer.Tokenizer(found.to_text())
            dns.rdata.from_text(dns.rdataclass.IN, _known(type_), readable)
        return found.to_wire() or b""
    except dns.name.NeedAbsoluteNameOrOrigin:
        raise Wrong(
            f"the name in {shown(text)} does not end with a dot",
            f"names in values are absolute: write {example(name)}",
        ) from None
    except Wrong:
        raise
    except (dns.exception.DNSException, ValueError, OverflowError, IndexError, struct.error):
        raise Wrong(f"{shown(text)} is not {name} data", f"write {example(name)}") from None


def text_rdata(content: bytes) -> bytes:
    """TXT wire form, split into strings of 255 octets (RFC 1035 section 3.3.14). Raises Wrong."""
    chunks = [content[i : i + MAX_STRING] for i in range(0, len(content), MAX_STRING)] or [b""]
    wire = b"".join(bytes([len(chunk)]) + chunk for chunk in chunks)
    if len(wire) > MAX_RDATA:
        raise Wrong("the text is longer than a record can hold", "split it over several records")
    return wire


def to_text(type_: int, wire: bytes) -> str:
    """The presentation text of wire form; `rdata` reads it back to the same octets."""
    if type_ not in TYPE_NAMES:
        return f"{_GENERIC} {len(wire)} {wire.hex()}".rstrip()
    found = dns.rdata.from_wire(dns.rdataclass.IN, _known(type_), wire, 0, len(wire))
    return found.to_text()


def target(type_: int, wire: bytes) -> str:
    """The name in NS, CNAME or DNAME data, absolute and lower case."""
    name, _ = dns.name.from_wire(wire, 0)
    return name.canonicalize().to_text()
