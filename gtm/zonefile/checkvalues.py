"""Parsers of single values of checks. Each raises Wrong for what can't be used."""

from __future__ import annotations

import json
from enum import Enum
from ipaddress import ip_address

from gtm.checks import Points, Unknown
from gtm.model import Address
from gtm.zonefile import names, values
from gtm.zonefile.findings import Wrong, nearest, shown

MOST_REDIRECTS = 10  # what browsers and curl follow is near it; a health page needs one

MOST_TEXT = 4096  # octets that a tcp check sends or expects: a greeting, not a file


PASSIVE_PLACE = "a check, beside its probes: reports take out, only probes put back"

NEVER_ALONE = (
    "`passive` can't be a check by itself: reports only take out, and only probes put back",
    "write the type of its probes, such as `type: https`, with `passive: {}` beside it",
)


class CheckType(Enum):
    """The words for how a thing is probed, and how checks are put together."""

    HTTP = "http"
    HTTPS = "https"
    TCP = "tcp"
    GRPC = "grpc"
    DNS = "dns"
    ICMP = "icmp"
    EXEC = "exec"
    FILE = "file"
    ALL = "all"
    ANY = "any"
    QUORUM = "quorum"


def check_type(value: object) -> CheckType:
    """How a thing is probed."""
    if value == "passive":
        raise Wrong(*NEVER_ALONE)
    words = [each.value for each in CheckType]
    if isinstance(value, str) and value in words:
        return CheckType(value)
    hint = nearest(value, words) if isinstance(value, str) else ""
    either = " or ".join(f"`{word}`" for word in words)
    raise Wrong(f"{shown(value)} is not a check type", f"write {hint or either}")


def unknown(value: object) -> Unknown:
    """What to steer by where nothing fresh is known."""
    words = [each.value for each in Unknown]
    if isinstance(value, str) and value in words:
        return Unknown(value)
    problem = f"{shown(value)} does not say what to steer by"
    raise Wrong(problem, "write `keep`, `up` or `down`")


def body_texts(value: object) -> tuple[str, ...]:
    """One text or several."""
    return tuple(values.body_text(each) for each in _listed(value, "text"))


def texts(value: object) -> tuple[str, ...]:
    """One text or several; numbers would have lost their spelling."""
    return tuple(_text(each) for each in _listed(value, "text"))


def command(value: object) -> tuple[str, ...]:
    """A program and its arguments."""
    if not isinstance(value, list):
        raise Wrong(
            f"{shown(value)} is not a program and its arguments",
            "write a list such as `[/usr/local/bin/check, --fast]`: there is no shell to split it",
        )
    return tuple(_text(each) for each in _listed(value, "program"))


def json_tests(value: object) -> tuple[Points, ...]:
    """Pointers with the values that they must lead to, or pointers alone."""
    if isinstance(value, dict):
        if not value:
            raise Wrong("it does not say what must be in the body", "write `{/status: ok}`")
        return tuple(Points(_pointer(key), _json(found)) for key, found in value.items())
    return tuple(Points(_pointer(each)) for each in _listed(value, "pointer"))


def probe_address(value: object) -> str:
    """What is probed in place of the endpoint: an address or a host name."""
    if not isinstance(value, str):
        problem = f"{shown(value)} is neither an address nor a host name"
        raise Wrong(problem, "write one such as `192.0.2.10` or `gateway.example.net`")
    try:
        return str(ip_address(value))
    except ValueError:
        return names.host_name(value).removesuffix(".")


def source(value: object) -> Address:
    """A local address to probe from."""
    return values.unicast(value)


def family(value: object) -> int:
    """A version of IP."""
    if type(value) is int and value in (4, 6):
        return value
    raise Wrong(f"{shown(value)} is not a version of IP", "write `4` or `6`")


def probe_path(value: object) -> str:
    """A path of either kind; which is meant is known with the type alone."""
    if isinstance(value, str) and value.startswith("/") and value.isprintable():
        return value
    raise Wrong(f"{shown(value)} is not a path", "begin it with `/`")


def probe_text(value: object) -> bytes:
    """Text to send or to be found, as UTF-8."""
    text = value.encode() if isinstance(value, str) else b""
    if not text:
        raise Wrong(f"{shown(value)} is not text", 'write text, such as `"PING\\r\\n"`')
    if len(text) > MOST_TEXT:
        raise Wrong(f"a text of {len(text)} octets is too long", f"write at most {MOST_TEXT}")
    return text


def redirects(value: object) -> int:
    """How many redirects are followed."""
    if type(value) is int and 0 <= value <= MOST_REDIRECTS:
        return value
    problem = f"{shown(value)} is not a number of redirects"
    raise Wrong(problem, f"write a whole number from 0 to {MOST_REDIRECTS}")


def _listed(value: object, what: str) -> list[object]:
    found = value if isinstance(value, list) else [value]
    if not found:
        raise Wrong(f"there is no {what} in the list", f"write a {what}, or remove the key")
    return found


def _text(value: object) -> str:
    if isinstance(value, str) and value:
        return value
    remedy = "put it in quotes" if isinstance(value, int | float | bool) else "write text"
    raise Wrong(f"{shown(value)} is not text", remedy)


def _pointer(value: object) -> str:
    return "" if value == "" else values.json_pointer(value)


def _json(value: object) -> str:
    try:
        return json.dumps(value, allow_nan=False)
    except ValueError:
        raise Wrong(f"{shown(value)} is not a value of JSON", "write a number, or text") from None
