"""Values of static records: from octoDNS's forms and presentation text to wire form.

Wire form is uncompressed, and names keep their case (RFC 3597 section 7; comparing is for the
reader). Names in values must be absolute, as octoDNS wants them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tokenizer

from gtm.zonefile import names
from gtm.zonefile.findings import Wrong, listed, nearest, shown

TYPES: Mapping[str, int] = {
    name: int(dns.rdatatype.from_text(name))
    for name in (
        *("A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NS", "PTR", "SRV", "SVCB", "TXT"),
    )
}
TYPE_NAMES: Mapping[int, str] = {number: name for name, number in TYPES.items()}

# A character string has one length octet (RFC 1035 section 3.3), an rdata two.
MAX_STRING = 255
MAX_RDATA = 65535

_EXAMPLES: Mapping[str, str] = {
    "A": "`192.0.2.10`",
    "AAAA": "`2001:db8::10`",
    "CAA": "`{flags: 0, tag: issue, value: ca.example.net}`",
    "CNAME": "`www.example.net.`",
    "DS": "`{key_tag: 60485, algorithm: 13, digest_type: 2, digest: 2BB183AF...}`",
    "HTTPS": "`{svcpriority: 1, targetname: ., svcparams: {alpn: [h2, h3]}}`",
    "MX": "`{preference: 10, exchange: mail.example.net.}`",
    "NS": "`ns1.example.net.`",
    "PTR": "`host.example.net.`",
    "SRV": "`{priority: 0, weight: 5, port: 443, target: api.example.net.}`",
    "SVCB": "`{svcpriority: 1, targetname: ., svcparams: {alpn: [h2, h3]}}`",
    "TXT": "text, in quotes if it looks like a number",
}
_NAME_IN_TEXT = re.compile(r"[^\s\"]*[^\x00-\x7f][^\s\"]*")


def type_number(text: str) -> int:
    """The number of a supported RR type. Raises Wrong."""
    word = text.upper()
    if word in TYPES:
        return TYPES[word]
    known = listed(TYPES)
    if word == "SOA":
        raise Wrong("the SOA is made from the key `soa`", "write it there and remove this record")
    try:
        dns.rdatatype.from_text(word)
    except (dns.exception.DNSException, ValueError):
        hint = nearest(word, TYPES)
        raise Wrong(
            f"{shown(text)} is not a record type",
            f"write {hint}" if hint else f"write one of: {known}",
        ) from None
    raise Wrong(
        f"records of type {word} are not supported by this version", f"write one of: {known}"
    )


def rdata(type_: int, value: object) -> bytes:
    """The wire form of one value of a record. Raises Wrong."""
    name = TYPE_NAMES[type_]
    if isinstance(value, dict):
        value = _from_mapping(name, value)
    elif isinstance(value, int | float) and not isinstance(value, bool) and name == "TXT":
        raise Wrong(f"{shown(value)} is not text", "put it in quotes")
    if not isinstance(value, str):
        raise Wrong(f"{shown(value)} is not {name} data", f"write {_EXAMPLES[name]}")
    if name == "TXT" and not value.startswith('"'):
        return text_rdata(value.replace("\\;", ";").encode())
    if not value.isascii() and name not in ("TXT", "CAA"):
        value = _NAME_IN_TEXT.sub(lambda match: names.to_ascii(match[0]), value)
    return presented(type_, dns.tokenizer.Tokenizer(value), None, value)


def presented(
    type_: int, tokens: dns.tokenizer.Tokenizer, origin: dns.name.Name | None, text: str
) -> bytes:
    """The wire form of presentation text; names may be relative only to an origin.

    `text` is what messages quote. Raises Wrong.
    """
    name = TYPE_NAMES[type_]
    try:
        found = dns.rdata.from_text(
            dns.rdataclass.IN, dns.rdatatype.RdataType(type_), tokens, origin, relativize=False
        )
        return found.to_wire() or b""
    except dns.name.NeedAbsoluteNameOrOrigin:
        raise Wrong(
            f"the name in {shown(text)} does not end with a dot",
            f"names in values are absolute: write {_EXAMPLES[name]}",
        ) from None
    except (dns.exception.DNSException, ValueError, OverflowError):
        raise Wrong(f"{shown(text)} is not {name} data", f"write {_EXAMPLES[name]}") from None


def text_rdata(content: bytes) -> bytes:
    """TXT wire form, split into strings of 255 octets (RFC 1035 section 3.3.14). Raises Wrong."""
    chunks = [content[i : i + MAX_STRING] for i in range(0, len(content), MAX_STRING)] or [b""]
    wire = b"".join(bytes([len(chunk)]) + chunk for chunk in chunks)
    if len(wire) > MAX_RDATA:
        raise Wrong("the text is longer than a record can hold", "split it over several records")
    return wire


def to_text(type_: int, wire: bytes) -> str:
    """The presentation text of wire form; `rdata` reads it back to the same octets."""
    found = dns.rdata.from_wire(
        dns.rdataclass.IN, dns.rdatatype.RdataType(type_), wire, 0, len(wire)
    )
    return found.to_text()


def target(type_: int, wire: bytes) -> str:
    """The name in NS or CNAME data, absolute and lower case."""
    name, _ = dns.name.from_wire(wire, 0)
    return name.canonicalize().to_text()


# --- octoDNS's mappings -----------------------------------------------------------------


def _from_mapping(type_: str, value: dict[str, object]) -> str:
    """The presentation text of a structured value. Raises Wrong."""
    form = _FORMS.get(type_)
    if form is None:
        raise Wrong(f"a mapping is not {type_} data", f"write {_EXAMPLES[type_]}")
    fields, write = form
    found: dict[str, object] = {}
    for key, part in value.items():
        field = _MX_WORDS.get(key, key) if type_ == "MX" else key
        if field not in fields or field in found:
            hint = nearest(key, fields)
            raise Wrong(
                f"`{key}` is not a known key of {type_} data, or is written twice",
                f"write {hint}" if hint else f"write {_EXAMPLES[type_]}",
            )
        found[field] = part
    for field, default in fields.items():
        if found.setdefault(field, default) is None:
            raise Wrong(f"`{field}` is missing", f"write {_EXAMPLES[type_]}")
    return write(found)


def _ordered(*fields: str) -> Callable[[dict[str, object]], str]:
    return lambda found: " ".join(_word(found[field]) for field in fields)


def _word(part: object) -> str:
    """A number or a name as it stands in presentation text. Raises Wrong."""
    if isinstance(part, bool) or not isinstance(part, str | int):
        raise Wrong(f"{shown(part)} can't be used in a record", "write a number or a name")
    text = str(part)
    if not text or re.search(r"[\s\"();]", text):
        raise Wrong(f"{shown(text)} can't be used in a record", "write a number or a name")
    return text


def _quoted(part: object) -> str:
    """Text as a quoted string (RFC 1035 section 5.1)."""
    if isinstance(part, bool) or not isinstance(part, str | int):
        raise Wrong(f"{shown(part)} is not text", "put it in quotes")
    escaped = str(part).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _caa(found: dict[str, object]) -> str:
    return f"{_word(found['flags'])} {_word(found['tag'])} {_quoted(found['value'])}"


def _service_binding(found: dict[str, object]) -> str:
    """SVCB and HTTPS data (RFC 9460 section 2.1)."""
    parameters = found["svcparams"]
    if not isinstance(parameters, dict):
        raise Wrong("`svcparams` is not a mapping", f"write {_EXAMPLES['HTTPS']}")
    words = [_parameter(key, value) for key, value in parameters.items()]
    return " ".join([_word(found["svcpriority"]), _word(found["targetname"]), *words])


def _parameter(key: str, value: object) -> str:
    if value is None or value == []:
        return _word(key)
    parts = value if isinstance(value, list) else [value]
    return f"{_word(key)}={_quoted(','.join(str(part) for part in parts))}"


# octoDNS took these before it followed RFC 1035's words.
_MX_WORDS = {"priority": "preference", "value": "exchange"}
_BINDING: tuple[dict[str, object], Callable[[dict[str, object]], str]] = (
    {"svcpriority": 1, "targetname": ".", "svcparams": {}},
    _service_binding,
)
_FORMS: Mapping[str, tuple[dict[str, object], Callable[[dict[str, object]], str]]] = {
    "MX": ({"preference": None, "exchange": None}, _ordered("preference", "exchange")),
    "SRV": (
        {"priority": None, "weight": None, "port": None, "target": None},
        _ordered("priority", "weight", "port", "target"),
    ),
    "CAA": ({"flags": 0, "tag": None, "value": None}, _caa),
    "DS": (
        {"key_tag": None, "algorithm": None, "digest_type": None, "digest": None},
        _ordered("key_tag", "algorithm", "digest_type", "digest"),
    ),
    "HTTPS": _BINDING,
    "SVCB": _BINDING,
}
