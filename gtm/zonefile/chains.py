"""CNAME records and services' host names, followed together as far as a zone has them."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass

from gtm.dns.lookup import MAX_CHAIN
from gtm.model import Nameserver, Service
from gtm.plain import Plain
from gtm.zonefile import aliases, names, rdata
from gtm.zonefile.delegations import Cuts
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, Spot
from gtm.zonefile.records import Static

CNAME, DNAME = rdata.TYPES["CNAME"], rdata.TYPES["DNAME"]


@dataclass(frozen=True, slots=True)
class _Standing:
    """Names that exist: those written out, and plain ones."""

    written: Container[str]
    plain: Plain

    def __contains__(self, name: object) -> bool:
        return name in self.written or (isinstance(name, str) and self.plain.stands(name))


@dataclass(frozen=True, slots=True)
class Chains:
    """Judges where the records (by name) and services of a zone that are CNAMEs lead.

    `redirected` are the names with a DNAME, and its target; `made` the zone makes itself.
    """

    records: Mapping[str, list[Static]]
    services: Mapping[str, tuple[Service, KeyPath]]
    nameservers: tuple[Nameserver, ...]
    cuts: Cuts
    document: Document
    findings: Findings
    redirected: Mapping[str, str]
    plain: Plain | None = None
    made: tuple[str, ...] = ()

    def judge(self) -> None:
        """Note circles as mistakes, and warn of chains that are not followed to their end."""
        targets = {name: found for name, found in self._targets() if self.cuts.over(name) is None}
        if not targets and not self.redirected:
            return
        found = aliases.Aliases(self.cuts.zone, targets, self._standing(), self.redirected)
        walk = aliases.walked(found.leads())
        for circle in walk.circles:
            if len(circle) > 1 or circle[0] not in targets:  # else said where it is written
                self._wrong_circle(circle, found)
        for chain in walk.long:
            self.findings.warn(
                self._spot(chain[0]),
                f"a chain of {len(chain) - 1} CNAMEs begins here, and at most {MAX_CHAIN} are "
                f"followed: {aliases.shown(chain)}",
                "refer to a name nearer to the chain's end",
            )

    def _targets(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """The names answered with a CNAME, with all that they may refer to."""
        for name, here in self.records.items():
            for static in here:
                if static.rrset.type == CNAME:
                    yield name, tuple(rdata.target(CNAME, wire) for wire in static.rrset.rdata)
        for name, (service, _) in self.services.items():
            ends = (found[0].at for found in service.endpoints.values())
            hosts = tuple(at for at in ends if isinstance(at, str))  # a host name stands alone
            if hosts:
                yield name, hosts

    def _standing(self) -> Container[str]:
        """Every name that exists, those with nothing but names below them too."""
        zone = self.cuts.zone
        standing = {zone}
        servers = (server.name for server in self.nameservers if server.addresses)
        for name in (*self.records, *self.services, *servers, *self.made):
            standing.update((name, *names.parents(name, zone)))
        return standing if self.plain is None else _Standing(standing, self.plain)

    def _wrong_circle(self, circle: tuple[str, ...], found: aliases.Aliases) -> None:
        """Said once, at the name of the circle that is written first."""
        owners = {
            found.redirection(name) or found.owner(name): place for place, name in enumerate(circle)
        }
        first = next(name for name in (*found.targets, *found.redirected) if name in owners)
        turned = circle[owners[first] :] + circle[: owners[first] + 1]
        self.findings.wrong(
            self._spot(first),
            f"CNAMEs lead in a circle: {aliases.shown(turned)}",
            "let one of them refer to a name that has addresses",
        )

    def _spot(self, name: str) -> Spot:
        """Where what leads a name on is written."""
        if name in self.services:
            return self.document.key(self.services[name][1])
        here = self.records[name.removeprefix("*.") if name not in self.records else name]
        return next(static.spot for static in here if static.rrset.type in (CNAME, DNAME))
