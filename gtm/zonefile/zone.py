"""From one zone file to one Zone: every part read, then judged together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gtm.model import App, LoadFeed, Nameserver, RRset, Zone, frozen_mapping
from gtm.plain import Plain
from gtm.zonefile import apex, files, geography, peers, rdata
from gtm.zonefile.apps import AppReader, service_paths
from gtm.zonefile.claims import claims
from gtm.zonefile.cutoff import canary, freeze
from gtm.zonefile.dnssec import signing
from gtm.zonefile.document import Document
from gtm.zonefile.findings import Findings, Spot, Wrong
from gtm.zonefile.glue import without_glue
from gtm.zonefile.known import KnownEndpoints
from gtm.zonefile.master import MasterFile
from gtm.zonefile.passive import latency_rules
from gtm.zonefile.placement import Placement
from gtm.zonefile.records import Static, yaml_records
from gtm.zonefile.scope import Scope
from gtm.zonefile.shape import ZoneFile
from gtm.zonefile.whoami import whoami


@dataclass(slots=True)
class ZoneReader:
    """Reads one zone file. `shared` is what the shared files beside it define.

    `known` is what the load before has read.
    """

    path: Path
    document: Document
    shape: ZoneFile
    shared: Scope
    findings: Findings
    known: KnownEndpoints

    def read(self, shared_files: list[Path], modified: Callable[[Path], float]) -> Zone:
        """The zone, with every mistake noted; `modified` tells when a file was changed."""
        document, shape, findings = self.document, self.shape, self.findings
        scope = self.shared.extended(document, shape, findings)
        apps = AppReader(document, findings, scope, shape.zone, self.known).read(shape)
        master = self._master_path()
        dnssec, imported = signing(document, shape, self.path, findings)
        sources = [self.path, *shared_files, *([master] if master else []), *imported]
        nameservers = apex.nameservers(document, shape, findings)
        ttl, min_ttl = apex.ttl(document, shape, findings)
        rrsets, plain = self._records(apps, nameservers, master)
        return Zone(
            shape.zone,
            ttl,
            apex.soa(document, shape, findings),
            nameservers,
            frozen_mapping(scope.regions),
            apps,
            rrsets,
            geography.overrides(document, shape, scope, _served(apps), findings),
            geography.latency(document, shape, scope, findings),
            self._serial(sources, modified),
            tuple(str(path) for path in sources),
            min_regions=shape.safety.min_regions,
            load=LoadFeed(shape.load.expire, shape.load.stale),
            min_ttl=min_ttl,
            alerts=tuple(scope.receivers.values()),
            latency_feed=latency_rules(shape.latency_feed, document, findings),
            canary=canary(shape, scope.check_reader(document, findings, shape.checks)),
            freeze=freeze(shape.freeze, document, findings),
            plain=plain,
            tsig=tuple(scope.keys.values()),
            transfer=peers.transfer(shape.transfer, scope.key_spots, document, findings),
            updates=peers.updates(shape.updates, scope.key_spots, document, findings),
            whoami=whoami(shape, document, findings),
            dnssec=dnssec,
        )

    def _records(
        self, apps: tuple[App, ...], nameservers: tuple[Nameserver, ...], master: Path | None
    ) -> tuple[tuple[RRset, ...], Plain | None]:
        written = list(yaml_records(self.document, self.shape, self.findings))
        plain: Plain | None = None
        made = tuple(claims(self.shape.zone, apps, _asks(self.shape), self.document))
        if master is not None:
            apart = [*(static.rrset.name for static in written)]
            apart += [service.name for app in apps for service in app.services]
            apart += [server.name for server in nameservers]
            apart += [claim.name for claim in made]
            found, plain = self._master_records(master, apart, written)
            written += without_glue(found, nameservers, self.findings)
        placement = Placement(
            self.shape.zone,
            {service.name: (service, path) for service, path in service_paths(apps)},
            nameservers,
            self.document,
            self.findings,
            made,
        )
        return placement.settled(written, plain), plain

    def _master_path(self) -> Path | None:
        written = self.shape.records_file
        if written is None:
            return None
        try:
            return files.beside(self.path, written)
        except Wrong as wrong:
            spot = self.document.at(("records_file",))
            self.findings.wrong(spot, wrong.problem, wrong.remedy)
            return None

    def _master_records(
        self, path: Path, apart: list[str], written: list[Static]
    ) -> tuple[list[Static], Plain | None]:
        """The records of the master file, and those of plain names.

        Names that are written elsewhere too are kept `apart` from those.
        """
        data = files.read(path, self.findings)
        if data is None:
            return [], None
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            spot = Spot(str(path), line, 1)
            self.findings.wrong(spot, "the file is not UTF-8 text", "save it as UTF-8")
            return [], None
        hiding = [one.rrset for one in written if one.rrset.type in rdata.HIDING]
        servers = [rdata.target(one.type, wire) for one in hiding for wire in one.rdata]
        file = MasterFile(str(path), self.shape.zone, self.findings)
        cuts = [rrset.name for rrset in hiding]
        return list(file.read(text, [*apart, *servers], cuts)), file.plain

    def _serial(self, sources: list[Path], modified: Callable[[Path], float]) -> int:
        """The SOA serial: as written, or when the newest source was changed (RFC 1912 2.2)."""
        if self.shape.soa.serial is not None:
            return self.shape.soa.serial
        try:
            newest = max(modified(path) for path in sources)
        except OSError:  # a file that is gone again; reading it has said so, or the next load will
            newest = 1
        return max(1, int(newest) % 2**32)


def _asks(shape: ZoneFile) -> bool:
    """Whether anybody may ask the zone's name `whoami`."""
    return shape.whoami is not None and bool(shape.whoami.allow)


def _served(apps: tuple[App, ...]) -> tuple[str, ...]:
    """The regions that some service has endpoints in."""
    services = (service for app in apps for service in app.services)
    return tuple(dict.fromkeys(region for service in services for region in service.endpoints))
