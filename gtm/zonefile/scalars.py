"""YAML 1.2 core schema: what an unquoted scalar means (YAML 1.2.2 section 10.3.2).

PyYAML follows YAML 1.1, where `NO` is false, `12:30` is a number in base 60 and `2024-01-01` a
date. Here those are text, so that Norway and Ontario stay places.
"""

from __future__ import annotations

import re

from gtm.zonefile.findings import Wrong

# An integer longer than this is a mistake in any field, and Python refuses to print it fast.
MAX_DIGITS = 30

_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_NUMBER_STARTS = frozenset("+-.0123456789")
_NUMBER = re.compile(
    r"(?P<decimal>[-+]?[0-9]+)"
    r"|0o(?P<octal>[0-7]+)"
    r"|0x(?P<hexadecimal>[0-9a-fA-F]+)"
    r"|(?P<real>[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)"
    r"|(?P<infinite>[-+]?\.(?:inf|Inf|INF))"
    r"|(?P<nan>\.(?:nan|NaN|NAN))"
)
_BASES = {"decimal": 10, "octal": 8, "hexadecimal": 16}


def plain(text: str) -> object:
    """The value of an unquoted scalar: None, bool, int, float or str."""
    if text[:1] in _NUMBER_STARTS:
        return _number(text) if text else None
    return _WORDS.get(text, text)


def tagged(tag: str, text: str) -> object:
    """The value of a scalar with an explicit tag such as `!!str`. Raises Wrong."""
    if tag == "tag:yaml.org,2002:str":
        return text
    value = plain(text)
    if tag == "tag:yaml.org,2002:float" and type(value) is int:
        return float(value)
    if _TAGS.get(tag) is not type(value):
        raise Wrong(f"the tag {shorthand(tag)} can't be used with `{text[:60]}`", "remove the tag")
    return value


def shorthand(tag: str) -> str:
    """A tag as people write it: `!!int`."""
    return tag.replace("tag:yaml.org,2002:", "!!")


_TAGS: dict[str, type] = {
    "tag:yaml.org,2002:int": int,
    "tag:yaml.org,2002:float": float,
    "tag:yaml.org,2002:bool": bool,
    "tag:yaml.org,2002:null": type(None),
}


def _number(text: str) -> object:
    match = _NUMBER.fullmatch(text)
    if match is None or match.lastgroup is None:
        return text
    if match.lastgroup in _BASES:
        base = _BASES[match.lastgroup]
        return int(match[match.lastgroup], base) if len(text) <= MAX_DIGITS else text
    # Python writes infinity and not-a-number without YAML's dot.
    return float(text if match.lastgroup == "real" else text.lower().replace(".", ""))
