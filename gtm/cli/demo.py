"""`gtm demo`: the real server, with backends on loopback standing for the regions."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from gtm.cli.stopping import told_to_stop
from gtm.errors import GtmError

if TYPE_CHECKING:
    from gtm.cli.backends import Backend
    from gtm.cli.recent import Recent
    from gtm.cli.stage import Stage
    from gtm.settings import Settings
    from gtm.zonefile import Loaded

log = structlog.get_logger("gtm")

PORTS = 20  # that are tried, from the usual one on
DASHBOARD = 5380  # the port of the dashboard and the API
FRAME = 0.25  # seconds between two drawings of the view


def demo(
    listen: Annotated[
        str | None,
        typer.Option(
            metavar="ADDR:PORT",
            help="Answer DNS here. [dim]Default: 127.0.0.1:5300, or the next port that is free[/]",
            show_default=False,
        ),
    ] = None,
    zones: Annotated[
        Path | None,
        typer.Option(
            help="Play these zones instead of the example. Endpoints are probed at the demo's "
            "backends, not at their addresses; host names are probed where they are.",
            show_default=False,
        ),
    ] = None,
    api: Annotated[
        list[str] | None,
        typer.Option(
            metavar="unix:PATH|ADDR:PORT",
            help="Serve the API and the dashboard here. "
            "[dim]Default: where gtm serve would, and 127.0.0.1:5380, if they are free[/]",
            show_default=False,
        ),
    ] = None,
) -> None:
    """See it work: the real server, with three backends here as regions.

    Keys stop a region's backend and bring it back, and the view shows its clients move. Without
    a terminal it serves, logs, and prints the same lines.

    Examples: [bold]gtm demo[/], [bold]gtm demo --zones zones/ --listen 127.0.0.1:5353[/]
    """
    from gtm import logs
    from gtm.cli.demoload import roomy
    from gtm.cli.recent import Recent
    from gtm.zonefile import load

    loaded = load(zones or _example())
    recent = Recent(time.time)
    if sys.stdout.isatty():
        recent.capture()
        print("starting a backend for each region, and the server ...", flush=True)
    else:
        logs.configure()
    with tempfile.TemporaryDirectory(prefix="gtm-demo-") as directory:
        settings = _settings(listen, zones or roomy(_example(), Path(directory)))
        places = tuple(api) if api else _api_places(Path(directory))
        with contextlib.suppress(KeyboardInterrupt):
            settings = settings.model_copy(update={"api": places})
            told = listen is not None
            asyncio.run(_play(settings, loaded, recent, chosen=told, fed=zones is None))


def _example() -> Path:
    """The example zone, which is in the package gtm.zones once installed."""
    from importlib.resources import files

    try:
        return Path(str(files("gtm.zones").joinpath("example.yaml")))
    except ModuleNotFoundError:
        return Path(__file__).resolve().parents[2] / "zones" / "example.yaml"


def _settings(listen: str | None, zones: Path) -> Settings:
    """The demo's own: neither GTM_* nor a file changes what it shows. Raises ConfigError."""
    from gtm.settings import settle

    addresses = [listen] if listen is not None else _free_addresses()
    return settle({"zones": zones, "listen": addresses}, {}, None)


def _free_addresses() -> list[str]:
    """The first port that is free, on IPv6's loopback too where that has it free."""
    from gtm.cli.stage import FIRST_PORT

    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        if _is_free(f"127.0.0.1:{port}"):
            six = f"[::1]:{port}"
            return [f"127.0.0.1:{port}", *([six] if _is_free(six) else [])]
    return [f"127.0.0.1:{FIRST_PORT}"]  # the server says what is wrong with it


def _api_places(spare: Path) -> tuple[str, ...]:
    """Where commands look by themselves, unless a server is there, and a port for the dashboard."""
    from gtm.settings import default_socket

    usual = default_socket(os.environ)
    path = usual if _has_room(usual) else spare / usual.name
    ports = range(DASHBOARD, DASHBOARD + PORTS)
    free = next((port for port in ports if _is_free(f"127.0.0.1:{port}")), None)
    return (f"unix:{path}", *([] if free is None else [f"127.0.0.1:{free}"]))


def _has_room(path: Path) -> bool:
    """Whether a socket can be made there: its folder is ours to write, and no server has it."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        return os.access(path.parent, os.W_OK)
    except OSError:
        return False
    return False


def _is_free(place: str) -> bool:
    from gtm.errors import StartError
    from gtm.planes.sockets import bind, parse_listen

    try:
        bind(parse_listen(place)).close()
    except StartError:
        return False
    return True


async def _play(
    settings: Settings, loaded: Loaded, recent: Recent, *, chosen: bool, fed: bool
) -> None:
    """Everything from the first backend started to the last one ended."""
    from gtm import server
    from gtm.cli.backends import backends, dial_backends
    from gtm.cli.demoload import report
    from gtm.cli.stage import Stage

    regions = dict.fromkeys(region for zone in loaded.zones for region in zone.regions)
    with told_to_stop() as stop:
        async with backends(regions) as started:
            dial = dial_backends(loaded.zones, started)
            async with server.running(settings, dial) as running:
                _say_unplayable(loaded)
                stage = Stage(running, started, recent, time.time, chosen)
                acts = [asyncio.create_task(_ask(stage))]
                if fed:
                    acts.append(asyncio.create_task(report(stage)))
                await (_show if sys.stdout.isatty() else _announce)(stage, stop)
                for act in acts:
                    act.cancel()


async def _ask(stage: Stage) -> None:
    """Some traffic to see."""
    import random

    from gtm.cli.demotraffic import MORE, ask
    from gtm.cli.stage import CLIENTS

    at = stage.listen[0]
    networks = (*(client.network for client in CLIENTS), *MORE)
    await ask((str(at.address), at.port), stage.names, networks, random.Random())


def _say_unplayable(loaded: Loaded) -> None:
    from gtm.checks import kind, leaves

    for zone in loaded.zones:
        for app in zone.apps:
            checks = (app.check, *(service.check for service in app.services))
            every = [leaf for check in checks if check is not None for leaf in leaves(check)]
            if any(kind(leaf.probe) == "https" for leaf in every):
                log.warning("stays_down", app=app.name, reason="the demo's backends speak no TLS")


async def _announce(stage: Stage, stop: asyncio.Event) -> None:
    """Without a terminal: what to try, on standard output, then serving until told to stop."""
    from gtm.cli.announcement import announcement

    print(announcement(stage), flush=True)
    await _follow(stage, stop, lambda: None)


async def _show(stage: Stage, stop: asyncio.Event) -> None:
    """On a terminal: the view and its keys."""
    from rich.live import Live

    from gtm.cli.demoview import view
    from gtm.cli.keyboard import pressed
    from gtm.cli.output import plain_console

    console = plain_console()
    presses = Presses(stage, stop)
    with pressed(presses.press), Live(console=console, screen=True, auto_refresh=False) as live:
        await _follow(stage, stop, lambda: live.update(view(stage, console), refresh=True))


async def _follow(stage: Stage, stop: asyncio.Event, draw: Callable[[], None]) -> None:
    """Draws, and logs what becomes of the backends, until told to stop."""
    before = {backend.region: backend.condition for backend in stage.backends}
    while not stop.is_set():
        for backend in stage.backends:
            condition = backend.condition
            if before[backend.region] is not condition:
                before[backend.region] = condition
                log.warning(f"backend_{condition.value}", region=backend.region, pid=backend.pid)
        draw()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), FRAME)


class Presses:
    """What keys do: a number stops or starts its region's backend, q ends the demo."""

    def __init__(self, stage: Stage, stop: asyncio.Event) -> None:
        """`stop` is set by q."""
        self._stage = stage
        self._stop = stop
        self._acts: set[asyncio.Task[None]] = set()

    def press(self, key: str) -> None:
        """Acts on a key; others than those shown do nothing."""
        if key in "qQ":
            self._stop.set()
        elif key.isdecimal() and 1 <= int(key) <= len(self._stage.backends):
            act = asyncio.create_task(self._toggle(self._stage.backends[int(key) - 1]))
            self._acts.add(act)
            act.add_done_callback(self._acts.discard)

    async def _toggle(self, backend: Backend) -> None:
        try:
            await backend.toggle()
        except GtmError as error:
            log.warning("backend_not_started", error=str(error))
