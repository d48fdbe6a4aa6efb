"""Events that are no verdicts: each function makes the event of one kind of condition.

Whoever sees such a condition calls it with what is known, again when that changes, and once more
with `over=True` when it is past; the key is the same each time.
"""

from __future__ import annotations

from gtm.events.event import HELD, Event, Kind, Severity


def frozen(at: float, reason: str, *, over: bool = False) -> Event:
    """The checker believes itself cut off and moves no verdict."""
    return Event(at, Kind.FROZEN, _severity(Severity.CRITICAL, over), "frozen", reason, over, "gtm")


def stale(at: float, feed: str, reason: str, *, over: bool = False) -> Event:
    """A feed (load, latency, reports, a check's results) is older than it may be."""
    severity = _severity(Severity.WARNING, over)
    key = f"stale/{feed}"
    return Event(at, Kind.STALE, severity, key, reason, over, "gtm", endpoint=feed)


def certificate(
    at: float, endpoint: str, region: str, reason: str, *, over: bool = False, ended: bool = False
) -> Event:
    """The certificate that an endpoint presents ends soon, or has (`ended`)."""
    severity = _severity(Severity.CRITICAL if ended else Severity.WARNING, over)
    key = f"certificate/{region}/{endpoint}"
    kind = Kind.CERTIFICATE
    return Event(at, kind, severity, key, reason, over, region=region, endpoint=endpoint)


def capacity(
    at: float, zone: str, region: str, reason: str, *, over: bool = False, full: bool = False
) -> Event:
    """A region's load is above what it may be, or above all that it can take (`full`)."""
    severity = _severity(Severity.CRITICAL if full else Severity.WARNING, over)
    key = f"capacity/{zone}/{region}"
    return Event(at, Kind.CAPACITY, severity, key, reason, over, "load", zone=zone, region=region)


def reload(at: float, reason: str, *, over: bool = False) -> Event:
    """Files on disk could not be loaded: what was loaded before is still served."""
    return Event(at, Kind.RELOAD, _severity(Severity.WARNING, over), "reload", reason, over, "gtm")


def database(at: float, reason: str, *, over: bool = False) -> Event:
    """A geo database could not be read: the one that was read before is used."""
    severity, key = _severity(Severity.WARNING, over), "reload/geo"
    return Event(at, Kind.RELOAD, severity, key, reason, over, "gtm", endpoint="the geo database")


def signatures(
    at: float, zone: str, reason: str, *, over: bool = False, ended: bool = False
) -> Event:
    """Signatures of a zone end soon and are not made anew, or have (`ended`): it is then bogus."""
    severity = _severity(Severity.CRITICAL if ended else Severity.WARNING, over)
    key = f"signatures/{zone}"
    return Event(at, Kind.SIGNATURES, severity, key, reason, over, "gtm", zone=zone)


def renewal(at: float, reason: str, *, of: str = "", over: bool = False) -> Event:
    """A renewed certificate of the server can't be used: the one before is. `of` tells which."""
    severity, key = _severity(Severity.WARNING, over), f"reload/certificate{of and f'/{of}'}"
    what = f"the certificate{of and f' of {of}'}"
    return Event(at, Kind.RELOAD, severity, key, reason, over, "gtm", endpoint=what)


def held(at: float, target: str, reason: str, by: str, *, over: bool = False) -> Event:
    """A planned drain is due, and `safety` holds it back. `by` is whose it is, in words."""
    severity, key = _severity(Severity.WARNING, over), f"override/{target}/held"
    after = "" if over else HELD
    return Event(at, Kind.OVERRIDE, severity, key, reason, over, by, after=after, endpoint=target)


def override(at: float, target: str, reason: str, by: str, *, over: bool = False) -> Event:
    """An operator's word was put in force, or holds no more. `by` is in words."""
    key = f"override/{target}"
    return Event(at, Kind.OVERRIDE, Severity.INFO, key, reason, over, by, endpoint=target)


def _severity(while_it_lasts: Severity, over: bool) -> Severity:
    return Severity.INFO if over else while_it_lasts
