"""The composition root: the one place where the parts of a server are put together."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import grp
import os
import pwd
import random
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import structlog

import gtm
from gtm.alerts import AlertFile, Alerts, Courier
from gtm.api.access.acting import Access
from gtm.api.access.tokenfile import TokenFile
from gtm.api.app import Api
from gtm.api.connection import Runner
from gtm.apilistening import BoundApi, bind_api
from gtm.audit import Trail
from gtm.auditfile import AuditFile
from gtm.checks import Target
from gtm.control.controller import Controller
from gtm.control.lasting import own_certificate
from gtm.control.sources import Sources
from gtm.cookiefile import CookieFile
from gtm.dashboard import Pages, routes
from gtm.dns.conduct import Conduct
from gtm.errors import ConfigError, StartError
from gtm.events import Event, Kind, Sink
from gtm.feeds import HoldStore, LatencyStore
from gtm.following import begin, cancel, follow_certificate, follow_tokens, followed
from gtm.geo import bundled
from gtm.handed import Pool
from gtm.health import Apart, Checker, Dial, HealthStore, Probes, direct
from gtm.history import History, HistoryFile
from gtm.listening import bind_all, make_plane, raise_file_limit
from gtm.live.live import Live
from gtm.model import Verdict
from gtm.networks import Networks
from gtm.overrides import Store
from gtm.planes import Plane, choice
from gtm.planes.prompt import be_patient
from gtm.planes.sockets import Listener
from gtm.querylog import Writer, opened, parse_place
from gtm.settings import Settings
from gtm.takeover import Offered, Taken
from gtm.transfer.exchange import Exchange

log = structlog.get_logger("gtm")

# Seconds that a thread may hold up the plane's: a fraction of what an answer takes. Python's
# default, 5 ms, is many answers.
SWITCH_INTERVAL = 0.00005
DRAINING = 10.0  # seconds that connections get to end when another process took over
DRAIN_LOOK = 0.5  # seconds between looks whether they have; longer than UDP threads take to end
BESIDE = 8  # threads that load, compile and write files: more than ever do so at once


@dataclass(frozen=True, slots=True)
class Server:
    """A running server, for who started it."""

    controller: Controller
    listeners: tuple[Listener, ...]
    api_places: tuple[str, ...]
    trail: Trail
    offered: Offered


@contextlib.asynccontextmanager
async def running(
    settings: Settings,
    dial: Dial = direct,
    handed: Pool | None = None,
    taken: Taken | None = None,
) -> AsyncIterator[Server]:
    """A server from bound sockets to the last one closed. Raises GtmError if it can't start.

    `dial` says where probes really connect to, `handed` are sockets that were open before. With
    `taken` they are those of another server, which goes on until this one answers.
    """
    handed = Pool() if handed is None else handed
    sys.setswitchinterval(SWITCH_INTERVAL)
    beside = ThreadPoolExecutor(BESIDE, "gtm-beside", initializer=be_patient)
    asyncio.get_running_loop().set_default_executor(beside)
    files = raise_file_limit()
    chosen = choice.resolve(settings.plane)
    workers = choice.workers_of(chosen, settings.workers)
    conduct, cookies = _conduct(settings)
    bound = bind_all(settings, workers, handed)
    listeners = bound.listeners
    async with contextlib.AsyncExitStack() as stack:
        plane = make_plane(chosen, bound, settings, files, conduct)
        recorder = _recorder(settings)
        if recorder is not None:
            stack.callback(recorder.stop)
            plane.tap(recorder.tap)
        stack.callback(plane.stop)
        stack.push_async_callback(_drain, plane)
        history = History(
            None if settings.state is None else HistoryFile(settings.state), time.time
        )
        alerts = await _alerts(stack, settings)
        watching: list[Sink] = []
        exchange = Exchange(
            settings.state, time.time, time.monotonic, partial(random.getrandbits, 16)
        )
        stack.push_async_callback(exchange.close)
        controller = Controller(
            Sources(settings.zones, _geoip(settings), settings.keys_folder()),
            plane,
            _checker(settings, dial),
            time.time,
            None if settings.state is None else Store(settings.state),
            tell=_teller(history, alerts, watching),
            loaded=alerts.configure,
            latency=None if settings.state is None else LatencyStore(settings.state),
            holds=None if settings.state is None else HoldStore(settings.state),
            memory=None if settings.state is None else HealthStore(settings.state),
            exchange=exchange,
        )
        stack.push_async_callback(controller.checker.close)
        stack.push_async_callback(controller.remembering.save)
        stack.push_async_callback(controller.overrides.close)
        stack.push_async_callback(controller.feeds.close)
        listen = bound.named()
        doors = bind_api(settings, handed, waiting=taken is not None)
        handed.close()
        stack.callback(doors.close)
        live = Live(controller, time.time)
        watching.append(live.told.note)
        _become(settings.user)
        doors.require_places()
        trail = Trail(None if settings.state is None else AuditFile(settings.state), time.time)
        stack.push_async_callback(trail.close)
        access = Access(trail, _open_tokens(settings, doors), doors.keeper)
        told = (history, alerts, bound.keeper, recorder, access, live)
        api = Api(controller, listen, time.time, *told)
        runner = Runner(api.application(routes(Pages())), api.room)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        if taken is None:
            await doors.serve(stack, runner)
        places = [str(door) for door in doors.doors]
        log.info(
            "starting",
            version=gtm.__version__,
            plane=plane.name,
            workers=workers,
            listen=listen,
            api=places,
        )
        _say_how_to_go_public(listeners)
        if recorder is not None:
            recorder.start(be_patient)
        await history.open()
        stack.push_async_callback(history.close)
        await alerts.open()
        stack.push_async_callback(alerts.close)
        await controller.start()
        if taken is not None:
            await taken.ready()
            await doors.serve(stack, runner)
        alerts.started()
        gc.freeze()  # what is served lives long: no collection need look at it and hold answers up
        log.info("answering", listen=listen, plane=plane.name)
        for feed in (
            *followed(controller, plane, conduct, cookies),
            exchange.updates.run(),
            live.traffic.run(),
        ):
            stack.push_async_callback(cancel, begin(feed))
        if access.tokens.path is not None:
            following = follow_tokens(access.tokens, access.tokens.path)
            stack.push_async_callback(cancel, begin(following))
        if doors.keeper is not None:
            controller.conditions.add(partial(own_certificate, doors.keeper, what="the API"))
            stack.push_async_callback(cancel, begin(follow_certificate(doors.keeper)))
        if bound.keeper is not None:
            controller.conditions.add(partial(own_certificate, bound.keeper))
            stack.push_async_callback(cancel, begin(follow_certificate(bound.keeper)))
        offered = (*bound.offered(), *doors.offered())
        yield Server(controller, listeners, tuple(places), trail, offered)
    log.info("stopped")


async def _drain(plane: Plane) -> None:
    """Gives clients of a plane that is retired time to end their connections."""
    deadline = time.monotonic() + DRAINING
    while plane.retired and time.monotonic() < deadline:
        await asyncio.sleep(DRAIN_LOOK)
        if not any(stats.open for stats in plane.stats):
            return


# --- parts ------------------------------------------------------------------------------


def _checker(
    settings: Settings, dial: Dial
) -> Callable[[Callable[[Target, Verdict, Verdict], None]], Checker]:
    """Probes run in a process of their own, so that they take no time from answers.

    Those of a demo or a test, which lead elsewhere, stay in this one.
    """
    programs = not settings.no_exec
    if dial is direct:
        apart = partial(Apart, programs=programs)
        return lambda on_change: Checker(on_change=on_change, probing=apart)
    prober = Probes(dial=dial, programs=programs)
    return lambda on_change: Checker(on_change=on_change, prober=prober)


def _conduct(settings: Settings) -> tuple[Conduct, CookieFile | None]:
    """How the server answers, and the file that changes it. Raises ConfigError."""
    version = f"gtm {gtm.__version__}".encode() if settings.tell_version else None
    told = Conduct(settings.nsid(), version, Networks.of(settings.chaos_allow), settings.idle)
    if settings.cookie_secrets is None:
        return told, None
    file = CookieFile(settings.cookie_secrets)
    return replace(told, cookies=file.read()), file


def _geoip(settings: Settings) -> tuple[Path, ...]:
    named = settings.geoip_paths()
    return bundled() if named is None else named


def _say_how_to_go_public(listeners: tuple[Listener, ...]) -> None:
    if all(listener.at.address.is_loopback for listener in listeners):
        log.info(
            "loopback_only",
            remedy="to serve the public: --listen 0.0.0.0:53 --listen [::]:53",
        )


def _recorder(settings: Settings) -> Writer | None:
    """The query log, if one is wanted."""
    if settings.query_log is None:
        return None
    place, whole = parse_place(settings.query_log), settings.query_log_clients == "address"
    identity = settings.nsid() or socket.gethostname().encode()
    every, form = settings.query_log_every, settings.query_log_format
    log.info("query_log", place=str(place), format=form.value, every=every)
    return opened(place, form, every, identity, whole=whole)


# --- who is told ------------------------------------------------------------------------


async def _alerts(stack: contextlib.AsyncExitStack, settings: Settings) -> Alerts:
    courier = Courier(os.environ, time.time, socket.gethostname())
    stack.push_async_callback(courier.close)
    file = None if settings.state is None else AlertFile(settings.state)
    return Alerts(courier, file, time.time, time.monotonic, random.random)


def _teller(history: History, alerts: Alerts, watching: Sequence[Sink]) -> Sink:
    """What happens goes into history and to receivers; what only this sees, into the log.

    Those who are `watching` may come later.
    """

    def tell(event: Event) -> None:
        history.note(event)
        alerts.note(event)
        for watch in watching:
            watch(event)
        if event.kind is Kind.ALL_DOWN:
            say = log.info if event.over else log.error
            about = event.service or event.app
            word = "region_again" if event.over else "all_down"
            say(word, zone=event.zone, about=about, reason=event.reason)

    return tell


# --- who may call the API ---------------------------------------------------------------


def _open_tokens(settings: Settings, bound: BoundApi) -> TokenFile:
    """The tokens, read as the user that gtm is now. Raises ConfigError."""
    tokens = TokenFile(settings.tokens_file())
    tokens.open(named=settings.tokens is not None)
    bound.require_tokens(tokens)
    return tokens


def _become(user: str | None) -> None:
    """Gives up root for a user, once every port is bound."""
    if user is None:
        return
    try:
        entry = pwd.getpwnam(user)
        groups = [group.gr_gid for group in grp.getgrall() if user in group.gr_mem]
        os.setgroups([entry.pw_gid, *groups])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    except KeyError as error:
        raise ConfigError(f"cannot become user {user}: there is no such user") from error
    except OSError as error:
        raise StartError(f"cannot become user {user}: {error.strerror}; start as root") from error
