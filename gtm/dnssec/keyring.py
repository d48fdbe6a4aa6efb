"""The folder of keys: one folder for each zone, with its keys and what is known of them.

`KEYS/gtm.example.com/` has `keys.json` and the keys that it names. Where there is no `keys.json`,
as in a secret that is mounted, every `*.pem` in it signs all, and so does the one key in
`KEYS/gtm.example.com.pem`. Changes are written so that a crash leaves the old or the new: new keys
before the ledger that names them, and keys that are gone after it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gtm.dnssec import ledgerfile
from gtm.dnssec.keyfile import NoKey, PrivateDisk, Unusable, read_key, to_pem
from gtm.dnssec.keys import Key, PrivateKey, key_of
from gtm.dnssec.ledger import Entry, Ledger, Role, Stage
from gtm.durable import Damaged, Disk, put

FOLDER = 0o700
SUFFIX = ".pem"
REMOVED = ".removed"  # what the file of a key that is no longer used ends with
MOST_FILES = 1000  # in a zone's folder: more are no keys, and listing them takes long
LARGEST_LEDGER = 256 * 1024  # octets

_PLAIN = re.compile(r"[a-z0-9._-]")


@dataclass(frozen=True, slots=True)
class Held:
    """A zone's keys as they are on disk: the ledger, and its keys by DNSKEY data."""

    ledger: Ledger
    keys: dict[bytes, Key]
    folder: Path


# What a change of a zone's keys is told by: for each file its time, size, inode, mode and owner.
Stamp = tuple[tuple[str, int, int, int, int, int], ...]


@dataclass(frozen=True, slots=True)
class Keyring:
    """The folder of keys; None where no folder is known.

    What was read is remembered: of 10,000 zones only those whose files changed are read again.
    """

    folder: Path | None
    disk: Disk = field(default_factory=Disk)
    private: Disk = field(default_factory=PrivateDisk)
    _known: dict[str, tuple[Stamp, Held]] = field(default_factory=dict, repr=False, compare=False)

    def place(self, zone: str) -> Path:
        """The folder of a zone's keys. Raises Unusable where no folder of keys is known."""
        if self.folder is None:
            raise Unusable(
                "it is not known where keys are", "give their folder with --keys DIR or GTM_KEYS"
            )
        return self.folder / folder_name(zone)

    def read(self, zone: str) -> Held:
        """The keys of a zone (its name with the dot at its end). Raises Unusable."""
        folder = self.place(zone)
        stamp = _stamp(folder)
        known = self._known.get(zone)
        if known is not None and known[0] == stamp:
            return known[1]
        held = self._read(zone, folder)
        self._known[zone] = stamp, held
        return held

    def _read(self, zone: str, folder: Path) -> Held:
        ledger = self.ledger(zone)
        if ledger is None:
            return self._bare(zone, folder)
        keys = {one.dnskey: _checked(folder, one) for one in ledger.keys}
        return Held(ledger, keys, folder)

    def ledger(self, zone: str) -> Ledger | None:
        """What is known of a zone's keys, without reading them; None without a `keys.json`.

        Raises Unusable.
        """
        path = self.place(zone) / ledgerfile.NAME
        try:
            with path.open("rb") as file:
                return ledgerfile.read(file.read(LARGEST_LEDGER), zone)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Unusable(f"{path} can't be read: {error.strerror or error}", _OWNER) from None
        except Damaged as damage:
            raise Unusable(f"{path} is damaged: {damage}", _RESTORE) from None

    def zones(self) -> list[str]:
        """The names of all zones that have something here, with the dot at their end."""
        if self.folder is None or not os.access(self.folder, os.R_OK | os.X_OK):
            return []
        names = {
            path.name if path.is_dir() else path.name.removesuffix(SUFFIX)
            for path in self.folder.iterdir()
            if not path.name.startswith(".") and (path.is_dir() or path.suffix == SUFFIX)
        }
        return sorted(f"{_unescaped(name)}." for name in names)

    def watched(self) -> list[Path]:
        """What changes when keys do: the folder and those in it, as keys are replaced by renaming.

        A key that is written over in place is seen when files are loaded the next time.
        """
        if self.folder is None:
            return []
        try:
            with os.scandir(self.folder) as found:
                inside = [Path(one.path) for one in found]
        except OSError:
            inside = []
        return [self.folder, *inside]

    # --- changing -----------------------------------------------------------------------

    @contextlib.contextmanager
    def changing(self, zone: str) -> Iterator[Path]:
        """The zone's folder, made if it is not there, while nobody else changes it.

        Raises OSError.
        """
        folder = self.place(zone)
        _make(folder.parent)
        _make(folder)
        number = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(number, fcntl.LOCK_EX)
            yield folder
        finally:
            os.close(number)

    def save(self, zone: str, ledger: Ledger, made: Iterable[Key] = ()) -> None:
        """Replaces the zone's ledger; `made` are keys in it that are not on disk yet.

        Inside `changing`. Raises OSError; then what was there is still used.
        """
        folder = self.place(zone)
        for key in made:
            path = folder / ledgerfile.file_name(key.dnskey_rdata)
            put(path, to_pem(key.private), self.private)
            _give(path, folder)
        path = folder / ledgerfile.NAME
        put(path, ledgerfile.written(ledger, zone), self.disk)
        _give(path, folder)
        self._put_aside(folder, {ledgerfile.file_name(one.dnskey) for one in ledger.keys})

    def _put_aside(self, folder: Path, used: set[str]) -> None:
        """Keys that gtm has made and no longer uses; those that it put aside before are deleted."""
        unused = [path for path in _listed(folder) if _OURS.fullmatch(path.name)]
        unused = [path for path in unused if path.name not in used]
        if unused:
            for path in _listed(folder):
                if path.name.endswith(SUFFIX + REMOVED):
                    path.unlink()
        for path in unused:
            self.disk.rename(path, path.with_name(path.name + REMOVED))

    def _bare(self, zone: str, folder: Path) -> Held:
        try:
            paths = [path for path in _listed(folder) if path.suffix == SUFFIX]
        except OSError as error:
            raise Unusable(f"{folder} can't be read: {error.strerror or error}", _OWNER) from None
        single = folder.with_name(folder.name + SUFFIX)
        if single.exists():
            paths.append(single)
        if not paths:
            raise NoKey(
                f"there is no key in {folder}", f"make one: gtm keys generate {zone.rstrip('.')}"
            )
        keys = {key.dnskey_rdata: key for key in (_bare_key(path) for path in paths)}
        tags = {ledgerfile.file_name(rdata) for rdata in keys}
        if len(tags) < len(keys):
            raise Unusable(f"two keys in {folder} have the same tag", "take another key")
        ledger = Ledger(tuple(Entry(one, Role.CSK, Stage.ACTIVE, 0.0) for one in keys), bare=True)
        return Held(ledger, keys, folder)


_OWNER = "give the folder to the user that the server runs as"
_RESTORE = "put it back from a backup; without it the keys can't be told apart"
_OURS = re.compile(r"[0-9]{2}-[0-9]{5}\.pem")


def folder_name(zone: str) -> str:
    """A zone's name as a folder's: without the dot at its end; what paths take amiss as %2F."""
    if zone == ".":
        return "%2E"
    name = zone.removesuffix(".").lower()
    return "".join(c if _PLAIN.fullmatch(c) else _escaped(c) for c in name).replace("..", "%2E%2E")


def _escaped(character: str) -> str:
    return "".join(f"%{octet:02X}" for octet in character.encode())


def _unescaped(name: str) -> str:
    return re.sub(r"%([0-9A-F]{2})", lambda match: chr(int(match[1], 16)), name)


def _listed(folder: Path) -> list[Path]:
    """The files in a folder by name, none if it is not there. Raises OSError."""
    try:
        found = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except (FileNotFoundError, NotADirectoryError):
        return []
    if len(found) > MOST_FILES:
        raise OSError(0, f"it holds more than {MOST_FILES} files")
    return found


def _stamp(folder: Path) -> Stamp:
    """What the zone's files are now; where they can't be listed, reading them says why."""
    found = [folder.with_name(folder.name + SUFFIX)]
    with contextlib.suppress(OSError):
        found += _listed(folder)
    stamps = []
    for path in found:
        with contextlib.suppress(OSError):
            at = path.stat()
            one = path.name, at.st_ctime_ns, at.st_size, at.st_ino, at.st_mode, at.st_uid
            stamps.append(one)
    return tuple(stamps)


def _bare_key(path: Path) -> Key:
    return key_of(read_key(path), sep=True)


def _checked(folder: Path, entry: Entry) -> Key:
    path = folder / ledgerfile.file_name(entry.dnskey)
    private: PrivateKey = read_key(path)
    key = key_of(private, sep=entry.role.secures)
    if key.dnskey_rdata != entry.dnskey:
        raise Unusable(f"{path} holds another key than {ledgerfile.NAME} says", _RESTORE)
    return key


def _make(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(mode=FOLDER, parents=True, exist_ok=True)
        _give(folder, folder.parent)


def _give(path: Path, folder: Path) -> None:
    """To the folder's owner, so that a server with a user of its own can read what root makes."""
    if os.geteuid() == 0:
        status = folder.stat()
        os.chown(path, status.st_uid, status.st_gid)
