"""Which records can stand together at one name, and beside services and name servers.

RFC 1034 section 3.6.2 and RFC 2181 section 10.1 (CNAME).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gtm.model import Nameserver, RRset, Service
from gtm.plain import Plain
from gtm.zonefile import rdata, sizes
from gtm.zonefile.chains import Chains
from gtm.zonefile.claims import Claim, ClaimJudge
from gtm.zonefile.delegations import Delegations
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings
from gtm.zonefile.records import Static, what
from gtm.zonefile.redirections import Redirections

A, AAAA, CNAME = (rdata.TYPES[name] for name in ("A", "AAAA", "CNAME"))
_ADDRESS_TYPES = (A, AAAA)


@dataclass(frozen=True, slots=True)
class Placement:
    """What else stands at the zone's names: services with their places, name servers, claims."""

    zone: str
    services: Mapping[str, tuple[Service, KeyPath]]
    nameservers: tuple[Nameserver, ...]
    document: Document
    findings: Findings
    made: tuple[Claim, ...] = ()

    def settled(self, records: Iterable[Static], plain: Plain | None = None) -> tuple[RRset, ...]:
        """The records by name and type, with every mistake noted; `plain` names exist beside."""
        unique = self._unique(records)
        by_name: dict[str, list[Static]] = {}
        for (name, _), static in unique.items():
            by_name.setdefault(name, []).append(static)
        for name, here in by_name.items():
            self._judge_cnames(name, here)
            self._judge_service(name, here)
            self._judge_nameserver(name, here)
            self._judge_sizes(here)
        self._judge_apex_service()
        self._judge_nameserver_services()
        self._judge_together(by_name, plain)
        return tuple(static.rrset for _, static in sorted(unique.items()))

    def _judge_together(self, by_name: Mapping[str, list[Static]], plain: Plain | None) -> None:
        document, findings = self.document, self.findings
        services, servers = self.services, self.nameservers
        cuts = Delegations(self.zone, by_name, services, document, findings).judge()
        redirections = Redirections(self.zone, by_name, services, servers, document, findings)
        redirected = redirections.judge(cuts)
        made = tuple(claim.name for claim in self.made)
        chains = Chains(
            by_name, services, servers, cuts, document, findings, redirected, plain, made
        )
        chains.judge()
        if self.made:
            ClaimJudge(self.made, by_name, services, servers, cuts, document, findings).judge()

    def _unique(self, records: Iterable[Static]) -> dict[tuple[str, int], Static]:
        unique: dict[tuple[str, int], Static] = {}
        for static in records:
            key = static.rrset.name, static.rrset.type
            first = unique.setdefault(key, static)
            if first is not static:
                self._wrong(
                    static,
                    f"{what(static)} is written at {first.spot} too",
                    "put all values into one of them",
                )
        return unique

    def _judge_cnames(self, name: str, here: list[Static]) -> None:
        alias = next((static for static in here if static.rrset.type == CNAME), None)
        if alias is None:
            return
        if name == self.zone:
            self._wrong(
                alias,
                "the zone's own name can't be a CNAME: SOA and NS stand there",
                "write A and AAAA records, or make it a service",
            )
        elif len(here) > 1:
            other = next(static for static in here if static is not alias)
            self._wrong(
                alias,
                f"{name} has other records ({other.spot}), and a CNAME stands alone",
                "remove the CNAME or the others",
            )
        if len(alias.rrset.rdata) > 1:
            self._wrong(alias, "a CNAME has one value", "keep one")
        if rdata.target(CNAME, alias.rrset.rdata[0]) == name:
            self._wrong(alias, "the CNAME refers to itself", "write another name")

    def _judge_service(self, name: str, here: list[Static]) -> None:
        if name not in self.services:
            return
        service, path = self.services[name]
        spot = self.document.key(path)
        aliased = any(e.is_host for found in service.endpoints.values() for e in found)
        for static in here:
            if static.rrset.type in (*_ADDRESS_TYPES, CNAME):
                self._wrong(
                    static,
                    f"{name} is a service ({spot}), which makes these records",
                    "remove one of the two",
                )
            elif aliased:
                self._wrong(
                    static,
                    f"the service {name} ({spot}) has host names as endpoints, so it is answered "
                    "with a CNAME, which stands alone",
                    "remove this record, or give the service addresses",
                )

    def _judge_nameserver(self, name: str, here: list[Static]) -> None:
        if not any(server.name == name and server.addresses for server in self.nameservers):
            return
        for static in here:
            if static.rrset.type in (*_ADDRESS_TYPES, CNAME):
                self._wrong(
                    static,
                    f"{name} is a name server: its addresses come from `nameservers`",
                    "remove this record",
                )

    def _judge_nameserver_services(self) -> None:
        for server in self.nameservers:
            if server.addresses and server.name in self.services:
                self.findings.wrong(
                    self.document.key(self.services[server.name][1]),
                    f"{server.name} is a name server: its addresses come from `nameservers`",
                    "give the service another name",
                )

    def _judge_sizes(self, here: list[Static]) -> None:
        for static in here:
            found = static.rrset.rdata
            problem = sizes.too_large(what(static), len(found), sizes.octets_of(found))
            if problem:
                self._wrong(
                    static, problem, "write fewer or shorter values, or spread them over more names"
                )

    def _judge_apex_service(self) -> None:
        for service, path in self.services.values():
            published = service.published
            if service.name != self.zone and (published is None or not published.alias):
                continue
            self._judge_at_apex(service, path)

    def _judge_at_apex(self, service: Service, path: KeyPath) -> None:
        """No CNAME can stand there, and to answer what it leads to would need a resolver."""
        if any(e.is_host for found in service.endpoints.values() for e in found):
            self.findings.wrong(
                self.document.key(path),
                "the zone's own name can't have host names as endpoints: a CNAME can't stand there",
                "write addresses",
            )

    def _wrong(self, static: Static, problem: str, remedy: str) -> None:
        self.findings.wrong(static.spot, problem, remedy)
