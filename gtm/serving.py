"""`gtm serve` as a process: signals, systemd, and handing over to the next one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping

import structlog

import gtm
from gtm.apilistening import may_not_write
from gtm.errors import ConfigError
from gtm.following import begin, cancel
from gtm.handed import Pool, from_systemd
from gtm.model import Zone
from gtm.server import Server, running
from gtm.service import Service, service_of_this_process
from gtm.settings import Settings
from gtm.takeover import Offer, Taken, place_of, take
from gtm.variables import named, strange

log = structlog.get_logger("gtm")

QUEUES = "queues of an interface belong to one process"
UPGRADE = "until then an upgrade is a restart"


def warn_of_misspelt(environment: Mapping[str, str]) -> None:
    """Says which variables are nearly settings, before anything goes wrong for lack of them."""
    for each in strange(environment, Settings.model_fields):
        if each.meant:
            remedy = f"did you mean {each.meant}?"
            log.warning("unknown_variable", variable=each.name, remedy=remedy)


def _warn_of_unread(environment: Mapping[str, str], zones: tuple[Zone, ...]) -> None:
    """Says which others nobody reads, now that the zones tell where their secrets are."""
    secrets = [receiver.url for zone in zones for receiver in zone.alerts]
    secrets += [receiver.secret for zone in zones for receiver in zone.alerts if receiver.secret]
    secrets += [key.secret for zone in zones for key in zone.tsig]
    known = frozenset(named(secrets))
    for each in strange(environment, Settings.model_fields):
        if not each.meant and each.name not in known:
            remedy = "no setting has that name, and no zone file; gtm serve --help has all"
            log.warning("unknown_variable", variable=each.name, remedy=remedy)


async def serve(settings: Settings) -> None:
    """Runs until told to stop (SIGTERM, SIGINT); SIGHUP loads everything again, and SIGUSR2 starts
    what is installed by now, which takes over.
    """
    handed, taken = Pool(from_systemd(os.environ, os.getpid())), None
    service = service_of_this_process()
    service.starting()
    if settings.takeover:
        if settings.xdp:
            raise ConfigError(f"cannot take over with --xdp: {QUEUES}; restart gtm instead")
        handed.close()
        taken = take(settings.api_sockets()[0], gtm.__version__)
        handed = Pool(taken.sockets)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    # until there is a server to tell, a SIGHUP must not end the process
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    with contextlib.ExitStack() as stack:
        if taken is not None:
            stack.callback(taken.close)
        await _serve(settings, stop, handed, service, taken)


async def _serve(
    settings: Settings,
    stop: asyncio.Event,
    handed: Pool,
    service: Service,
    taken: Taken | None,
) -> None:
    reloads: set[asyncio.Task[object]] = set()
    async with running(settings, handed=handed, taken=taken) as server:
        if taken is not None:
            taken.close()

        def reload() -> None:
            task: asyncio.Task[object] = asyncio.create_task(_reload(server, service))
            reloads.add(task)
            task.add_done_callback(reloads.discard)

        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, reload)
        loop.add_signal_handler(signal.SIGUSR2, _start_successor, settings, service)
        service.ready(server.controller)
        _warn_of_unread(os.environ, server.controller.compiled.zones)
        telling = begin(service.run(server.controller))
        offering = begin(_offer(settings, server, service, stop))
        await stop.wait()
        log.info("stopping")
        service.stopping("stopping")
        await cancel(telling)
        await cancel(offering)


def _start_successor(settings: Settings, service: Service) -> None:
    """Starts what is installed by now, for SIGUSR2, where that can take over."""
    if settings.xdp:
        log.warning("takeover_refused", reason=f"it uses --xdp: {QUEUES}", remedy="restart gtm")
        return
    service.start_successor()


async def _reload(server: Server, service: Service) -> None:
    """Loads everything again for a SIGHUP: it does not say who sent it, root or gtm's own user."""
    before = server.controller.compiled.snapshot.epoch
    found = await service.reload(server.controller)
    after = f"epoch {server.controller.compiled.snapshot.epoch}"
    server.trail.note(
        "SIGHUP",
        "signal",
        "this machine",
        "reload",
        "zones and databases",
        before=f"epoch {before}",
        after=after if found.error is None else f"unchanged: {found.error}",
    )


async def _offer(settings: Settings, server: Server, service: Service, stop: asyncio.Event) -> None:
    """Hands over to another server that asks for it, and ends once that one answers."""
    controller = server.controller

    def leave(pid: int) -> None:
        controller.plane.retire()
        service.succeeded_by(pid)
        log.info("handed_over", to=pid)
        stop.set()

    path = place_of(settings.api_sockets()[0])
    refusal = (
        f"it uses --xdp: {QUEUES}; stop it, then start without --takeover" if settings.xdp else None
    )
    try:
        await Offer(path, lambda: server.offered, controller.hold, leave, refusal).run()
    except PermissionError:
        reason = may_not_write(path.parent)
        remedy = (
            f"give it the folder, or --api unix:PATH in one of its own, then restart: {UPGRADE}"
        )
        log.warning("no_takeover", at=str(path), reason=reason, remedy=remedy)
    except OSError as error:  # it is of no use to who asks DNS
        log.warning("no_takeover", at=str(path), reason=error.strerror or str(error))
