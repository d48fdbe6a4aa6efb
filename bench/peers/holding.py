"""gtm with a control loop that gets stuck when told: SIGUSR1 holds all of Python for a while.

`python -m bench.peers.holding SECONDS serve ...`. The signal's handler runs in the main thread,
where the control loop runs, and sleeps without giving up Python's lock, so that no thread of Python
runs meanwhile: worse than a loop that waits for something.
"""

from __future__ import annotations

import ctypes
import signal
import sys

from gtm.cli.main import main


def hold(seconds: int) -> None:
    """Sleeps with Python's lock held."""
    ctypes.PyDLL(None).sleep(seconds)


if __name__ == "__main__":
    held = int(sys.argv.pop(1))
    signal.signal(signal.SIGUSR1, lambda number, frame: hold(held))
    main()
