"""What DNAME records hide: every name below one is answered from where it leads (RFC 6672)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from gtm.model import Nameserver, Service
from gtm.zonefile import names, rdata
from gtm.zonefile.delegations import Cuts
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings
from gtm.zonefile.records import Static, what

DNAME = rdata.TYPES["DNAME"]


@dataclass(frozen=True, slots=True)
class Redirections:
    """Judges DNAME records among all records (by name), services and name servers of a zone."""

    zone: str
    records: Mapping[str, list[Static]]
    services: Mapping[str, tuple[Service, KeyPath]]
    nameservers: tuple[Nameserver, ...]
    document: Document
    findings: Findings

    def judge(self, cuts: Cuts) -> Mapping[str, str]:
        """Where names with a DNAME lead those below them, with every mistake noted."""
        found = {
            name: static
            for name, here in self.records.items()
            for static in here
            if static.rrset.type == DNAME and cuts.over(name) is None
        }
        for name, static in found.items():
            self._judge_itself(name, static)
        if found:
            self._judge_below(Cuts(self.zone, found), cuts)
        targets = {name: rdata.target(DNAME, one.rrset.rdata[0]) for name, one in found.items()}
        return {
            name: target for name, target in targets.items() if not names.is_within(target, name)
        }

    def _judge_itself(self, name: str, static: Static) -> None:
        target = rdata.target(DNAME, static.rrset.rdata[0])
        if len(static.rrset.rdata) > 1:
            self._wrong(static, "a DNAME has one value", "keep one")
        if name.startswith("*."):
            problem = "a wildcard can't have a DNAME (RFC 6672 section 3.3)"
            self._wrong(static, problem, "write the name out")
        if names.is_within(target, name):
            self._wrong(
                static,
                f"the DNAME leads names below {name} to names below it again",
                "write a name outside of it",
            )

    def _judge_below(self, found: Cuts, cuts: Cuts) -> None:
        for name, here in self.records.items():
            over = found.over_parent(name)
            if over is not None and cuts.over(name) in (None, name):
                for static in here:
                    self._wrong(static, *_hidden(what(static), found.records[over]))
        for name, (_, path) in self.services.items():
            if (over := found.over_parent(name)) is not None:
                problem, remedy = _hidden("the service", found.records[over])
                self.findings.wrong(self.document.key(path), problem, remedy)
        for server in self.nameservers:
            over = found.over_parent(server.name) if server.addresses else None
            if over is not None:
                problem, remedy = _hidden(f"the name server {server.name}", found.records[over])
                self.findings.wrong(self.document.at(("nameservers",)), problem, remedy)

    def _wrong(self, static: Static, problem: str, remedy: str) -> None:
        self.findings.wrong(static.spot, problem, remedy)


def _hidden(it: str, dname: Static) -> tuple[str, str]:
    return (
        f"{it} is below {dname.rrset.name}, whose DNAME ({dname.spot}) leads all names there on: "
        "it would never be answered (RFC 6672 section 2.4)",
        "give it another name, or remove the DNAME",
    )
