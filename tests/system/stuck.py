"""`gtm serve` whose control loop stops turning for good when it gets a SIGUSR1."""

from __future__ import annotations

import signal
import sys
import threading

from gtm.cli.main import main


def stop_turning(number: int, frame: object) -> None:
    threading.Event().wait()


signal.signal(signal.SIGUSR1, stop_turning)
sys.argv[0] = "gtm"
main()
