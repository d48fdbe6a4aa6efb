"""The keys of signed zones, read beside their files, so that all mistakes are said at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from gtm.dns.names import to_wire
from gtm.dnssec.keyfile import Unusable
from gtm.dnssec.keyring import Keyring
from gtm.dnssec.keys import KeySet
from gtm.dnssec.ledger import Kind, Ledger, Phase, key_set
from gtm.model import Zone
from gtm.zonefile.document import Document
from gtm.zonefile.findings import Findings


@dataclass(slots=True)
class Signers:
    """Reads keys; without a keyring none. `found` are key sets by zone."""

    keyring: Keyring | None
    findings: Findings
    found: dict[str, KeySet] = field(default_factory=dict)
    _having: frozenset[str] | None = None  # zones that have keys: asked for once, not for each

    def read(self, zone: Zone, document: Document) -> None:
        """The keys of a zone, with mistakes noted where it says that it is signed."""
        if self.keyring is None or zone.name == ".":  # the root stands in for a name that is wrong
            return
        if zone.dnssec is None:
            self._require_insecure(self.keyring, zone, document)
            return
        try:
            held = self.keyring.read(zone.name)
        except Unusable as unusable:
            problem = f"cannot sign {zone.name.rstrip('.')}: {unusable.problem}"
            self.findings.wrong(document.key(("dnssec",)), problem, unusable.remedy)
            return
        self.found[zone.name] = key_set(held.ledger, held.keys, to_wire(zone.name), zone.dnssec)

    def _require_insecure(self, keyring: Keyring, zone: Zone, document: Document) -> None:
        """With a DS at the parent, an unsigned zone is one that validators refuse altogether."""
        if self._having is None:
            self._having = frozenset(keyring.zones())
        if zone.name not in self._having:
            return
        try:
            ledger = keyring.ledger(zone.name)
        except Unusable:  # it says nothing of the parent, and nothing here needs it
            return
        if ledger is not None and may_have_ds(ledger):
            bare = zone.name.rstrip(".")
            self.findings.wrong(
                document.key(("zone",)),
                f"{bare} has a DS at its parent: without signatures every validator refuses it",
                f"write `dnssec: {{}}` again, and `gtm keys unsign {bare}` first",
            )


def may_have_ds(ledger: Ledger) -> bool:
    """Whether the parent may have a DS for the zone, as far as is known."""
    roll = ledger.roll
    started = roll is not None and roll.kind is Kind.START and roll.phase is Phase.DS_WANTED
    return ledger.secured or started
