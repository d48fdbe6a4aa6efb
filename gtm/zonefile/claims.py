"""Names and types that zones make themselves: what else is written there would be in their way.

SVCB and SRV records, the names that SRV records point to, the apex of an `alias`, `whoami`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gtm.compile.dispatch import targets_of
from gtm.model import App, Nameserver, Service
from gtm.published import Binding, names_of
from gtm.zonefile import names, rdata
from gtm.zonefile.delegations import Cuts
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, Spot
from gtm.zonefile.records import Static, what

A, AAAA, CNAME = (rdata.TYPES[name] for name in ("A", "AAAA", "CNAME"))
SRV, SVCB, HTTPS = (rdata.TYPES[name] for name in ("SRV", "SVCB", "HTTPS"))
WHOAMI = "whoami"


@dataclass(frozen=True, slots=True)
class Claim:
    """A name of which the zone itself makes the records of some types (None: of all).

    `key` says in words which key does, `spot` where it is written. `service` is the service whose
    own name it is, if it is one's.
    """

    name: str
    types: frozenset[int] | None
    key: str
    spot: Spot
    service: str = ""

    def takes(self, rrtype: int) -> bool:
        """Whether records of the type can't be written beside."""
        return self.types is None or rrtype == CNAME or rrtype in self.types


def claims(zone: str, apps: tuple[App, ...], whoami: bool, document: Document) -> Iterator[Claim]:
    """All of a zone's."""
    if whoami:
        name = names.absolute(WHOAMI, zone)
        yield Claim(name, None, "`whoami`", document.key(("whoami",)))
    for app in apps:
        for service in app.services:
            if service.published is not None:
                yield from _of_service(zone, app, service, document)


def _of_service(zone: str, app: App, service: Service, document: Document) -> Iterator[Claim]:
    published = service.published
    if published is None:
        return
    path: KeyPath = ("apps", app.name, "services", service.key)
    spot, key = document.key(path), f"of the service {service.name}"
    if published.https is not None:
        yield Claim(service.name, frozenset({HTTPS}), f"`https` {key}", spot, service.name)
    if published.alias:
        types = {A, AAAA} if published.https is None else {A, AAAA, HTTPS}
        alias = document.key((*path, "alias"))
        yield Claim(zone, frozenset(types), f"`alias` {key}", alias)
    for name, says in names_of(published, service.name).items():
        word, rrtype = ("svcb", SVCB) if isinstance(says, Binding) else ("srv", SRV)
        yield Claim(name, frozenset({rrtype}), f"`{word}` {key}", spot)
    if published.srv:
        for target in targets_of(service, app.when_all_down.addresses):
            yield Claim(target, frozenset({A, AAAA}), f"`srv` {key}", spot)


@dataclass(frozen=True, slots=True)
class ClaimJudge:
    """Judges what a zone makes itself by what else is written."""

    claims: tuple[Claim, ...]
    records: Mapping[str, list[Static]]
    services: Mapping[str, tuple[Service, KeyPath]]
    nameservers: tuple[Nameserver, ...]
    cuts: Cuts
    document: Document
    findings: Findings

    def judge(self) -> None:
        """Note every mistake."""
        servers = {server.name for server in self.nameservers if server.addresses}
        seen: dict[tuple[str, str], Claim] = {}
        for claim in self.claims:
            if not self._is_name(claim):
                continue
            self._judge_records(claim)
            self._judge_service(claim)
            if claim.name in servers and (claim.takes(A) or claim.takes(AAAA)):
                problem = f"{claim.name} is a name server: its addresses come from `nameservers`"
                self._wrong(
                    claim, problem, f"call the name server otherwise, or remove {claim.key}"
                )
            over = self.cuts.over(claim.name) if claim.name != claim.service else None
            if over is not None:
                cut = self.cuts.records[over]
                self._wrong(
                    claim,
                    f"{claim.name}, from {claim.key}, is in {over}, which is delegated at "
                    f"{cut.spot}",
                    "remove the one or the other",
                )
            self._judge_twice(claim, seen)

    def _is_name(self, claim: Claim) -> bool:
        """Whether it can be a name at all; it begins with what is in the file, and grows."""
        if len(claim.name) > names.MAX_PLAIN_LENGTH and "\\" not in claim.name:
            problem = f"the name {claim.name}, from {claim.key}, is longer than 255 octets"
            self._wrong(claim, problem, "give the service or the region a shorter name")
        elif not names.is_hostlike(claim.name) or any(
            len(label) > 63 for label in claim.name.split(".")
        ):
            problem = f"{claim.name}, from {claim.key}, is no name of a host"
            self._wrong(claim, problem, "give regions names of letters, digits and hyphens")
        else:
            return True
        return False

    def _judge_records(self, claim: Claim) -> None:
        for static in self.records.get(claim.name, ()):
            if claim.takes(static.rrset.type):
                self.findings.wrong(
                    static.spot,
                    f"{what(static)} can't stand beside what {claim.key} ({claim.spot}) makes",
                    "remove one of the two",
                )

    def _judge_service(self, claim: Claim) -> None:
        if claim.name == claim.service or claim.name not in self.services:
            return
        _, path = self.services[claim.name]
        self.findings.wrong(
            self.document.key(path),
            f"the service {claim.name} can't stand beside what {claim.key} ({claim.spot}) makes",
            "give one of the two another name",
        )

    def _judge_twice(self, claim: Claim, seen: dict[tuple[str, str], Claim]) -> None:
        """Names below two services may be the same, and two can't be the apex."""
        if claim.types is None or (claim.types <= {A, AAAA} and claim.name != self.cuts.zone):
            return  # a target's name is made of its address: twice the same is one
        kind = "alias" if claim.name == self.cuts.zone else claim.key.split()[0]
        first = seen.setdefault((claim.name, kind), claim)
        if first is not claim:
            problem = f"{claim.key} makes {claim.name}, as {first.key} ({first.spot}) does"
            self._wrong(claim, problem, "keep one of them")

    def _wrong(self, claim: Claim, problem: str, remedy: str) -> None:
        self.findings.wrong(claim.spot, problem, remedy)
