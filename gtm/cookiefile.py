"""The file of cookie secrets that a fleet shares, read again when it changes.

One secret a line, 32 hex digits each; what follows a `#` is left out. The first makes new cookies,
all are taken. So a secret is rolled in three steps, each on all servers before the next (RFC 9018
section 5): add the new one as the last line, put it first, remove the old one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import structlog

from gtm.dns.cookies import SECRET, Jar
from gtm.errors import ConfigError

log = structlog.get_logger("gtm")

MOST = 4  # secrets: every one is tried on a cookie that is nobody's
HOW = "write one secret a line, as `openssl rand -hex 16` makes them"

Mark = tuple[int, int, int]  # what a file's entry says when it was written


def read_secrets(path: Path) -> Jar:
    """The secrets in a file. Raises ConfigError, which tells none of them."""
    try:
        lines = path.read_text(encoding="ascii").splitlines()
    except OSError as error:
        why = error.strerror or error
        raise ConfigError(f"cannot read the cookie secrets in {path}: {why}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"cannot read the cookie secrets in {path}: no text; {HOW}") from error
    found: list[bytes] = []
    what = f"cannot read the cookie secrets in {path}"
    for number, line in enumerate(lines, 1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            secret = bytes.fromhex(text)
        except ValueError:
            secret = b""
        if len(secret) != SECRET:
            raise ConfigError(f"{what}: line {number} is not 32 hex digits; {HOW}")
        found.append(secret)
    if not 1 <= len(found) <= MOST:
        raise ConfigError(f"{what}: there are {len(found)}, not 1 to {MOST}; {HOW}")
    return Jar(tuple(found))


@dataclass(slots=True)
class CookieFile:
    """A file that is looked at now and then."""

    path: Path
    _seen: Mark | None = field(default=None, init=False)

    def read(self) -> Jar:
        """Its secrets, at the start. Raises ConfigError."""
        self._seen = self._mark()
        return read_secrets(self.path)

    def changed(self) -> Jar | None:
        """Its secrets if it has changed since the last look, and can be read; else says so."""
        mark = self._mark()
        if mark == self._seen:
            return None
        self._seen = mark
        try:
            jar = read_secrets(self.path)
        except ConfigError as error:
            log.warning("cookie_secrets", kept="those read before", why=str(error))
            return None
        log.info("cookie_secrets", file=str(self.path), secrets=len(jar.secrets))
        return jar

    def _mark(self) -> Mark | None:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_size, found.st_mtime_ns
