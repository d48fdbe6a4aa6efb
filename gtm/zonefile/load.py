"""From files to zones: the one way in."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gtm.dnssec.keyring import Keyring
from gtm.dnssec.keys import KeySet
from gtm.errors import Mistake
from gtm.model import Zone
from gtm.walking import Walk, unseen
from gtm.zonefile import files, nesting, peers, sizes
from gtm.zonefile.document import Document, parse
from gtm.zonefile.findings import Findings, Spot, nearest
from gtm.zonefile.known import KnownEndpoints
from gtm.zonefile.scope import Scope
from gtm.zonefile.shape import SharedFile, ZoneFile
from gtm.zonefile.signers import Signers
from gtm.zonefile.validate import validate
from gtm.zonefile.zone import ZoneReader


@dataclass(frozen=True)
class Loaded:
    """What a path holds. `files` are all that were read, master files included.

    `keys` are those of zones with `dnssec`, by the zone's name, where keys were asked for.
    """

    zones: tuple[Zone, ...]
    warnings: tuple[Mistake, ...]
    files: tuple[str, ...]
    keys: Mapping[str, KeySet] = field(default_factory=dict)


def modification_time(path: Path) -> float:
    """When a file was changed last, Unix time in seconds. Raises OSError."""
    return path.stat().st_mtime


def load(
    path: Path,
    *,
    modified: Callable[[Path], float] = modification_time,
    known: KnownEndpoints | None = None,
    keys: Keyring | None = None,
    walk: Walk = unseen,
) -> Loaded:
    """The zones of a directory of zone files, or of one zone file and the shared ones beside it.

    `modified` reads when a file was changed: the SOA serial where the zone gives none. `known` is
    what earlier loads have read, and grows by this one. `keys` is where keys of signed zones are
    read; without it they are not looked at. `walk` goes through the files twice, when they are
    parsed and when they are read. Raises ZoneFileError with every mistake in every file.
    """
    findings, known = Findings(), KnownEndpoints() if known is None else known
    known.begin()
    with _collector_paused():
        signers = Signers(keys, findings)
        zones, read = _load(path, findings, modified, known, signers, walk)
    findings.raise_mistakes()
    known.end()
    return Loaded(zones, findings.sorted_warnings(), read, signers.found)


def _load(
    path: Path,
    findings: Findings,
    modified: Callable[[Path], float],
    known: KnownEndpoints,
    signers: Signers,
    walk: Walk,
) -> tuple[tuple[Zone, ...], tuple[str, ...]]:
    """All of it; the documents are let go on return, before the collector runs again."""
    sources = _Sources(findings, walk)
    sources.open(path)
    return _Loading(sources, findings, modified, known, signers, walk).zones()


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Hold back Python's cycle collector: scanning millions of new nodes again and again would
    take three quarters of the time of loading a large zone.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@dataclass(slots=True)
class _Sources:
    """The documents of a path. `complete` is False when a file could not be parsed."""

    findings: Findings
    walk: Walk = unseen
    shared: list[tuple[Path, Document]] = field(default_factory=list)
    zones: list[tuple[Path, Document]] = field(default_factory=list)
    complete: bool = True

    def open(self, path: Path) -> None:
        """Read what is at the path."""
        try:
            if path.is_dir():
                self._open_directory(path)
            else:
                self._open_file(path)
        except OSError as error:
            self.findings.wrong(Spot(str(path)), *files.why(error))
        if not self.zones and not self.findings.mistakes:
            self.findings.wrong(
                Spot(str(path)),
                "there is no zone here" if self.shared else "the directory holds no zone files",
                "write a file such as `example.yaml` that begins with `zone: your.zone.example`",
            )

    def _open_directory(self, path: Path) -> None:
        for file in self.walk(files.in_directory(path)):
            self._add(file, files.read(file, self.findings))

    def _open_file(self, path: Path) -> None:
        self._add(path, files.read(path, self.findings))
        if self.zones:
            for sibling, data in files.shared_beside(path, self.findings):
                self._add(sibling, data)
            del self.zones[1:]  # a zone in a form that only parsing shows, such as `{zone: ...}`

    def _add(self, path: Path, data: bytes | None) -> None:
        document = None if data is None else parse(str(path), data, self.findings)
        if document is None:
            self.complete = False
        elif _is_zone(document):
            self.zones.append((path, document))
        else:
            self.shared.append((path, document))


def _is_zone(document: Document) -> bool:
    """Whether the file is meant as a zone: it has its key, that key misspelt, or others of its."""
    return any(key in _ZONE_KEYS or nearest(key, ("zone",)) for key in document.value)


_ZONE_KEYS = frozenset(ZoneFile.model_fields) - frozenset(SharedFile.model_fields)


@dataclass(slots=True)
class _Loading:
    sources: _Sources
    findings: Findings
    modified: Callable[[Path], float]
    known: KnownEndpoints
    signers: Signers
    walk: Walk = unseen

    def zones(self) -> tuple[tuple[Zone, ...], tuple[str, ...]]:
        """The zones by name, and every file read."""
        scope = self._shared_scope()
        shared = [path for path, _ in self.sources.shared]
        read = dict.fromkeys(str(path) for path in shared)
        found: dict[str, tuple[Zone, Spot]] = {}
        for path, document in self.walk(self.sources.zones):
            shape = validate(document, ZoneFile, self.findings)
            if shape is None:
                continue
            reader = ZoneReader(path, document, shape, scope, self.findings, self.known)
            zone = reader.read(shared, self.modified)
            read.update(dict.fromkeys(zone.files))
            sizes.judge_zone(zone, document, self.findings)
            self.signers.read(zone, document)
            self._add(zone, document, found)
        nesting.warn_of_hidden(found, self.findings)
        peers.judge_shared(found, self.findings)
        return tuple(zone for _, (zone, _) in sorted(found.items())), tuple(sorted(read))

    def _shared_scope(self) -> Scope:
        scope = Scope(complete=self.sources.complete)
        for _, document in self.sources.shared:
            shape = validate(document, SharedFile, self.findings)
            if shape is not None:
                scope = scope.extended(document, shape, self.findings)
        return scope

    def _add(self, zone: Zone, document: Document, found: dict[str, tuple[Zone, Spot]]) -> None:
        spot = document.at(("zone",))
        first = found.setdefault(zone.name, (zone, spot))
        if first[0] is not zone and zone.name != ".":
            problem = f"the zone {zone.name} is defined at {first[1]} too"
            self.findings.wrong(spot, problem, "keep one of them: a zone is one file")
