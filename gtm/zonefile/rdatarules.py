"""What records may say beyond what can be read: values that no client could use."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import dns.name
import dns.rdata
from dns.rdtypes.ANY.LOC import LOC

from gtm.zonefile.findings import Wrong

Rdata = Any  # dnspython's classes are made at run time, and their fields with them

_LOC: Any = LOC  # it carries no types
CRITICAL = 128  # the one flag that CAA has (RFC 8659 section 4.1)
PRIVATE = 255  # of TLSA's registries (RFC 7218)
_SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*:.")


def judged(type_: str, found: dns.rdata.Rdata) -> dns.rdata.Rdata:
    """The data as they are served. Raises Wrong, or what dnspython raises."""
    rule = _RULES.get(type_)
    return found if rule is None else rule(found)


def _caa(found: Rdata) -> dns.rdata.Rdata:
    if found.flags not in (0, CRITICAL):
        raise Wrong(
            f"{found.flags} is not a flag that CAA has",
            "write 0, or 128 if who does not know the tag must not issue (RFC 8659 section 4.1)",
        )
    return _kept(found)


def _tlsa(found: Rdata) -> dns.rdata.Rdata:
    """RFC 6698 section 2.1: what TLS clients know of each number."""
    _among("certificate usage", found.usage, 3)
    _among("selector", found.selector, 1)
    _among("matching type", found.mtype, 2)
    return _kept(found)


def _among(what: str, number: int, most: int) -> None:
    if number > most and number != PRIVATE:
        raise Wrong(f"{number} is not a {what}", f"write 0 to {most} (RFC 6698 section 2.1)")


def _sshfp(found: Rdata) -> dns.rdata.Rdata:
    """RFC 4255 section 3.1: 0 is reserved in both registries."""
    if not found.algorithm or not found.fp_type:
        raise Wrong(
            "algorithm and fingerprint type can't be 0",
            "write what `ssh-keygen -r` prints",
        )
    return _kept(found)


def _naptr(found: Rdata) -> dns.rdata.Rdata:
    """RFC 3403 section 4.1: flags are letters and digits; regexp and replacement exclude."""
    if found.flags and not found.flags.isalnum():
        raise Wrong("flags of NAPTR are letters and digits", "write one such as `S`, `A` or `U`")
    if found.regexp and found.replacement != dns.name.root:
        raise Wrong(
            "NAPTR has a regexp and a replacement", "write one, and `''` or `.` for the other"
        )
    return _kept(found)


def _uri(found: Rdata) -> dns.rdata.Rdata:
    if not _SCHEME.match(found.target):
        raise Wrong(
            "the target is not a URI with its scheme (RFC 7553 section 4.4)",
            "write one such as `https://www.example.net/`",
        )
    return _kept(found)


def _location(found: Rdata) -> dns.rdata.Rdata:
    """Whole centimetres, as metres with a fraction may be a hair below them."""
    sizes = (found.size, found.horizontal_precision, found.vertical_precision)
    where = (found.latitude, found.longitude, round(found.altitude))
    kept: dns.rdata.Rdata = _LOC(found.rdclass, found.rdtype, *where, *map(round, sizes))
    return _kept(kept)


def _kept(found: dns.rdata.Rdata) -> dns.rdata.Rdata:
    """The data, if who gets them on the wire can read them: dnspython writes more than it reads."""
    wire = found.to_wire() or b""
    dns.rdata.from_wire(found.rdclass, found.rdtype, wire, 0, len(wire))
    return found


_RULES: Mapping[str, Callable[[Rdata], dns.rdata.Rdata]] = {
    "CAA": _caa,
    "DS": _kept,
    "HTTPS": _kept,
    "LOC": _location,
    "NAPTR": _naptr,
    "SSHFP": _sshfp,
    "SVCB": _kept,
    "TLSA": _tlsa,
    "URI": _uri,
}
