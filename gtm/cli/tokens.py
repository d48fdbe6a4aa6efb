"""`gtm keys token`: who may call the API over TCP."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gtm.cli.credentials import asking
from gtm.cli.keys import Config
from gtm.cli.options import Json, Server
from gtm.errors import GtmError, UsageError

if TYPE_CHECKING:
    from gtm.api.access.tokens import Token
    from gtm.api.models import TokensShape
    from gtm.settings import Settings

tokens = typer.Typer(
    help="Tokens of the API: who may read, report and operate over TCP.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Whose it is, as logs say it.", show_default=False)
]
TokensAt = Annotated[
    Path | None,
    typer.Option(
        "--tokens",
        metavar="FILE",
        help="The server's file of tokens. [dim]Default: GTM_TOKENS, or tokens.json in the state "
        "directory[/]",
        show_default=False,
    ),
]
State = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="The server's state directory. [dim]Default: GTM_STATE[/]",
        show_default=False,
    ),
]


@tokens.command("add")
def add(
    name: Name,
    scope: Annotated[
        list[str] | None,
        typer.Option(
            metavar="read|report|operate",
            help="What it may do; can be given again. operate includes read.",
            show_default=False,
        ),
    ] = None,
    expires: Annotated[
        str | None,
        typer.Option(
            metavar="TIME",
            help="How long it is good: 12h, 90d. [dim]Default: until it is revoked[/]",
            show_default=False,
        ),
    ] = None,
    at: TokensAt = None,
    state: State = None,
    config: Config = None,
) -> None:
    """Make a token and print it, once: what is kept can't be turned back into it.

    A running server takes it up by itself. With the first one, calls over TCP need a token; the
    Unix socket goes on being trusted by its file mode.

    Examples: [bold]gtm keys token add grafana --scope read --expires 90d[/],
    [bold]gtm keys token add deploy@ci --scope operate --scope report[/]
    """
    from gtm.api.access.tokenfile import changing, save
    from gtm.api.access.tokens import Tokens, minted, ordered, parse_name, parse_scopes
    from gtm.cli.ordering import author

    path, settings = _file(at, state, config, "add a token")
    given, scopes, now = parse_name(name), parse_scopes(scope or ()), round(time.time())
    ends = None if expires is None else now + _length(expires)
    with changing(path) as before:
        there = before or Tokens()
        if there.named(given) is not None:
            raise GtmError(
                f"cannot add the token {given}: there is one of that name; revoke it first "
                f"(gtm keys token revoke {given}), or take another name"
            )
        token, text = minted(given, scopes, now, author(None), ends, os.urandom)
        save(path, Tokens((*there.all, token)))
    _note(settings, "token add", given, "none", _said(token, now))
    if sys.stdout.isatty():
        sys.stderr.write(
            f"{given} may {', '.join(ordered(token.allows))}. This is shown once: keep it safe.\n"
        )
    if before is None:
        sys.stderr.write("From now on calls of the API over TCP need a token.\n")
    sys.stdout.write(f"{text}\n")


@tokens.command("list")
@asking
def listing(
    at: TokensAt = None,
    state: State = None,
    config: Config = None,
    api: Server = None,
    as_json: Json = False,
) -> None:
    """List all tokens: what each may do, who made it, until when it is good, and its last use.

    When a token was last used is known to a running server alone, since its start.

    Examples: [bold]gtm keys token list[/], [bold]gtm keys token list --json[/]
    """
    from gtm.api.access.tokenfile import read_tokens
    from gtm.api.access.tokens import Tokens
    from gtm.cli.output import print_json, show
    from gtm.cli.tokensview import tokens_shape, tokens_view

    path, _ = _file(at, state, config, "list tokens")
    found = read_tokens(path)
    shape = tokens_shape(path, found or Tokens(), _asked(api, path), time.time())
    if as_json:
        print_json(shape)
    else:
        show(tokens_view(shape, there=found is not None))


@tokens.command("revoke")
def revoke(name: Name, at: TokensAt = None, state: State = None, config: Config = None) -> None:
    """Take a token back: a running server refuses it within seconds.

    Example: [bold]gtm keys token revoke grafana[/]
    """
    from gtm.api.access.tokenfile import changing, save
    from gtm.api.access.tokens import Tokens

    path, settings = _file(at, state, config, "revoke a token")
    with changing(path) as found:
        there = found or Tokens()
        token = there.named(name)
        if token is None:
            known = ", ".join(one.name for one in there.all) or "none"
            raise GtmError(
                f"cannot revoke the token {name}: there is none in {path}; it has {known}"
            )
        save(path, Tokens(one for one in there.all if one is not token))
    _note(settings, "token revoke", name, _said(token, time.time()), "none")
    typer.echo(f"revoked {name}: {len(there.all) - 1} left in {path}")


def _file(
    at: Path | None, state: Path | None, config: Path | None, doing: str
) -> tuple[Path, Settings]:
    from gtm.settings import settle

    settings = settle({"tokens": at, "state": state}, os.environ, config)
    path = settings.tokens_file()
    if path is None:
        raise UsageError(
            f"cannot {doing}: it is not known where they are; name the server's state directory "
            "with --state DIR or GTM_STATE, its file with --tokens FILE or GTM_TOKENS, or its "
            "settings with --config gtm.yaml"
        )
    return path, settings


def _length(text: str) -> float:
    from gtm.zonefile.findings import Wrong
    from gtm.zonefile.values import seconds

    try:
        length = seconds(text)
    except Wrong:
        length = 0.0
    if length <= 0:
        raise UsageError(f"cannot use --expires {text}: it is not a duration; write 12h or 90d")
    return length


def _said(token: Token, now: float) -> str:
    from gtm.api.access.tokens import ordered
    from gtm.cli.output import span

    scopes = ", ".join(ordered(token.scopes))
    return scopes if token.expires is None else f"{scopes} for {span(token.expires - now)}"


def _note(settings: Settings, act: str, target: str, before: str, after: str) -> None:
    """The line in the audit trail of the state directory, where that is known."""
    if settings.state is None:
        return
    from gtm.auditfile import Act, AuditFile
    from gtm.cli.ordering import author

    place = f"uid {os.getuid()}, pid {os.getpid()}"
    done = Act(time.time(), author(None), "command", place, act, target, before, after)
    try:
        AuditFile(settings.state).append([done])
    except OSError as error:
        why = error.strerror or str(error)
        sys.stderr.write(f"warning: it is not in the audit trail of {settings.state}: {why}\n")


def _asked(api: str | None, path: Path) -> TokensShape | None:
    """What the server that uses the file says of it; None where none is asked or answers."""
    from gtm.api.models import TokensShape
    from gtm.cli.client import server

    try:
        found = server(api, os.environ).get("/v1/tokens", TokensShape)
    except GtmError:
        if api is not None:
            raise
        return None
    return found if found.path == str(path.absolute()) else None
