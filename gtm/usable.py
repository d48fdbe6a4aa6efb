"""What makes the settings of a check unusable, beyond the type of each: to be said at load.

Pure but for one question: whether an extra is installed.
"""

from __future__ import annotations

import importlib.util
import json
import re

import dns.exception
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import re2

from gtm.checks import (
    BodyTest,
    Check,
    Dns,
    Exec,
    File,
    Grpc,
    Http,
    Icmp,
    Matches,
    Points,
    Probe,
    Tcp,
    Tls,
)

# RFC 9110 section 5.6.2: what methods and header names are made of.
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")

# RFC 9110 section 5.5: visible characters, with spaces and tabs between them.
_FIELD_VALUE = re.compile(r"(?:[!-~\x80-\xff](?:[ \t!-~\x80-\xff]*[!-~\x80-\xff])?)?")

_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")

# Types that are no records to be asked for (RFC 6895 section 3.1).
_META = frozenset({"ANY", "AXFR", "IXFR", "OPT", "TSIG", "TKEY", "MAILA", "MAILB"})

# The largest data of an echo request over IPv4.
LARGEST_ECHO = 65_507


def misfit(check: Check) -> str | None:
    """Why a check could never be made, in the same form: its probe and all around it."""
    probe, source = check.probe, check.source
    if check.port is None and isinstance(probe, Http | Tcp | Grpc | Dns):
        return "it needs a port"
    if source is not None and isinstance(probe, Grpc | Exec | File):
        return f"a {type(probe).__name__.lower()} check has no source address"
    if source is not None and check.family not in (None, source.version):
        return f"its source is an IPv{source.version} address, its family {check.family}"
    return unusable(probe)


def unusable(probe: Probe) -> str | None:
    """Why a probe could never be made, to go after "cannot use check ...:"; None if it could."""
    match probe:
        case Http():
            return _http(probe)
        case Grpc():
            return _grpc(probe)
        case Dns():
            return _dns(probe)
        case Icmp(size):
            return None if 0 <= size <= LARGEST_ECHO else f"size is from 0 to {LARGEST_ECHO}"
        case Exec(argv):
            return _exec(argv)
        case File(path):
            return None if path.startswith("/") else "the path of its file starts with /"
    return _tls(probe.tls)


def _http(asked: Http) -> str | None:
    if not _TOKEN.fullmatch(asked.method):
        return f'"{asked.method}" is no HTTP method'
    if asked.method == "HEAD" and asked.body:
        return "the answer to HEAD has no body to look into"
    for name, value in asked.headers:
        if not _TOKEN.fullmatch(name):
            return f'"{name}" is no name of an HTTP header'
        if not _FIELD_VALUE.fullmatch(value):
            return f"the value of the header {name} has line breaks, outer spaces or the like"
    faults = (_body(test) for test in asked.body)
    return next((fault for fault in faults if fault), None) or _tls(asked.tls)


def _body(test: BodyTest) -> str | None:
    if isinstance(test, Matches):
        return _pattern(test.pattern)
    if isinstance(test, Points):
        return _pointer(test)
    return None


def _pattern(text: str) -> str | None:
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(text, options)
    except re2.error as error:
        why = error.args[0] if error.args else error
        return f'"{text}" is no regular expression of RE2: {_text(why)}'
    return None


def _text(why: object) -> str:
    return why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)


def _pointer(test: Points) -> str | None:
    if not _POINTER.fullmatch(test.pointer):
        return f'"{test.pointer}" is no JSON pointer: each step is / and a name, with ~ as ~0'
    try:
        json.loads(test.value if test.value is not None else "null")
    except (ValueError, RecursionError):
        return f"the value {test.value} is not JSON"
    return None


def _grpc(asked: Grpc) -> str | None:
    for module in ("grpc", "grpc_health"):
        if importlib.util.find_spec(module) is None:
            return "the grpc extra is not installed; pip install gtm[grpc]"
    if asked.tls is not None and not asked.tls.verify:
        return "grpc always verifies certificates: write `ca` in place of `verify: false`"
    return _tls(asked.tls)


def _tls(tls: Tls | None) -> str | None:
    if tls is not None and tls.key is not None and tls.certificate is None:
        return "a key for TLS is of no use without its certificate"
    return None


def _dns(asked: Dns) -> str | None:
    try:
        dns.name.from_text(asked.name)
    except (dns.exception.DNSException, UnicodeError):
        return f'"{asked.name}" is no DNS name'
    try:
        type_ = dns.rdatatype.from_text(asked.type)
    except (dns.exception.DNSException, ValueError):
        return f'"{asked.type}" is no type of DNS record'
    if asked.type.upper() in _META:
        return f"{asked.type} is no type to ask for"
    try:
        dns.rcode.from_text(asked.rcode)
    except (dns.exception.DNSException, ValueError):
        return f'"{asked.rcode}" is no DNS response code'
    unread = (each for each in asked.answers if not _is_record(type_, each))
    wrong = next(unread, None)
    return None if wrong is None else f'"{wrong}" is no {asked.type} record'


def _is_record(type_: dns.rdatatype.RdataType, text: str) -> bool:
    try:
        dns.rdata.from_text(dns.rdataclass.IN, type_, text, origin=dns.name.root)
    except Exception:  # dnspython raises whatever the reading of a number or address does
        return False
    return True


def _exec(argv: tuple[str, ...]) -> str | None:
    if not argv or not argv[0]:
        return "it names no program"
    return "an argument has a NUL in it" if any("\0" in each for each in argv) else None
