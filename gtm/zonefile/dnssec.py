"""`dnssec` of a zone: how it is signed, and the DNSKEYs of other providers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from gtm.dnssec import dnskey
from gtm.model import Dnssec
from gtm.zonefile import files, names
from gtm.zonefile.dnssecshape import DnssecShape
from gtm.zonefile.document import Document
from gtm.zonefile.findings import Findings, Spot, Wrong, shown
from gtm.zonefile.shape import ZoneFile

# Below that a server that was down over a weekend, or whose clock is off, serves what no
# validator takes; above it a stolen answer can be replayed for too long (RFC 6781 section 4.4.2).
SHORTEST, LONGEST = 3600.0, 180 * 86400.0

# More keys than any set of providers has: a DNSKEY RRset has to fit into a packet.
MOST_IMPORTED = 16

_EXAMPLE = "write a DNSKEY record such as `257 3 13 mdsswUyr3DPW...`, or the name of a file of them"


def signing(
    document: Document, shape: ZoneFile, path: Path, findings: Findings
) -> tuple[Dnssec | None, tuple[Path, ...]]:
    """How the zone at `path` is signed, None if it is not, and the files that were read for it."""
    if shape.dnssec is None:
        return None, ()
    written = shape.dnssec
    if not SHORTEST <= written.validity <= LONGEST:
        findings.wrong(
            document.at(("dnssec", "validity")),
            f"signatures can't be valid for {written.validity:g} s",
            "write one from `1h` to `180d`, such as `14d`",
        )
    imports = _Imports(document, shape.zone, path, findings)
    imports.read(written)
    return (
        Dnssec(
            written.algorithm,
            written.split,
            written.validity,
            written.ttl,
            written.cds,
            written.parent_ttl,
            written.propagation,
            tuple(sorted(imports.found)),
        ),
        tuple(imports.files),
    )


@dataclass(slots=True)
class _Imports:
    """Reads the keys of other providers."""

    document: Document
    zone: str
    path: Path
    findings: Findings
    found: dict[bytes, Spot] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)

    def read(self, shape: DnssecShape) -> None:
        """All of them, with every mistake noted."""
        written = shape.imports
        many = isinstance(written, list)
        for position, one in enumerate(written if many else [] if written is None else [written]):
            at = ("dnssec", "import", position) if many else ("dnssec", "import")
            self._one(one, self.document.at(at), shape)
        if len(self.found) > MOST_IMPORTED:
            self.findings.wrong(
                self.document.key(("dnssec", "import")),
                f"{len(self.found)} keys are imported: validators give up on so many",
                f"write at most {MOST_IMPORTED}",
            )

    def _one(self, written: object, spot: Spot, shape: DnssecShape) -> None:
        if not isinstance(written, str) or not written.strip():
            self.findings.wrong(spot, f"{shown(written)} is not a DNSKEY", _EXAMPLE)
        elif " " in written.strip():
            for record in dnskey.records(written):
                self._record(record, spot, shape)
        else:
            self._file(written.strip(), spot, shape)

    def _file(self, written: str, spot: Spot, shape: DnssecShape) -> None:
        try:
            path = files.beside(self.path, written)
        except Wrong as wrong:
            self.findings.wrong(spot, wrong.problem, _EXAMPLE)
            return
        self.files.append(path)
        data = files.read(path, self.findings)
        if data is None:
            return
        lines = dnskey.records(data.decode(errors="replace"))
        if not lines:
            self.findings.wrong(Spot(str(path)), "the file holds no DNSKEY", _EXAMPLE)
        for record in lines:
            self._record(record, Spot(str(path)), shape)

    def _record(self, record: str, spot: Spot, shape: DnssecShape) -> None:
        try:
            owner, rdata = dnskey.from_text(record)
        except ValueError as error:
            problem = f"{shown(record)} can't be imported: {error}"
            self.findings.wrong(spot, problem, _EXAMPLE)
            return
        if owner is not None and not self._is_ours(owner):
            problem = f"this is a key of {shown(owner)}, not of {self.zone}"
            self.findings.wrong(spot, problem, "import keys of this zone alone")
        elif rdata in self.found:
            problem = f"the key {dnskey.tag(rdata)} is imported twice"
            self.findings.wrong(spot, problem, "keep one of them")
        else:
            self.found[rdata] = spot
            self._judge_algorithm(rdata, spot, shape)

    def _is_ours(self, owner: str) -> bool:
        try:
            return owner == "@" or names.absolute(owner, ".") == self.zone
        except Wrong:
            return False

    def _judge_algorithm(self, rdata: bytes, spot: Spot, shape: DnssecShape) -> None:
        number = dnskey.algorithm(rdata)
        if number != shape.algorithm.number:
            self.findings.warn(
                spot,
                f"the imported key {dnskey.tag(rdata)} has algorithm {number}, this zone's have "
                f"{shape.algorithm.number}: answers lack signatures of the one or the other, "
                "which some validators refuse (RFC 8901 section 5)",
                "let all providers sign with the same algorithm",
            )
