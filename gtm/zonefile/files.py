"""Which files make up the zones, and reading them."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from gtm.zonefile.findings import Findings, Spot, Wrong, shown

# A million services are about 100 MB; beyond this a file is hardly a zone.
MAX_FILE_SIZE = 64 * 1024 * 1024

SUFFIXES = (".yaml", ".yml")

_NOT_REGULAR = (
    "this is not a regular file: reading a FIFO, a socket or a device could wait for ever",
    "write the text into a file, or remove it",
)

_ZONE_KEY = re.compile(rb"^[\"']?zone[\"']?[ \t]*:", re.MULTILINE)


def in_directory(directory: Path) -> list[Path]:
    """The zone files of a directory, by name. Raises OSError.

    Hidden entries are left out: in a mounted ConfigMap `..data` holds what the others link to.
    """
    return sorted(
        path
        for path in directory.iterdir()
        if path.suffix in SUFFIXES and not path.name.startswith(".") and not path.is_dir()
    )


def read(path: Path, findings: Findings) -> bytes | None:
    """What the file holds; None, with the mistake noted, when it can't be read."""
    try:
        data = _contents(path)
    except OSError as error:
        findings.wrong(Spot(str(path)), *why(error))
        return None
    if data is None:
        findings.wrong(Spot(str(path)), *_NOT_REGULAR)
        return None
    if len(data) > MAX_FILE_SIZE:
        limit = MAX_FILE_SIZE // 1024 // 1024
        findings.wrong(Spot(str(path)), f"the file is larger than {limit} MiB", "split the zone")
        return None
    return data


def _contents(path: Path) -> bytes | None:
    """The file's first octets, up to one over the limit; None if it is no regular file.

    Opened without blocking and judged by its descriptor: opening a FIFO or reading a device
    could wait for ever. Raises OSError.
    """
    try:
        with open(path, "rb", opener=_without_blocking) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                return None
            return file.read(MAX_FILE_SIZE + 1)
    except OSError as error:
        if error.errno == errno.ENXIO:  # a socket, or a device that is not there
            return None
        raise


def _without_blocking(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def why(error: OSError) -> tuple[str, str]:
    """What an operating system error means for a zone file: problem and remedy."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file or directory", "write a path that exists"
    if isinstance(error, PermissionError):
        return "the file may not be read", "let the user that runs gtm read it"
    if isinstance(error, IsADirectoryError):
        return "this is a directory", "write the path of a file"
    reason = error.strerror or type(error).__name__
    return f"the file can't be read ({reason})", "check the file and its disk"


def shared_beside(path: Path, findings: Findings) -> Iterator[tuple[Path, bytes]]:
    """The files beside a zone file that hold no zone, with what they hold."""
    for sibling in in_directory(path.parent):
        if sibling.name != path.name:
            data = read(sibling, findings)
            if data is not None and not _ZONE_KEY.search(data):
                yield sibling, data


def beside(path: Path, written: str) -> Path:
    """The file that a zone file names, which lies in its directory or below. Raises Wrong."""
    relative = PurePosixPath(written)
    if not written or "\0" in written or relative.is_absolute() or ".." in relative.parts:
        raise Wrong(
            f"{shown(written)} is not beside the zone file",
            "write the name of a file in the same directory, such as `static.zone`",
        )
    return path.parent / relative
