"""What a server tells systemd of itself: sd_notify(3), in the few lines that it takes.

Without a NOTIFY_SOCKET, as outside of systemd, nothing is told.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass

LONGEST_STATUS = 300  # characters that `systemctl status` is told; more fits no line
HALF = 2  # WATCHDOG_USEC is the most between two signs of life: sd_watchdog_enabled(3) has half


@dataclass(frozen=True, slots=True)
class Notifier:
    """Tells whoever started the server how it is. Telling never fails, and never waits."""

    address: str | None = None
    watchdog: float | None = None

    @classmethod
    def of(cls, environment: Mapping[str, str], pid: int) -> Notifier:
        """As systemd wrote it down for the process `pid`; `watchdog` is seconds between signs."""
        address = environment.get("NOTIFY_SOCKET") or None
        if address is not None and not address.startswith(("/", "@")):
            address = None  # vsock and the like: not where a service of this machine is told of
        meant = environment.get("WATCHDOG_PID", "")
        text = environment.get("WATCHDOG_USEC", "")
        ours = not meant or meant == str(pid)
        watched = text.isascii() and text.isdigit() and int(text) > 0 and ours
        return cls(address, int(text) / 1e6 / HALF if watched else None)

    def ready(self, status: str) -> None:
        """Everything that was asked for is there; again, that a reload is over."""
        self._say("READY=1", _status(status))

    def status(self, status: str) -> None:
        """A sentence for `systemctl status`."""
        self._say(_status(status))

    def reloading(self, monotonic: float) -> None:
        """A reload has begun, at these monotonic seconds (CLOCK_MONOTONIC; Type=notify-reload)."""
        self._say("RELOADING=1", f"MONOTONIC_USEC={int(monotonic * 1e6)}")

    def stopping(self, status: str) -> None:
        """The server is about to end."""
        self._say("STOPPING=1", _status(status))

    def alive(self) -> None:
        """A sign of life, for the watchdog."""
        self._say("WATCHDOG=1")

    def succeeded_by(self, pid: int) -> None:
        """Another process is the service from now on."""
        self._say(f"MAINPID={pid}")

    def _say(self, *lines: str) -> None:
        if self.address is None:
            return
        place = self.address.replace("@", "\0", 1) if self.address[0] == "@" else self.address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
            out.setblocking(False)
            out.sendto("\n".join(lines).encode(), place)


def _status(text: str) -> str:
    return "STATUS=" + " ".join(text.split())[:LONGEST_STATUS]


class Pulse:
    """Signs of life from the control loop, as long as those who answer live too."""

    def __init__(self, notifier: Notifier, answering: Callable[[], bool]) -> None:
        """`answering` says whether every thread that answers runs."""
        self._notifier = notifier
        self._answering = answering
        self.missed = 0  # signs in a row that were not given

    def beat(self) -> bool:
        """Gives a sign, or does not as a thread has ended; says which."""
        if self._answering():
            self.missed = 0
            self._notifier.alive()
            return True
        self.missed += 1
        return False
