"""What a command shows to a server over TCP, and whom it believes: a token, and an authority.

A token comes from a variable or a file, never from the command line, where every user of the
machine sees it.
"""

from __future__ import annotations

import functools
import inspect
import os
import ssl
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from gtm.errors import UsageError

TOKEN = "GTM_API_TOKEN"  # noqa: S105  # the variable's name
TOKEN_FILE = "GTM_API_TOKEN_FILE"  # noqa: S105  # as above
AUTHORITY = "GTM_API_CA"
LONGEST = 4096  # octets of a file with a token: anything longer is another file
HOW = f"put it in the variable {TOKEN}, or in a file and add --token-file FILE"

TokenFile = Annotated[
    Path | None,
    typer.Option(
        "--token-file",
        metavar="FILE",
        help=f"Where the token for an --api over TCP is. [dim]Default: {TOKEN}, or the file that "
        f"{TOKEN_FILE} names[/]",
        show_default=False,
    ),
]
Authority = Annotated[
    Path | None,
    typer.Option(
        "--api-ca",
        metavar="FILE",
        help=f"Whom an https:// --api must be certified by (PEM). [dim]Default: {AUTHORITY}, or "
        "those that the system trusts[/]",
        show_default=False,
    ),
]


@dataclass(frozen=True, slots=True)
class Told:
    """What the command line said."""

    token_file: Path | None = None
    authority: Path | None = None


_TOLD: ContextVar[Told] = ContextVar("told", default=Told())  # noqa: B039  # it is frozen


def asking(command: Callable[..., None]) -> Callable[..., None]:
    """A command that asks a server (it has `api`), with --token-file and --api-ca after --api."""
    signature = inspect.signature(command, eval_str=True)
    if "api" not in signature.parameters:
        return command

    @functools.wraps(command)
    def told(
        *words: Any, token_file: Path | None = None, api_ca: Path | None = None, **options: Any
    ) -> None:
        _TOLD.set(Told(token_file, api_ca))
        command(*words, **options)

    more = {"token_file": TokenFile, "api_ca": Authority}
    found: list[inspect.Parameter] = []
    for name, parameter in signature.parameters.items():
        found.append(parameter)
        if name == "api":
            kind = parameter.kind
            found += [
                inspect.Parameter(key, kind, default=None, annotation=each)
                for key, each in more.items()
            ]
    told.__signature__ = signature.replace(parameters=found)  # type: ignore[attr-defined]  # functools.wraps hides that it is a function
    told.__annotations__ = {one.name: one.annotation for one in found}
    return told


def token(environment: Mapping[str, str]) -> str | None:
    """The token to show: --token-file's, the variable's, or the file's that a variable names.

    Raises UsageError.
    """
    told = _TOLD.get().token_file
    if told is not None:
        return _from_file(told, f"--token-file {told}")
    text = environment.get(TOKEN, "").strip()
    if text:
        return _checked(text, f"the token in {TOKEN}")
    named = environment.get(TOKEN_FILE, "")
    return _from_file(Path(named), f"{TOKEN_FILE}={named}") if named else None


def trust(environment: Mapping[str, str]) -> ssl.SSLContext:
    """Whom a server must be certified by. Raises UsageError."""
    named = environment.get(AUTHORITY)
    path = _TOLD.get().authority or (Path(named) if named else None)
    try:
        return ssl.create_default_context(cafile=None if path is None else os.fspath(path))
    except ssl.SSLError as error:
        raise UsageError(f"cannot use --api-ca {path}: it has no certificate (PEM)") from error
    except OSError as error:
        raise UsageError(f"cannot use --api-ca {path}: {error.strerror or error}") from error


def _from_file(path: Path, where: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST + 1)
    except OSError as error:
        raise UsageError(f"cannot use {where}: {error.strerror or error}") from error
    if len(data) > LONGEST:
        raise UsageError(f"cannot use {where}: it is too long to be a token")
    return _checked(data.decode("ascii", "replace").strip(), where)


def _checked(text: str, where: str) -> str:
    """A text that can be sent in a header. The error never repeats it."""
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise UsageError(
            f"cannot use {where}: it is not one token, as gtm keys token add prints it"
        )
    return text
