"""What a server does beside answering, every so often, for as long as it runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path

import structlog

from gtm.api.access.tokenfile import TokenFile
from gtm.control.controller import Controller
from gtm.cookiefile import CookieFile
from gtm.dns.conduct import Conduct
from gtm.planes import Plane
from gtm.planes.certificate import Keeper
from gtm.planes.limitlog import LimitLog
from gtm.watcher import changes

log = structlog.get_logger("gtm")

MEASURE_EVERY = 2.0  # seconds between two looks at what probes measured
MEASURE_REST = 20.0  # times as long as a look took, the rest after it: it costs under 5 % of a core
CONDITIONS_EVERY = 2.0  # seconds between two looks at what no verdict tells
REPORTS_EVERY = 0.5  # seconds between two looks at what was reported
SIGNATURES_EVERY = 60.0  # seconds between two looks at when signatures end
AHEAD_EVERY = 1.0  # seconds between two looks at what may be answered soon
LATENCY_EVERY = 10.0  # seconds between two looks at what latency was measured; each may compile
LATENCY_REST = 20.0  # times as long as a look took, the rest after it: it costs under 5 % of a core
COPIES_EVERY = 5.0  # seconds between two looks at what copies of zones have of steered names
COPIES_REST = 20.0  # times as long as a look took, the rest after it: it costs under 5 % of a core
ABUSE_EVERY = 5.0  # seconds between looks at who was limited, and whether cookie secrets changed


def followed(
    controller: Controller, plane: Plane, conduct: Conduct, cookies: CookieFile | None
) -> tuple[Coroutine[object, object, None], ...]:
    """Everything that is done for every server; none of it ends by itself."""
    return (
        _follow(controller),
        _measure(controller),
        _reports(controller),
        _latency(controller),
        _conditions(controller),
        _copies(controller),
        _abuse(plane, conduct, cookies),
        _signatures(controller),
        _ahead(controller),
        controller.capacity.run(),
        controller.remembering.run(),
    )


async def follow_certificate(keeper: Keeper) -> None:
    """Takes a renewed certificate when its files change."""
    async for _ in changes(keeper.files):
        try:
            keeper.look()
        except Exception:  # whatever it was, the next change must still be seen
            log.exception("following_certificate_failed")


async def follow_tokens(tokens: TokenFile, path: Path) -> None:
    """Takes tokens that were made or revoked, when their file changes."""
    async for _ in changes((path,)):
        try:
            await tokens.look()
        except Exception:  # whatever it was, the next change must still be seen
            log.exception("following_tokens_failed")


def begin(feed: Coroutine[object, object, None]) -> asyncio.Task[None]:
    """Starts what never ends by itself; should it fail all the same, the log says so at once."""
    task = asyncio.create_task(feed, name=getattr(feed, "__qualname__", "a part"))
    task.add_done_callback(_said)
    return task


def _said(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.critical(
            "part_ended",
            part=task.get_name(),
            error=repr(error),
            remedy="restart gtm serve; until then this is not done any more",
            exc_info=error,
        )


async def cancel(task: asyncio.Task[None]) -> None:
    """Ends a task, and waits until it has. One that failed has been told of."""
    task.cancel()
    await asyncio.wait({task})


# --- rounds ------------------------------------------------------------------------------


async def _follow(controller: Controller) -> None:
    """Loads again when a file changes."""
    sources = controller.reader.sources
    keys = () if sources.keys is None else (sources.keys,)
    async for _ in changes((sources.zones, *sources.geoip, *keys)):
        try:
            await controller.loader.load_if_changed()
        except Exception:  # whatever it was, the next change must still be seen
            log.exception("following_files_failed")


async def _measure(controller: Controller) -> None:
    """Takes in what probes measured, every few seconds."""
    while True:
        begun = time.monotonic()
        try:
            await controller.follow_measurements()
        except Exception:  # a fault of ours must not end it: the next round may fare better
            log.exception("following_measurements_failed")
        took = time.monotonic() - begun
        await asyncio.sleep(max(MEASURE_EVERY, MEASURE_REST * took))


async def _reports(controller: Controller) -> None:
    """Does what reports of real requests call for, as long as the server runs."""
    while True:
        await asyncio.sleep(REPORTS_EVERY)
        try:
            controller.follow_reports()
            await controller.feeds.save_holds_if_due()
        except Exception:  # a fault of ours must not end it: the next round may fare better
            log.exception("following_reports_failed")


async def _latency(controller: Controller) -> None:
    """Takes in what the latency feed measured, and keeps it, as long as the server runs."""
    took = 0.0
    while True:
        await asyncio.sleep(max(LATENCY_EVERY, LATENCY_REST * took))
        begun = time.monotonic()
        try:
            await controller.follow_latency()
            await controller.feeds.save_if_due()
        except Exception:  # as above
            log.exception("following_latency_failed")
        took = time.monotonic() - begun


async def _conditions(controller: Controller) -> None:
    """Looks after what is told in alerts though no verdict changes."""
    while True:
        await asyncio.sleep(CONDITIONS_EVERY)
        try:
            controller.conditions.look(controller.now())
        except Exception:  # as above
            log.exception("following_conditions_failed")


async def _copies(controller: Controller) -> None:
    """Has copies of zones follow verdicts, as long as the server runs."""
    took = 0.0
    while True:
        await asyncio.sleep(max(COPIES_EVERY, COPIES_REST * took))
        begun = time.monotonic()
        try:
            await controller.follow_copies()
        except Exception:  # as above
            log.exception("following_copies_failed")
        took = time.monotonic() - begun


async def _abuse(plane: Plane, conduct: Conduct, cookies: CookieFile | None) -> None:
    """Logs which networks were limited, and follows the file of cookie secrets."""
    limits = LimitLog()
    while True:
        await asyncio.sleep(ABUSE_EVERY)
        try:
            limits.tell(plane.limited(), time.monotonic())
            jar = None if cookies is None else await asyncio.to_thread(cookies.changed)
            if jar is not None:
                conduct = replace(conduct, cookies=jar)
                plane.behave(conduct)
        except Exception:  # as above
            log.exception("following_abuse_failed")


async def _signatures(controller: Controller) -> None:
    """Signs anew what ends before long, as long as the server runs."""
    while True:
        try:
            await controller.follow_signatures()
        except Exception:  # as above; an alarm says so before any signature ends
            log.exception("signing_anew_failed")
        await asyncio.sleep(SIGNATURES_EVERY)


async def _ahead(controller: Controller) -> None:
    """Signs what may be answered soon, as long as the server runs."""
    while True:
        going = False
        try:
            going = await controller.sign_ahead()
        except Exception:  # as above; what is not signed ahead is signed when it is needed
            log.exception("signing_ahead_failed")
        if not going:
            await asyncio.sleep(AHEAD_EVERY)
