"""The file of tokens: JSON that `gtm keys token` writes, and a running server follows.

It holds names, scopes and hashes, no secret: who can read it can call nothing. Who can write it
can make tokens, so the mode lets its owner alone.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gtm.api.access.tokens import GRANTABLE, LONGEST_NAME, NAME, Token, Tokens, ordered
from gtm.api.scopes import Scope
from gtm.durable import Disk, put
from gtm.errors import ConfigError

NAME_OF_FILE = "tokens.json"  # in the state directory
VERSION = 1
MODE = 0o600
FOLDER_MODE = 0o750
FORBIDDEN = stat.S_IWGRP | stat.S_IWOTH  # who may write it may make tokens
LARGEST = 4 << 20  # octets
MOST = 10_000  # tokens: more are a mistake

log = structlog.get_logger("gtm.api")


class _Line(BaseModel):
    """A token as the file has it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    id: str = Field(pattern=r"^[0-9a-f]{8}$")
    name: str = Field(min_length=1, max_length=LONGEST_NAME)
    scopes: list[str] = Field(min_length=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    made: float = Field(ge=0, allow_inf_nan=False)
    made_by: str = Field(max_length=256)
    expires: float | None = Field(default=None, ge=0, allow_inf_nan=False)


class _Content(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    version: int
    tokens: list[_Line] = Field(max_length=MOST)


class PrivateDisk(Disk):
    """Writes files that nobody but their owner may read, unless the one before let its group."""

    def write(self, path: Path, data: bytes) -> None:
        """As Disk does, with the right mode from the first octet on.

        Always a new file: root writes in a folder of the server's user, who may have put a link
        there that leads to a file of root's.
        """
        path.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        number = os.open(path, flags, MODE)
        with os.fdopen(number, "wb") as file:
            os.fchmod(number, MODE)
            _as_before(number, path.with_name(path.name.removesuffix(".new")))
            file.write(data)
            file.flush()
            os.fsync(number)


def _as_before(number: int, path: Path) -> None:
    """Gives the open file `number` owner and mode of the one it replaces.

    The first one goes to its folder's owner: what root makes, a server with a user of its own
    can then read.
    """
    try:
        before = path.stat()
        os.fchmod(number, MODE | (stat.S_IMODE(before.st_mode) & stat.S_IRGRP))
    except FileNotFoundError:
        before = path.parent.stat()
    if os.geteuid() == 0:
        os.fchown(number, before.st_uid, before.st_gid)


def read_tokens(path: Path) -> Tokens | None:
    """The tokens in the file, None if it is not there. Raises ConfigError. May block."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read(LARGEST + 1)
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise ConfigError(
            f"cannot read the tokens in {path}: this user may not; chown it to the user that the "
            "server runs as"
        ) from error
    except OSError as error:
        raise ConfigError(f"cannot read the tokens in {path}: {error.strerror or error}") from error
    if mode & FORBIDDEN:
        raise ConfigError(
            f"cannot use the tokens in {path}: its mode {mode:04o} lets others write it; "
            "chmod 0600 it"
        )
    try:
        return understood(data)
    except ValueError as error:
        raise ConfigError(f"cannot read the tokens in {path}: {error}") from error


def understood(data: bytes) -> Tokens:
    """The tokens that the file's content has. Raises ValueError, which quotes nothing of it."""
    if len(data) > LARGEST:
        raise ValueError(f"it is longer than {LARGEST} octets")
    try:
        content = _Content.model_validate_json(data)
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in fault["loc"])
        raise ValueError(f"{where}: {fault['msg']}" if where else fault["msg"]) from None
    if content.version != VERSION:
        raise ValueError(f"it is of version {content.version}, and this gtm knows {VERSION} alone")
    tokens = [_token(line, f"tokens.{number}") for number, line in enumerate(content.tokens)]
    for what, found in (("id", [one.id for one in tokens]), ("name", [one.name for one in tokens])):
        if len(set(found)) < len(found):
            raise ValueError(f"two tokens have the same {what}")
    return Tokens(tokens)


def _token(line: _Line, where: str) -> Token:
    known = {scope.value: scope for scope in GRANTABLE}
    unknown = [text for text in line.scopes if text not in known]
    if unknown:
        raise ValueError(f"{where}.scopes: the scopes are {', '.join(known)}")
    if not NAME.fullmatch(line.name):
        raise ValueError(f"{where}.name: it is no name for a token")
    scopes: frozenset[Scope] = frozenset(known[text] for text in line.scopes)
    digest = bytes.fromhex(line.sha256)
    return Token(line.id, line.name, scopes, digest, line.made, line.made_by, line.expires)


def written(tokens: Tokens) -> bytes:
    """The file's content."""
    lines = [
        _Line(
            id=token.id,
            name=token.name,
            scopes=ordered(token.scopes),
            sha256=token.digest.hex(),
            made=token.made,
            made_by=token.made_by,
            expires=token.expires,
        )
        for token in tokens.all
    ]
    return _Content(version=VERSION, tokens=lines).model_dump_json(indent=2).encode() + b"\n"


@contextlib.contextmanager
def changing(path: Path) -> Iterator[Tokens | None]:
    """The tokens, None if there is no file yet, while no other command changes them.

    Raises ConfigError, also where its folder is missing: a path with a slip in it must not become
    a folder that no server reads.
    """
    if not path.parent.is_dir():
        raise ConfigError(
            f"cannot keep tokens in {path}: there is no folder {path.parent}; is that the path "
            f"that the server has? else mkdir -m {FOLDER_MODE:o} {path.parent}"
        )
    try:
        lock = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield read_tokens(path)
    finally:
        os.close(lock)


def save(path: Path, tokens: Tokens) -> None:
    """Replaces the file as a whole, with mode 0600. Raises ConfigError."""
    try:
        put(path, written(tokens), PrivateDisk())
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> ConfigError:
    why = (error.strerror or str(error)).lower()
    return ConfigError(
        f"cannot write the tokens in {path}: {why}; run as root or as the server's user"
    )


@dataclass(slots=True)
class TokenFile:
    """The tokens of a running server, and the file that they are in.

    What can't be read leaves those that were read before. Once there was a file, tokens are
    needed: neither its end nor that of its last token opens what was closed.
    """

    path: Path | None
    tokens: Tokens = field(default_factory=Tokens)
    needed: bool = False
    error: str | None = None
    used: dict[str, float] = field(default_factory=dict)  # Unix time by id, in memory alone

    def open(self, *, named: bool) -> None:
        """Reads it at the start; one that was `named` has to be there. Raises ConfigError."""
        if self.path is None:
            return
        found = read_tokens(self.path)
        if found is None:
            if named:
                raise ConfigError(
                    f"cannot read the tokens in {self.path}: there is no such file; make it with "
                    f"gtm keys token add NAME --scope read --tokens {self.path}"
                )
            return
        self.tokens, self.needed = found, True

    async def look(self) -> None:
        """Takes what is in the file now; says so where that can't be used."""
        if self.path is None:
            return
        try:
            found = await asyncio.to_thread(read_tokens, self.path)
        except ConfigError as error:
            self._refuse(str(error))
            return
        if found is None and self.needed:
            self._refuse(
                f"cannot read the tokens in {self.path}: the file is gone; put it back, or restart "
                "gtm to do without tokens"
            )
            return
        if self.error is not None:
            self.error = None
            log.info("tokens_read_again", file=str(self.path))
        if found is not None and (found.all != self.tokens.all or not self.needed):
            self._take(found)

    def note_use(self, token: Token, now: float) -> None:
        """Keeps when a token was used last."""
        self.used[token.id] = now

    def _take(self, found: Tokens) -> None:
        gone = [one.name for one in self.tokens.all if one not in found.all]
        new = [one.name for one in found.all if one not in self.tokens.all]
        self.tokens, self.needed = found, True
        known = {one.id for one in found.all}
        self.used = {key: at for key, at in self.used.items() if key in known}
        log.info("tokens", file=str(self.path), tokens=len(found.all), added=new, removed=gone)

    def _refuse(self, why: str) -> None:
        if why != self.error:
            log.error("tokens_refused", error=why, kept="those read before")
        self.error = why
