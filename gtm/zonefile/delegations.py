"""What stands at and below the names that a zone delegates.

RFC 1034 section 4.2.1 (NS and glue), RFC 4035 section 2.4 (DS).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gtm.model import Service
from gtm.zonefile import names, rdata
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings
from gtm.zonefile.records import Static, what

A, AAAA, DS, NS = (rdata.TYPES[name] for name in ("A", "AAAA", "DS", "NS"))
_ADDRESS_TYPES = (A, AAAA)


@dataclass(frozen=True, slots=True)
class Cuts:
    """The NS records below a zone's apex, by the name that they delegate."""

    zone: str
    records: Mapping[str, Static]

    def over(self, name: str) -> str | None:
        """The highest delegation that the name is at or below, if there is one."""
        if not self.records:
            return None
        over = [cut for cut in (name, *names.parents(name, self.zone)) if cut in self.records]
        return over[-1] if over else None

    def over_parent(self, name: str) -> str | None:
        """The highest, the zone itself included, that the name is below."""
        if not self.records or name == self.zone or not names.is_within(name, self.zone):
            return None
        above = [*names.parents(name, self.zone), self.zone]
        over = [cut for cut in above if cut in self.records]
        return over[-1] if over else None


@dataclass(frozen=True, slots=True)
class Delegations:
    """Judges delegations among all records (by name) and services of a zone."""

    zone: str
    records: Mapping[str, list[Static]]
    services: Mapping[str, tuple[Service, KeyPath]]
    document: Document
    findings: Findings

    def judge(self) -> Cuts:
        """The delegations, with every mistake noted."""
        found = {
            name: static
            for name, here in self.records.items()
            for static in here
            if static.rrset.type == NS
        }
        if self.zone in found:
            self._wrong(
                found.pop(self.zone),
                "the zone's own NS records come from `nameservers`",
                "write them there and remove this record",
            )
        cuts = Cuts(self.zone, found)
        self._judge_signers(cuts)
        if found:
            self._judge_cuts(cuts)
        return cuts

    def _judge_cuts(self, cuts: Cuts) -> None:
        for name, static in cuts.records.items():
            self._judge_cut(name, static)
        for name, here in self.records.items():
            if (over := cuts.over(name)) is not None:
                self._judge_below(name, here, cuts.records[over])
        for name, (_, path) in self.services.items():
            if (over := cuts.over(name)) is not None:
                self.findings.wrong(
                    self.document.key(path),
                    f"the service is in {over}, which is delegated at {cuts.records[over].spot}",
                    "give it another name, or remove the delegation",
                )

    def _judge_cut(self, name: str, static: Static) -> None:
        if name.startswith("*."):
            self._wrong(
                static, "a wildcard can't be delegated (RFC 4592 section 4.2)", "write the name out"
            )
            return
        for target in _targets(static):
            here = self.records.get(target, [])
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
            if static.rrset.type == DS and name == cut.rrset.name:
                continue
            self._wrong(
                static,
                f"{what(static)} is in {cut.rrset.name}, which is delegated at {cut.spot}: "
                "only its DS and addresses of its name servers (glue) can be here",
                "write it in the delegated zone, or remove the delegation",
            )

    def _judge_signers(self, cuts: Cuts) -> None:
        """A DS says which key signs a delegated zone, so it stands beside the delegation."""
        for name, here in self.records.items():
            static = next((static for static in here if static.rrset.type == DS), None)
            if static is None or cuts.over(name) is not None:
                continue
            if name == self.zone:
                self._wrong(
                    static,
                    "the zone's own DS stands in the zone above it",
                    "remove this record, and hand it to those who run the zone above",
                )
            else:
                self._wrong(
                    static,
                    f"{name} is not delegated, and a DS says which key signs a delegated zone",
                    f"write NS records for {name} too, or remove the DS",
                )

    def _wrong(self, static: Static, problem: str, remedy: str) -> None:
        self.findings.wrong(static.spot, problem, remedy)


def _targets(static: Static) -> set[str]:
    return {rdata.target(NS, wire) for wire in static.rrset.rdata}


def _with_addresses(here: list[Static]) -> bool:
    return any(static.rrset.type in _ADDRESS_TYPES for static in here)
