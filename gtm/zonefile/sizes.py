"""How large answers get: every RRset, asked for by its own name, has to fit a DNS message.

A record takes 12 octets beside its data, as its owner is a pointer to the question (RFC 1035
sections 3.2.1 and 4.1.4).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gtm.dns import fallback, subnet
from gtm.dns.message import HEADER, TCP_MAXIMUM
from gtm.dns.names import MAX_NAME
from gtm.model import Address, AllDown, App, Balance, Endpoint, Service, Steering, Zone
from gtm.zonefile.document import Document
from gtm.zonefile.findings import Findings, listed

RECORD = 12
QUESTION = MAX_NAME + 4
# OPT (RFC 6891 section 6.1.2) with a whole IPv6 address as client subnet, and what is said beside
# an answer of last resort.
OPT = 11 + 4 + subnet.FIXED + 16 + max(len(fallback.option(mode)) for mode in AllDown)

ROOM = TCP_MAXIMUM - HEADER - QUESTION - OPT

_ADDRESS_TYPES = ((4, "A", RECORD + 4), (6, "AAAA", RECORD + 16))


def too_large(what: str, count: int, octets: int) -> str:
    """The problem with so many records that take so many octets; "" when they fit."""
    if octets <= ROOM:
        return ""
    records = f"{count:,} records" if count > 1 else "a record"
    which = "which take" if count > 1 else "which takes"
    return (
        f"{what} has {records}, {which} {octets:,} octets: "
        f"a DNS message has room for {ROOM:,} (RFC 1035 section 4.2.2)"
    )


def octets_of(rdata: Iterable[bytes]) -> int:
    """What records with these data take in an answer."""
    return sum(RECORD + len(wire) for wire in rdata)


def judge_zone(zone: Zone, document: Document, findings: Findings) -> None:
    """Note the name servers and services with an answer that does not fit a message."""
    _judge_nameservers(zone, document, findings)
    for app in zone.apps:
        for service in app.services:
            _judge_service(app, service, document, findings)
        _judge_last_resort(app, document, findings)


# --- name servers -----------------------------------------------------------------------


def _judge_nameservers(zone: Zone, document: Document, findings: Findings) -> None:
    spot = document.at(("nameservers",))
    octets = sum(RECORD + _wire_length(server.name) for server in zone.nameservers)
    problem = too_large(f"{zone.name} NS", len(zone.nameservers), octets)
    if problem:
        findings.wrong(spot, problem, "write fewer name servers")
    for server in zone.nameservers:
        for type_, count, octets in _by_family(server.addresses):
            problem = too_large(f"{server.name} {type_}", count, octets)
            if problem:
                findings.wrong(spot, problem, "write fewer addresses")


def _wire_length(name: str) -> int:
    """Octets of a host name: a length octet stands for each dot, and one for the root."""
    return len(name) + 1


def _by_family(addresses: Sequence[Address]) -> Iterator[tuple[str, int, int]]:
    """The types of addresses, with how many there are and the octets that all of them take."""
    for version, type_, size in _ADDRESS_TYPES:
        count = sum(address.version == version for address in addresses)
        if count:
            yield type_, count, count * size


# --- services ---------------------------------------------------------------------------


def _judge_service(app: App, service: Service, document: Document, findings: Findings) -> None:
    if sum(map(len, service.endpoints.values())) * (RECORD + 16) <= ROOM:
        return  # nearly all: no need to look at single addresses
    path = ("apps", app.name, "services", service.key)
    app = app.settled_for(service)
    several = _regions_answered(app.steering)
    for version, type_, size in _ADDRESS_TYPES:
        counts = {
            region: _answered(app, endpoints, version)
            for region, endpoints in service.endpoints.items()
        }
        alone = [region for region, count in counts.items() if count * size > ROOM]
        for region in alone:
            problem = too_large(f"{service.name} {type_}", counts[region], counts[region] * size)
            findings.wrong(document.at((*path, region)), problem, _remedy(app))
        largest = sorted(counts, key=counts.__getitem__, reverse=True)[:several]
        total = sum(counts[region] for region in largest)
        if not alone and total * size > ROOM:
            what = f"{service.name} {type_} ({listed(largest)} together)"
            problem = too_large(what, total, total * size)
            findings.wrong(document.key(path), problem, _remedy(app))


def _answered(app: App, endpoints: Sequence[Endpoint], version: int) -> int:
    """The most addresses of a family that an answer gives for a region.

    Backups and the others are never in use together.
    """
    groups = [
        sum(
            not isinstance(end.at, str) and end.at.version == version and end.backup is backup
            for end in endpoints
        )
        for backup in (False, True)
    ]
    return _bounded(app, max(groups))


def _bounded(app: App, count: int) -> int:
    """How many of `count` records the app's `answers` lets an answer give."""
    if app.answers is None:
        return count if app.balance is Balance.ALL else min(count, 1)
    return min(count, app.answers)


def _regions_answered(steering: Steering) -> int:
    """The most regions that an answer names, in any part of the steering."""
    nested = [rule.steering for rule in steering.rules]
    if steering.otherwise is not None:
        nested.append(steering.otherwise)
    return max([steering.answered, *map(_regions_answered, nested)])


def _judge_last_resort(app: App, document: Document, findings: Findings) -> None:
    spot = document.at(("apps", app.name, "when_all_down"))
    for type_, count, _ in _by_family(app.when_all_down.addresses):
        size = next(size for _, name, size in _ADDRESS_TYPES if name == type_)
        count = _bounded(app, count)
        problem = too_large(f"{type_} of the last resort", count, count * size)
        if problem:
            findings.wrong(spot, problem, _remedy(app))


def _remedy(app: App) -> str:
    return f"write fewer endpoints, or bound an answer with `answers: 100` for the app {app.name}"
