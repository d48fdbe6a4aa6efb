"""The thread that writes entries."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import structlog

from gtm.errors import GtmError
from gtm.querylog.entry import Entry
from gtm.querylog.sinks import Sink
from gtm.querylog.tap import Tap

log = structlog.get_logger("gtm.querylog")

LOOK = 0.5  # seconds between looks whether it is to end, where nothing comes
FIRST_REST, LONGEST_REST = 1.0, 60.0  # seconds until a place that failed is tried again
STOP_PATIENCE = 5.0  # seconds the thread gets to write what is left


class Writer:
    """From a tap to a sink. One that fails is tried again, and the log says so once."""

    def __init__(
        self,
        tap: Tap,
        sink: Sink,
        encode: Callable[[Entry], bytes],
        place: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`place` is what the log calls the sink, `clock` monotonic seconds."""
        self.tap = tap
        self._sink = sink
        self._encode = encode
        self._place = place
        self._clock = clock
        self._rest = 0.0
        self._again_at = 0.0
        self._at_fault = False
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self.written = 0
        self.lost = 0

    def start(self, prepare: Callable[[], object] = lambda: None) -> None:
        """Starts the thread; it calls `prepare` first."""

        def run() -> None:
            prepare()
            while not self._ending.is_set():
                self.step(LOOK)
            self.step(0.0)
            self._sink.close()

        self._thread = threading.Thread(target=run, name="gtm-query-log", daemon=True)
        self._thread.start()

    @property
    def all_lost(self) -> int:
        """Entries that were wanted and not written, so far."""
        return self.lost + self.tap.lost

    def stop(self) -> None:
        """Writes what is left, and ends."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join(STOP_PATIENCE)

    def step(self, at_most: float) -> None:
        """Writes what has come, waiting so many seconds for it."""
        entries = self.tap.take(at_most)
        if not entries:
            return
        if self._clock() < self._again_at:
            self.lost += len(entries)
            return
        encoded = self._encoded(entries)
        try:
            self._sink.write(encoded)
        except (OSError, GtmError) as error:
            self.lost += len(encoded)
            self._failed(error)
        else:
            self.written += len(encoded)
            self._succeeded()

    def _encoded(self, entries: Sequence[Entry]) -> list[bytes]:
        """Those that can be encoded: a fault of ours in one must not cost the others."""
        found = []
        for entry in entries:
            try:
                found.append(self._encode(entry))
            except Exception:
                self.lost += 1
                if not self._at_fault:
                    log.exception("query_log_fault")
                self._at_fault = True
        return found

    def _failed(self, error: Exception) -> None:
        if not self._rest:
            words = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
            log.warning("query_log_failed", place=self._place, error=words, then="tried again")
        self._rest = min(LONGEST_REST, self._rest * 2 or FIRST_REST)
        self._again_at = self._clock() + self._rest

    def _succeeded(self) -> None:
        if self._rest:
            log.info("query_log_again", place=self._place, lost=self.lost)
        self._rest = 0.0
