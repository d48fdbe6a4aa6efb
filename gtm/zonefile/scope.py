"""What a zone has from its own file and from shared ones: regions, checks, receivers, keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from gtm.checks import AnyCheck
from gtm.model import Region
from gtm.peering import TsigKey
from gtm.receivers import Receiver
from gtm.zonefile import values
from gtm.zonefile.addressed import addressed
from gtm.zonefile.appshape import SERVICE_OPTIONS
from gtm.zonefile.checkshape import CheckShape
from gtm.zonefile.checkuses import CheckReader
from gtm.zonefile.document import Document
from gtm.zonefile.findings import Findings, Spot, Wrong, listed, nearest, shown
from gtm.zonefile.peers import tsig_key
from gtm.zonefile.receivers import receiver
from gtm.zonefile.shape import RegionShape, SharedFile

# Names of regions, checks, apps and receivers go into metrics, commands and URLs: one word, and
# no longer than a DNS label.
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
NOTHING: Mapping[str, CheckShape] = MappingProxyType({})
_RESERVED = frozenset(SERVICE_OPTIONS)


@dataclass(slots=True)
class Scope:
    """The regions, checks, receivers and TSIG keys, and where each is defined.

    `region_spots`, `check_spots`, `receiver_spots` and `key_spots` hold every name written, also of
    those that could not be read, so that one mistake does not make others. `complete` is False
    when a file that may define more could not be read. `misplaced` are the regions whose location
    could not be read.
    """

    regions: dict[str, Region] = field(default_factory=dict)
    checks: dict[str, AnyCheck] = field(default_factory=dict)
    region_spots: dict[str, Spot] = field(default_factory=dict)
    check_spots: dict[str, Spot] = field(default_factory=dict)
    complete: bool = True
    misplaced: set[str] = field(default_factory=set)
    receivers: dict[str, Receiver] = field(default_factory=dict)
    receiver_spots: dict[str, Spot] = field(default_factory=dict)
    keys: dict[str, TsigKey] = field(default_factory=dict)
    key_spots: dict[str, Spot] = field(default_factory=dict)

    def no_region(self, name: str) -> tuple[str, str]:
        """What is wrong with a region that is not there, and what to write."""
        hint = nearest(name, self.region_spots)
        known = listed(self.region_spots)
        remedy = f"write {hint}" if hint else f"write one of: {known}" if known else ""
        return f"there is no region {shown(name)}", remedy or "define it under `regions`"

    def extended(self, document: Document, shape: SharedFile, findings: Findings) -> Scope:
        """This scope and what the file defines; a name defined in both is a mistake."""
        wider = Scope(
            dict(self.regions),
            dict(self.checks),
            dict(self.region_spots),
            dict(self.check_spots),
            self.complete,
            set(self.misplaced),
            dict(self.receivers),
            dict(self.receiver_spots),
            dict(self.keys),
            dict(self.key_spots),
        )
        wider._declare(document, "regions", wider.region_spots, findings)
        wider._declare(document, "checks", wider.check_spots, findings)
        wider._declare(document, "alerts", wider.receiver_spots, findings)
        wider._declare(document, "tsig", wider.key_spots, findings)
        checks = wider.check_reader(document, findings, shape.checks)
        checks.define()
        for name, region in shape.regions.items():
            made = Region(
                name,
                region.location,
                region.bias,
                region.capacity,
                region.soft,
                _gateway(name, region, checks),
            )
            wider.regions.setdefault(name, made)
            if not _is_placed(document, name):
                wider.misplaced.add(name)
        _judge_capacities(document, shape, findings)
        for name, told in shape.alerts.items():
            found = receiver(name, told, document, ("alerts", name), findings)
            if found is not None:
                wider.receivers.setdefault(name, found)
        for name, secret in shape.tsig.items():
            key = tsig_key(name, secret, document, findings)
            if key is not None:
                wider.keys.setdefault(name, key)
        return wider

    def check_reader(
        self,
        document: Document,
        findings: Findings,
        shapes: Mapping[str, CheckShape] = NOTHING,
    ) -> CheckReader:
        """Reads the checks of a file; `shapes` are those that it names."""
        return CheckReader(document, findings, self.checks, self.check_spots, self.complete, shapes)

    def _declare(
        self, document: Document, kind: str, spots: dict[str, Spot], findings: Findings
    ) -> None:
        written = document.value.get(kind)
        for name in written if isinstance(written, dict) else ():
            spot = document.key((kind, name))
            check_name(name, kind, spot, findings)
            if name in spots:
                problem = f"`{name}` is defined in {spots[name]} too"
                findings.wrong(spot, problem, "keep one of them, or give one another name")
            else:
                spots[name] = spot


def _gateway(name: str, region: RegionShape, checks: CheckReader) -> AnyCheck | None:
    """The region's own check: of something that stands for the region, at an address of its own."""
    path = ("regions", name, "check")
    found = checks.use(name, region.check, path)
    example = "that of the region's gateway"
    return addressed(found, region.check, checks, path, "a region", example)


def _is_placed(document: Document, name: str) -> bool:
    """Whether the location is the one written, not a stand-in for one that can't be read."""
    try:
        values.location(document.value_at(("regions", name, "location")))
    except Wrong:
        return False
    return True


def _judge_capacities(document: Document, shape: SharedFile, findings: Findings) -> None:
    """Say once for each file what a capacity needs; refuse a mark without a capacity."""
    warned = False
    for name, region in shape.regions.items():
        path = ("regions", name)
        if region.capacity is None:
            if "soft" in region.model_fields_set and "capacity" not in _written(document, path):
                findings.wrong(
                    document.key((*path, "soft")),
                    "`soft` is a part of the capacity, and there is none",
                    "write `capacity:` beside it, or remove it",
                )
        elif not warned and not _reads_load(shape):
            warned = True
            findings.warn(
                document.key((*path, "capacity")),
                "nothing spills until loads are known, and no `load:` here says that they will be",
                "post them to /v1/load, or answer probes with the header X-GTM-Load, and write "
                "`load: {expire: 60s}` in the zone; or write `load: {pointer: /load}` in a check",
            )


def _written(document: Document, path: tuple[str, str]) -> dict[object, object]:
    written = document.value_at(path)
    return written if isinstance(written, dict) else {}


def _reads_load(shape: SharedFile) -> bool:
    return "load" in shape.model_fields_set or any(
        check.load is not None for check in shape.checks.values()
    )


def check_name(name: str, kind: str, spot: Spot, findings: Findings) -> None:
    """Note a region, check or app name that can't be used."""
    if not _NAME.fullmatch(name):
        findings.wrong(
            spot,
            f"`{name[:70]}` can't be a name" if name.isprintable() else "this can't be a name",
            "write up to 63 letters, digits, hyphens, underscores and dots, "
            "beginning and ending with a letter or digit",
        )
    elif kind == "regions" and name in _RESERVED:
        problem = f"a region can't be called `{name}`: it is an option of services"
        findings.wrong(spot, problem, "give the region another name")
