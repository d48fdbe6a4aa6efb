"""What people watch of one server: everything that is kept for it, fed by the controller."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from gtm.control.controller import Controller
from gtm.control.loading import Reload
from gtm.live.feed import Feed
from gtm.live.map import Maps
from gtm.live.probes import Probed
from gtm.live.told import Teller
from gtm.live.traffic import Traffic


class Live:
    """Lives on the control loop. `told` is to be given what happens, `traffic` is to be run."""

    def __init__(
        self,
        controller: Controller,
        now: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Listens to the controller. `now` is Unix time, `clock` only goes on; both are seconds."""
        self._controller = controller
        self._now = now
        self.feed = Feed(now())
        self.told = Teller(self.feed, lambda: controller.overrides.book.overrides)
        self.probed = Probed()
        self.turn = asyncio.Lock()  # who asks for much has one worker thread, one at a time
        self.maps = Maps(clock)
        self.traffic = Traffic(
            controller.plane.summed, lambda: controller.compiled.snapshot.tallies, now, clock
        )
        controller.on_epoch = self._published
        controller.loader.on_reload = self._loaded
        controller.checker.tell_probes(self.probed.note)

    def _published(self, epoch: int) -> None:
        self.maps.follow(self._controller.compiled)
        self.told.epoch(epoch, self._now())

    def _loaded(self, reload: Reload) -> None:
        checker = self._controller.checker
        self.probed.keep(lambda target: checker.probed_as(target) is not None)
        self.told.reload(reload.at, reload.error)
