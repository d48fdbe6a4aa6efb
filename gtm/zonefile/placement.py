"""Which records can stand together in one zone: CNAMEs, services, delegations.

RFC 1034 section 3.6.2 and RFC 2181 section 10.1 (CNAME), RFC 1034 section 4.2.1 (delegations).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gtm.model import Nameserver, RRset, Service
from gtm.zonefile import names, rdata
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings
from gtm.zonefile.records import Static

A, AAAA, CNAME, NS = (rdata.TYPES[name] for name in ("A", "AAAA", "CNAME", "NS"))
_ADDRESS_TYPES = (A, AAAA)


@dataclass(frozen=True, slots=True)
class Placement:
    """What else stands at the zone's names: services with their places, and name servers."""

    zone: str
    services: Mapping[str, tuple[Service, KeyPath]]
    nameservers: tuple[Nameserver, ...]
    document: Document
    findings: Findings

    def settled(self, records: Iterable[Static]) -> tuple[RRset, ...]:
        """The records by name and type, with every mistake noted."""
        unique = self._unique(records)
        by_name: dict[str, list[Static]] = {}
        for (name, _), static in unique.items():
            by_name.setdefault(name, []).append(static)
        for name, here in by_name.items():
            self._judge_cnames(name, here)
            self._judge_service(name, here)
            self._judge_nameserver(name, here)
        self._judge_apex_service()
        self._judge_delegations(by_name)
        return tuple(static.rrset for _, static in sorted(unique.items()))

    def _unique(self, records: Iterable[Static]) -> dict[tuple[str, int], Static]:
        unique: dict[tuple[str, int], Static] = {}
        for static in records:
            key = static.rrset.name, static.rrset.type
            first = unique.setdefault(key, static)
            if first is not static:
                self._wrong(
                    static,
                    f"{_what(static)} is written at {first.spot} too",
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

    def _judge_apex_service(self) -> None:
        if self.zone not in self.services:
            return
        service, path = self.services[self.zone]
        if any(e.is_host for found in service.endpoints.values() for e in found):
            self.findings.wrong(
                self.document.key(path),
                "the zone's own name can't have host names as endpoints: a CNAME can't stand there",
                "write addresses",
            )

    # --- delegations ------------------------------------------------------------------

    def _judge_delegations(self, by_name: Mapping[str, list[Static]]) -> None:
        cuts = {
            name: static
            for name, here in by_name.items()
            for static in here
            if static.rrset.type == NS
        }
        if self.zone in cuts:
            self._wrong(
                cuts.pop(self.zone),
                "the zone's own NS records come from `nameservers`",
                "write them there and remove this record",
            )
        if not cuts:
            return
        for name, static in cuts.items():
            self._judge_cut(name, static, by_name)
        for name, here in by_name.items():
            for cut in self._cuts_over(name, cuts):
                self._judge_below(name, here, cuts[cut])
        for name, (_, path) in self.services.items():
            for cut in self._cuts_over(name, cuts):
                self.findings.wrong(
                    self.document.key(path),
                    f"the service is in {cut}, which is delegated at {cuts[cut].spot}",
                    "give it another name, or remove the delegation",
                )

    def _cuts_over(self, name: str, cuts: Mapping[str, Static]) -> Iterator[str]:
        """The highest delegation that the name is at or below, if there is one."""
        over = [cut for cut in (name, *names.parents(name, self.zone)) if cut in cuts]
        yield from over[-1:]

    def _judge_cut(self, name: str, static: Static, by_name: Mapping[str, list[Static]]) -> None:
        if name.startswith("*."):
            self._wrong(
                static, "a wildcard can't be delegated (RFC 4592 section 4.2)", "write the name out"
            )
            return
        for target in _targets(static):
            here = by_name.get(target, [])
            if names.is_within(target, name) and not _with_addresses(here):
                self._wrong(
                    static,
                    f"{target} lies in what it serves, so it needs addresses (glue)",
                    f"write A or AAAA records for {target}",
                )

    def _judge_below(self, name: str, here: list[Static], cut: Static) -> None:
        glue_for = _targets(cut)
        for static in here:
            if static is cut or (static.rrset.type in _ADDRESS_TYPES and name in glue_for):
                continue
            self._wrong(
                static,
                f"{_what(static)} is in {cut.rrset.name}, which is delegated at {cut.spot}: "
                "only addresses of its name servers (glue) can be here",
                "write it in the delegated zone, or remove the delegation",
            )

    def _wrong(self, static: Static, problem: str, remedy: str) -> None:
        self.findings.wrong(static.spot, problem, remedy)


def _targets(static: Static) -> set[str]:
    return {rdata.target(NS, wire) for wire in static.rrset.rdata}


def _with_addresses(here: list[Static]) -> bool:
    return any(static.rrset.type in _ADDRESS_TYPES for static in here)


def _what(static: Static) -> str:
    return f"{static.rrset.name} {rdata.TYPE_NAMES[static.rrset.type]}"
