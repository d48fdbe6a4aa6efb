"""octoDNS's mappings for values of records, as presentation text."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from gtm.zonefile.findings import Wrong, nearest, shown

Fields = dict[str, object]
Form = tuple[Fields, Callable[[Fields], str]]  # the fields with their defaults, and what writes

_EXAMPLES: Mapping[str, str] = {
    "A": "`192.0.2.10`",
    "AAAA": "`2001:db8::10`",
    "CAA": "`{flags: 0, tag: issue, value: ca.example.net}`",
    "CNAME": "`www.example.net.`",
    "DNAME": "`other.example.net.`",
    "DS": "`{key_tag: 60485, algorithm: 13, digest_type: 2, digest: 2BB183AF...}`",
    "HTTPS": "`{svcpriority: 1, targetname: ., svcparams: {alpn: [h2, h3]}}`",
    "LOC": "`{lat_degrees: 53, lat_direction: N, long_degrees: 6, long_direction: W}`",
    "MX": "`{preference: 10, exchange: mail.example.net.}`",
    "NAPTR": "`{order: 10, preference: 100, flags: S, service: SIP+D2U, regexp: '', "
    "replacement: _sip._udp.example.net.}`",
    "NS": "`ns1.example.net.`",
    "PTR": "`host.example.net.`",
    "SRV": "`{priority: 0, weight: 5, port: 443, target: api.example.net.}`",
    "SSHFP": "`{algorithm: 4, fingerprint_type: 2, fingerprint: 64 hexadecimal digits}`",
    "SVCB": "`{svcpriority: 1, targetname: ., svcparams: {alpn: [h2, h3]}}`",
    "TLSA": "`{certificate_usage: 3, selector: 1, matching_type: 1, "
    "certificate_association_data: 64 hexadecimal digits}`",
    "TXT": "text, in quotes if it looks like a number",
    "URI": "`{priority: 10, weight: 1, target: 'https://www.example.net/'}`",
}
_UNKNOWN = "`\\# 4 0a000001`: length and hexadecimal digits (RFC 3597)"


def example(type_: str) -> str:
    """What a value of a type looks like, for messages."""
    return _EXAMPLES.get(type_, _UNKNOWN)


def from_mapping(type_: str, value: Fields) -> str:
    """The presentation text of a structured value. Raises Wrong."""
    form = _FORMS.get(type_)
    if form is None:
        raise Wrong(f"a mapping is not {type_} data", f"write {example(type_)}")
    fields, write = form
    found: Fields = {}
    for key, part in value.items():
        field = _MX_WORDS.get(key, key) if type_ == "MX" else key
        if field not in fields or field in found:
            hint = nearest(key, fields)
            raise Wrong(
                f"`{key}` is not a known key of {type_} data, or is written twice",
                f"write {hint}" if hint else f"write {example(type_)}",
            )
        found[field] = part
    for field, default in fields.items():
        if found.setdefault(field, default) is None:
            raise Wrong(f"`{field}` is missing", f"write {example(type_)}")
    return write(found)


# --- parts of a value -------------------------------------------------------------------


def _ordered(*fields: str) -> Callable[[Fields], str]:
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
    """Text as a quoted string (RFC 1035 section 5.1). Raises Wrong."""
    if isinstance(part, bool) or not isinstance(part, str | int):
        raise Wrong(f"{shown(part)} is not text", "put it in quotes")
    escaped = str(part).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _decimal(part: object, digits: int) -> str:
    """A number with a fraction. Raises Wrong."""
    if isinstance(part, bool) or not isinstance(part, int | float):
        raise Wrong(f"{shown(part)} is not a number", "write one such as `12.5`")
    return f"{part:.{digits}f}"


# --- types ------------------------------------------------------------------------------


def _caa(found: Fields) -> str:
    return f"{_word(found['flags'])} {_word(found['tag'])} {_quoted(found['value'])}"


def _naptr(found: Fields) -> str:
    """RFC 3403 section 4.1: the three texts are character strings."""
    numbers = f"{_word(found['order'])} {_word(found['preference'])}"
    texts = " ".join(_quoted(found[field]) for field in ("flags", "service", "regexp"))
    return f"{numbers} {texts} {_word(found['replacement'])}"


def _uri(found: Fields) -> str:
    return f"{_word(found['priority'])} {_word(found['weight'])} {_quoted(found['target'])}"


def _location(found: Fields) -> str:
    """LOC data (RFC 1876 section 3): degrees, minutes, seconds; then metres."""
    words: list[str] = []
    for side in ("lat", "long"):
        words += [_word(found[f"{side}_degrees"]), _word(found[f"{side}_minutes"])]
        words += [_decimal(found[f"{side}_seconds"], 3), _word(found[f"{side}_direction"])]
    metres = ("altitude", "size", "precision_horz", "precision_vert")
    return " ".join([*words, *(_decimal(found[field], 2) + "m" for field in metres)])


def _service_binding(found: Fields) -> str:
    """SVCB and HTTPS data (RFC 9460 section 2.1). Raises Wrong."""
    parameters = found["svcparams"]
    if not isinstance(parameters, dict):
        raise Wrong("`svcparams` is not a mapping", f"write {example('HTTPS')}")
    words = [_parameter(key, value) for key, value in parameters.items()]
    return " ".join([_word(found["svcpriority"]), _word(found["targetname"]), *words])


def _parameter(key: str, value: object) -> str:
    if value is None or value == []:
        return _word(key)
    parts = value if isinstance(value, list) else [value]
    return f"{_word(key)}={_quoted(','.join(str(part) for part in parts))}"


# octoDNS took these before it followed RFC 1035's words.
_MX_WORDS = {"priority": "preference", "value": "exchange"}
_BINDING: Form = ({"svcpriority": 1, "targetname": ".", "svcparams": {}}, _service_binding)
_LOCATION: Fields = {  # the defaults are those of RFC 1876 section 3
    "lat_degrees": None,
    "lat_minutes": 0,
    "lat_seconds": 0,
    "lat_direction": None,
    "long_degrees": None,
    "long_minutes": 0,
    "long_seconds": 0,
    "long_direction": None,
    "altitude": 0,
    "size": 1,
    "precision_horz": 10000,
    "precision_vert": 10,
}
_NAPTR: Fields = {
    "order": None,
    "preference": None,
    "flags": "",
    "service": "",
    "regexp": "",
    "replacement": ".",
}


def _all_of(*fields: str) -> Form:
    """Fields that must all be there, in the order of presentation text."""
    return dict.fromkeys(fields), _ordered(*fields)


_FORMS: Mapping[str, Form] = {
    "CAA": ({"flags": 0, "tag": None, "value": None}, _caa),
    "DS": _all_of("key_tag", "algorithm", "digest_type", "digest"),
    "HTTPS": _BINDING,
    "LOC": (_LOCATION, _location),
    "MX": _all_of("preference", "exchange"),
    "NAPTR": (_NAPTR, _naptr),
    "SRV": _all_of("priority", "weight", "port", "target"),
    "SSHFP": _all_of("algorithm", "fingerprint_type", "fingerprint"),
    "SVCB": _BINDING,
    "TLSA": _all_of(
        "certificate_usage", "selector", "matching_type", "certificate_association_data"
    ),
    "URI": ({"priority": 10, "weight": 1, "target": None}, _uri),
}
