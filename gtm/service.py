"""The server as a service: what systemd is told of it, and what it does with that.

The watchdog hears from the control loop, so it tells a loop that is stuck, and threads that have
ended. Planes answer on without the loop: systemd may be given a minute before it restarts us.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Mapping

import structlog

from gtm.control.controller import Controller
from gtm.control.loading import Reload
from gtm.model import State
from gtm.notify import Notifier, Pulse

log = structlog.get_logger("gtm")

LOOK_EVERY = 2.0  # seconds between two looks at how the server stands
TAKEOVER = "--takeover"
MOST_NAMED = 4  # regions that are named in one line


class Service:
    """Tells systemd how a server is, as long as it runs."""

    def __init__(self, notifier: Notifier, environment: Mapping[str, str] | None = None) -> None:
        """Nothing was told yet. `environment` is what a successor is told of systemd."""
        self._notifier = notifier
        self._environment = environment or {}
        self._successor: subprocess.Popen[bytes] | None = None
        self._told = ""

    def starting(self) -> None:
        """The first words, before there is a server."""
        self._notifier.status("starting: reading zones, then probing every endpoint once")

    def ready(self, controller: Controller) -> None:
        """Everything answers."""
        self._told = standing(controller)
        self._notifier.ready(self._told)

    async def reload(self, controller: Controller) -> Reload:
        """Loads everything again, and says when that began and ended."""
        self._notifier.reloading(time.clock_gettime(time.CLOCK_MONOTONIC))
        found = await controller.loader.load()
        self.ready(controller)
        return found

    def stopping(self, why: str) -> None:
        """The last words."""
        self._notifier.stopping(why)

    def succeeded_by(self, pid: int) -> None:
        """Another process is the service from now on."""
        self._notifier.succeeded_by(pid)

    def start_successor(self) -> None:
        """Starts what is installed by now with the same arguments, to take over; for SIGUSR2."""
        if self._successor is not None and self._successor.poll() is None:
            log.warning("successor_starts_already", pid=self._successor.pid)
            return
        words = [sys.executable, *sys.orig_argv[1:]]
        if TAKEOVER not in words:
            words.append(TAKEOVER)
        try:
            self._successor = subprocess.Popen(  # noqa: S603  # our own command line
                words, env=os.environ | self._environment
            )
        except OSError as error:
            log.error("successor_failed", reason=error.strerror or str(error))  # noqa: TRY400
        else:
            log.info("successor_started", pid=self._successor.pid)

    async def run(self, controller: Controller) -> None:
        """Gives signs of life and says how the server stands, until it is cancelled."""
        pulse = Pulse(self._notifier, controller.plane.alive)
        every = min(LOOK_EVERY, self._notifier.watchdog or LOOK_EVERY)
        while True:
            if not pulse.beat() and pulse.missed == 1:
                log.critical("threads_ended", remedy="restart gtm; a watchdog does")
            self._look(controller)
            await asyncio.sleep(every)

    def _look(self, controller: Controller) -> None:
        try:
            now = standing(controller)
        except Exception:  # a fault of ours in these words must not look like a stuck loop
            log.exception("status_failed")
            return
        if now != self._told:
            self._told = now
            self._notifier.status(now)


def service_of_this_process() -> Service:
    """As systemd wrote it into the environment, which is left without it.

    Programs that checks run are not to speak for the service.
    """
    notifier = Notifier.of(os.environ, os.getpid())
    told = {key: os.environ[key] for key in ("NOTIFY_SOCKET", "WATCHDOG_USEC") if key in os.environ}
    for key in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
        os.environ.pop(key, None)
    return Service(notifier, told)


def standing(controller: Controller) -> str:
    """How the server stands: `epoch 57, 2 zones, native plane; down: eu-west (shop)`."""
    compiled = controller.compiled
    count = len(compiled.zones)
    words = f"epoch {compiled.snapshot.epoch}, {count} zone{'' if count == 1 else 's'}, "
    words += f"{controller.plane.name} plane; {_down(controller)}"
    if controller.checker.frozen is not None:
        words += "; verdicts are frozen"
    if controller.loader.last is not None and controller.loader.last.error is not None:
        words += f"; the files on disk are not served: {controller.loader.last.error}"
    return words


def _down(controller: Controller) -> str:
    down: dict[str, list[str]] = {}
    for app in controller.compiled.apps.values():
        for region, verdict in app.health.regions.items():
            if verdict.state is State.DOWN:
                down.setdefault(region, []).append(app.app.name)
    if not down:
        return "no region is down"
    named = [f"{region} ({', '.join(apps[:MOST_NAMED])})" for region, apps in down.items()]
    more = len(named) - MOST_NAMED
    return "down: " + ", ".join(named[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
