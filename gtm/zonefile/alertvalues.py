"""Parsers of the single values under `alerts`. Each raises Wrong for what can't be used."""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from gtm.events import Kind, Severity
from gtm.receivers import ReceiverType
from gtm.zonefile.findings import Wrong, nearest, shown

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_URL = "write one such as `https://hooks.example.com/gtm`"
LONGEST_URL = 2000  # characters
MOST_AT_ONCE = 1000


def receiver_type(value: object) -> ReceiverType:
    """Whose API a receiver speaks."""
    words = {one.value: one for one in ReceiverType}
    if isinstance(value, str) and value in words:
        return words[value]
    hint = nearest(value, words) if isinstance(value, str) else ""
    either = " or ".join(f"`{word}`" for word in words)
    raise Wrong(f"{shown(value)} is not a type of receiver", f"write {hint or either}")


def url(value: object) -> str:
    """Where messages are sent to (RFC 3986): http or https, without a name and password."""
    if not isinstance(value, str) or not re.fullmatch(r"[!-~]+", value) or len(value) > LONGEST_URL:
        raise Wrong("this is not a URL", _URL)
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.fragment:
        raise Wrong("this is not a URL that can be posted to", _URL)
    if parts.username is not None or parts.password is not None:
        raise Wrong(
            "the URL holds a name or a password",
            "keep the whole URL in a file (`url_file`) or a variable (`url_env`)",
        )
    return value


def is_private(address: str) -> bool:
    """Whether what is sent to a URL can be read by nobody on the way: https, or this machine."""
    parts: SplitResult = urlsplit(address)
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def secret_path(value: object) -> str:
    """The path of a file with a secret."""
    if isinstance(value, str) and value.startswith("/") and value.isprintable():
        return value
    # not quoted: it may be the secret itself
    raise Wrong("this is not an absolute path", "write one such as `/run/secrets/gtm-slack`")


def variable(value: object) -> str:
    """The name of an environment variable."""
    if isinstance(value, str) and _VARIABLE.fullmatch(value):
        return value
    # not quoted: it may be the secret itself
    raise Wrong("this is not the name of a variable", "write one such as `GTM_SLACK_URL`")


def kinds(value: object) -> tuple[Kind, ...]:
    """What is told: one kind of event, or a list of them."""
    words = {one.value: one for one in Kind}
    items = value if isinstance(value, list) else [value]
    if not items:
        raise Wrong("no kind of event is named", "remove the key: then all are told")
    for item in items:
        if not isinstance(item, str) or item not in words:
            hint = nearest(item, words) if isinstance(item, str) else ""
            either = ", ".join(f"`{word}`" for word in words)
            raise Wrong(f"{shown(item)} is not a kind of event", f"write {hint or either}")
    return tuple(words[item] for item in dict.fromkeys(items))


def severity(value: object) -> Severity:
    """The least that is told."""
    words = {one.word: one for one in Severity}
    if isinstance(value, str) and value in words:
        return words[value]
    raise Wrong(f"{shown(value)} is not a severity", "write `info`, `warning` or `critical`")


def globs(value: object) -> tuple[str, ...]:
    """Names or globs: one, or a list."""
    items = value if isinstance(value, list) else [value]
    if items and all(isinstance(item, str) and item and item.isprintable() for item in items):
        return tuple(dict.fromkeys(items))
    raise Wrong(f"{shown(value)} is no name", "write names or globs, such as `[eu-*, us-east]`")


def burst(value: object) -> int:
    """How many messages may go at once."""
    if type(value) is int and 1 <= value <= MOST_AT_ONCE:
        return value
    raise Wrong(
        f"{shown(value)} is not a number of messages", f"write one from 1 to {MOST_AT_ONCE}"
    )
