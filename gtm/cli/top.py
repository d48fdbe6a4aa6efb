"""`gtm top`: a running server, live."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from gtm.cli.options import Json, Server
from gtm.errors import GtmError, ServerError

if TYPE_CHECKING:
    from gtm.cli.client import Client
    from gtm.cli.topshape import TopShape

MINUTES = 120  # seconds of queries that are drawn
SHARES = 2000  # regions of services with the most answers
FRAME = 0.25  # seconds between looks at the keys' doing and the terminal's size


def top(
    every: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0.5,
            max=60,
            help="How often the server is asked. [dim]Default: 1[/]",
            show_default=False,
        ),
    ] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="Print one sample and end.")] = False,
    api: Server = None,
    as_json: Json = False,
) -> None:
    """Watch a running server: regions, queries, services with trouble, then the busiest.

    Full screen; [bold]q[/] quits, [bold]s[/] sorts, [bold]/[/] filters, [bold]?[/] says more.
    Without a terminal one sample is printed. [bold]--json[/] prints a line each time, until
    Ctrl-C; with [bold]--once[/] one.

    Examples: [bold]gtm top[/], [bold]gtm top --once[/],
    [bold]gtm top --json | jq .queries[/]
    """
    from gtm.cli.client import server

    there = server(api, os.environ)
    with contextlib.suppress(KeyboardInterrupt):
        if as_json:
            asyncio.run(_lines(there, every, once=once))
        elif once or not sys.stdout.isatty() or not sys.stdin.isatty():
            _print(sampled(there))
        else:
            asyncio.run(_screen(there, every))


def sampled(there: Client) -> TopShape:
    """One sample. Raises ServerError."""
    from gtm.api.models import HistoryShape, Status, TrafficShape
    from gtm.cli.lately import READ
    from gtm.cli.topsample import sample

    # only what has trouble: 10,000 services that are well would be megabytes each second
    status = there.get("/v1/status", Status, {"services": "ailing"})
    query = {"seconds": str(MINUTES), "shares": str(SHARES)}
    traffic = there.get("/v1/traffic", TrafficShape, query)
    return sample(status, traffic, there.get("/v1/history", HistoryShape, {"limit": str(READ)}))


def _print(shape: TopShape) -> None:
    from gtm.cli.output import screen, show
    from gtm.cli.toplooks import Looks
    from gtm.cli.topview import plain

    show(plain(shape, Looks(), screen().width))


async def _lines(there: Client, every: float, *, once: bool) -> None:
    while True:
        shape = await asyncio.to_thread(sampled, there)
        sys.stdout.write(shape.model_dump_json() + "\n")
        sys.stdout.flush()
        if once:
            return
        await asyncio.sleep(every)


class _Watched:
    """What is shown now, and what keys do with it."""

    def __init__(self, shape: TopShape) -> None:
        from gtm.cli.toplooks import Looks

        self.shape, self.looks, self.trouble = shape, Looks(), ""
        self.changed = asyncio.Event()

    def press(self, key: str) -> None:
        """A key."""
        from gtm.cli.toplooks import pressed, within

        self.looks = within(pressed(self.looks, key), self.shape.busiest)
        self.changed.set()


async def _screen(there: Client, every: float) -> None:
    """The full screen until q; a server that goes away is waited for."""
    from rich.live import Live

    from gtm.cli.keyboard import pressed
    from gtm.cli.output import plain_console
    from gtm.cli.topview import frame

    watched = _Watched(await asyncio.to_thread(sampled, there))
    console = plain_console()
    asking = asyncio.create_task(_ask(there, every, watched))
    try:
        with (
            pressed(watched.press),
            Live(console=console, screen=True, auto_refresh=False) as live,
        ):
            while not watched.looks.over:
                width, height = console.size
                shown = frame(watched.shape, watched.looks, width, height, watched.trouble)
                live.update(shown, refresh=True)
                await _until_changed(watched.changed)
    finally:
        asking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asking


async def _until_changed(changed: asyncio.Event) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FRAME):
            await changed.wait()
    changed.clear()


async def _ask(there: Client, every: float, watched: _Watched) -> None:
    while True:
        await asyncio.sleep(every)
        if watched.looks.paused:
            continue
        try:
            watched.shape = await asyncio.to_thread(sampled, there)
            watched.trouble = ""
        except ServerError as error:
            watched.trouble = f"{error}; trying again"
        except GtmError as error:
            watched.trouble = str(error)
        watched.changed.set()
