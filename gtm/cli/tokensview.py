"""What `gtm keys token list` says."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gtm.api.access.tokens import Tokens, ordered
from gtm.api.models import TokenShape, TokensShape
from gtm.cli.output import span


def tokens_shape(path: Path, tokens: Tokens, asked: TokensShape | None, now: float) -> TokensShape:
    """The tokens of the file; when each was used last is what a server was asked for."""
    used = {} if asked is None else {one.id: one.last_used for one in asked.tokens}
    return TokensShape(
        now=now,
        path=str(path.absolute()),
        needed=True if asked is None else asked.needed,
        error=None if asked is None else asked.error,
        tokens=[
            TokenShape(
                id=one.id,
                name=one.name,
                scopes=ordered(one.scopes),
                made=one.made,
                made_by=one.made_by,
                expires=one.expires,
                expired=one.expired(now),
                last_used=used.get(one.id),
            )
            for one in tokens.all
        ],
    )


def tokens_view(shape: TokensShape, *, there: bool) -> RenderableType:
    """A line for each token."""
    if not there:
        return Text(
            f"there is no file {shape.path}: the API needs no token, and listens on this machine "
            "alone"
        )
    if not shape.tokens:
        return Text(f"no token in {shape.path}: over TCP the API refuses everyone")
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("name", "may", "made", "by", "good", "last used"):
        table.add_column(column, no_wrap=column != "may")
    for one in shape.tokens:
        table.add_row(
            one.name,
            ", ".join(one.scopes),
            f"{datetime.fromtimestamp(one.made, UTC):%Y-%m-%d}",
            one.made_by,
            _good(one, shape.now),
            _used(one, shape.now),
        )
    if shape.error is None:
        return table
    return Group(table, Text(f"the server goes on with those read before: {shape.error}", "red"))


def _good(one: TokenShape, now: float) -> Text:
    if one.expires is None:
        return Text("until revoked")
    if one.expired:
        return Text(f"✗ expired {span(now - one.expires)} ago", "red")
    return Text(f"for {span(one.expires - now)}")


def _used(one: TokenShape, now: float) -> str:
    return "" if one.last_used is None else f"{span(now - one.last_used)} ago"
