"""The dashboard's files, read once: what each is, its ETag, and the mark of them all together."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

TYPES: Mapping[str, str] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
PACKED = frozenset({".woff2"})  # compressed already
MARK = "__MARK__"  # stands in index.html where the mark of all files goes


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent; `packed` is None where gzip would gain nothing."""

    body: bytes
    packed: bytes | None
    content_type: str
    etag: str


@dataclass(frozen=True, slots=True)
class Assets:
    """All files by name ("app.js", "fonts/inter.woff2").

    `mark` is of their content: an address that holds it may be kept forever.
    """

    mark: str
    files: Mapping[str, Asset]


def read() -> Assets:
    """The files of this package. Raises OSError if they can't be read."""
    root = files("gtm.dashboard").joinpath("static")
    raw = dict(sorted(_below(root, "")))
    whole = hashlib.sha256()
    for name, body in raw.items():
        whole.update(f"{name}\0{len(body)}\0".encode() + body)
    mark = whole.hexdigest()[:12]
    raw["index.html"] = raw["index.html"].replace(MARK.encode(), mark.encode())
    return Assets(mark, {name: _asset(name, body) for name, body in raw.items()})


def _below(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in folder.iterdir():
        name = prefix + entry.name
        if entry.is_dir():
            yield from _below(entry, f"{name}/")
        elif _suffix(name) in TYPES:
            yield name, entry.read_bytes()


def _asset(name: str, body: bytes) -> Asset:
    suffix = _suffix(name)
    packed = None if suffix in PACKED else gzip.compress(body, mtime=0)
    if packed is not None and len(packed) >= len(body):
        packed = None
    etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
    return Asset(body, packed, TYPES[suffix], etag)


def _suffix(name: str) -> str:
    return name[name.rfind(".") :] if "." in name else ""
