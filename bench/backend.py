"""What is probed: answers every request with 200 on all of loopback, and counts when they came.

`python -m bench.backend PORT FILE` runs until SIGTERM, then writes as JSON when it began (on the
machine's monotonic clock) and the connections of each tenth of a second since.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar, cast

SLOT = 0.1  # seconds
BACKLOG = 4096
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Answering(asyncio.Protocol):
    """One connection: one answer, and its end."""

    begun = time.monotonic()
    counts: ClassVar[Counter[int]] = Counter()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Counts it."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's inherits not
        self.counts[int((time.monotonic() - self.begun) / SLOT)] += 1

    def data_received(self, data: bytes) -> None:
        """Requests of probes come in one piece."""
        self.transport.write(ANSWER)
        self.transport.close()


async def main(port: int) -> list[int]:
    """Serves until told to stop; gives the connections of each slot."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    server = await loop.create_server(Answering, "0.0.0.0", port, backlog=BACKLOG)
    async with server:
        await stop.wait()
    counts = Answering.counts
    return [counts[slot] for slot in range(max(counts, default=-1) + 1)]


def _loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's where it is installed, so that it takes as little as it can."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=_loop()) as runner:
        slots = runner.run(main(int(sys.argv[1])))
    Path(sys.argv[2]).write_text(json.dumps({"begun": Answering.begun, "slots": slots}))
