"""What `gtm keys` works on: the zones, the folder of their keys, and the time."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gtm.cli.output import bare
from gtm.cli.progress import working
from gtm.cli.reading import loaded
from gtm.cli.zonenamed import zone_named
from gtm.dnssec import dnskey
from gtm.dnssec.keyfile import NoKey, Unusable
from gtm.dnssec.keyring import Keyring
from gtm.dnssec.keys import Key, generate
from gtm.dnssec.ledger import Entry, Ledger, Role, Stage
from gtm.dnssec.rollover import Refused
from gtm.dnssec.timing import Timing, timing
from gtm.errors import KeysError
from gtm.model import Algorithm, Dnssec, Zone
from gtm.settings import settle

NO_DNSSEC = "its zone file has no `dnssec`, so nothing is signed; write `dnssec: {}` there"


@dataclass(frozen=True, slots=True)
class KeyRoom:
    """The zones and where their keys are. `now` is Unix time."""

    zones: tuple[Zone, ...]
    keyring: Keyring
    now: float

    def zone(self, name: str, doing: str) -> Zone:
        """The zone that is named. Raises UsageError."""
        return zone_named(name, self.zones, doing)

    def ledger(self, zone: Zone, doing: str) -> Ledger:
        """What is known of its keys, which are read too. Raises KeysError."""
        try:
            return self.keyring.read(zone.name).ledger
        except Unusable as unusable:
            raise KeysError(f"cannot {doing} of {bare(zone.name)}: {unusable}") from None

    def step(self, zone: Zone, doing: str, take: Callable[[Ledger, Timing], Ledger]) -> Ledger:
        """Takes a step and keeps it. Raises KeysError, with the time left where it is too early."""
        with self._changing(zone, doing):
            ledger = self._own(zone, doing)
            after = take(ledger, self.timing(zone, doing))
            self.keyring.save(zone.name, after)
        return after

    def roll(
        self,
        zone: Zone,
        doing: str,
        algorithm: Algorithm,
        roles: tuple[Role, ...],
        take: Callable[[Ledger | None, list[Entry], Timing], Ledger],
    ) -> Ledger:
        """A step that brings new keys in; there may be none before. Raises KeysError."""
        with self._changing(zone, doing):
            before = self._known(zone, doing)
            dnssec = zone.dnssec or Dnssec()
            taken = {dnskey.tag(one) for one in dnssec.imports}
            taken |= set() if before is None else {entry.tag for entry in before.keys}
            made = [_make(algorithm, role, taken) for role in roles]
            entries = [
                Entry(key.dnskey_rdata, role, Stage.NEW, self.now)
                for key, role in zip(made, roles, strict=True)
            ]
            after = take(before, entries, timing(zone, dnssec))
            self.keyring.save(zone.name, after, made)
        return after

    def timing(self, zone: Zone, doing: str) -> Timing:
        """How long resolvers can hold what the zone has. Raises KeysError."""
        if zone.dnssec is None:
            raise KeysError(f"cannot {doing} of {bare(zone.name)}: {NO_DNSSEC}")
        return timing(zone, zone.dnssec, signed=_saved(zone))

    def _known(self, zone: Zone, doing: str) -> Ledger | None:
        """The ledger, None where there is none and no key either."""
        if self.keyring.ledger(zone.name) is not None:
            return self._own(zone, doing)
        with contextlib.suppress(NoKey):
            self.keyring.read(zone.name)
            raise self._not_ours(zone)
        return None

    def _own(self, zone: Zone, doing: str) -> Ledger:
        ledger = self.ledger(zone, doing)
        if ledger.bare:
            raise self._not_ours(zone)
        return ledger

    def _not_ours(self, zone: Zone) -> Refused:
        return Refused(
            f"the keys in {self.keyring.place(zone.name)} are files that gtm did not make: "
            "they are changed by adding and removing files (docs/dnssec.md)"
        )

    @contextlib.contextmanager
    def _changing(self, zone: Zone, doing: str) -> Iterator[None]:
        what = f"cannot {doing} of {bare(zone.name)}"
        try:
            with self.keyring.changing(zone.name):
                yield
        except Refused as refused:
            raise KeysError(f"{what}: {refused.why}{self._left(refused)}") from None
        except Unusable as unusable:
            raise KeysError(f"{what}: {unusable}") from None
        except OSError as error:
            raise KeysError(f"{what}: {error.filename}: {error.strerror or error}") from None

    def _left(self, refused: Refused) -> str:
        if refused.until is None:
            return ""
        from gtm.cli.keysview import moment

        return f"; it is safe {moment(refused.until, self.now)}"


def enter(zones: Path | None, keys: Path | None, config: Path | None) -> KeyRoom:
    """What the settings name. Raises GtmError."""
    settings = settle({"zones": zones, "keys": keys}, os.environ, config)
    keyring = Keyring(settings.keys_folder())
    if keyring.folder is None:
        raise KeysError(
            "cannot look at keys: it is not known where they are; name the server's folder with "
            "--keys DIR, GTM_KEYS or GTM_STATE, or its settings with --config gtm.yaml"
        )
    with working(f"reading {settings.zones}") as work:
        found = loaded(settings.zones, work).zones
    return KeyRoom(found, keyring, time.time())


def _make(algorithm: Algorithm, role: Role, taken: set[int]) -> Key:
    """A new key whose tag no other has: files and people tell keys by it."""
    while True:
        key = generate(algorithm, sep=role.secures)
        if key.tag not in taken:
            taken.add(key.tag)
            return key


def _saved(zone: Zone) -> float:
    """When the zone file was changed last: since then, at the latest, it says that it is signed."""
    try:
        return Path(zone.files[0]).stat().st_mtime
    except (OSError, IndexError):
        return 0.0
