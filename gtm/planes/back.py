"""The way back to a client, for answers that come later, or in several messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gtm.dns.transport import Transport

LATER = b""  # in the place of an answer: it goes another way. No message of DNS is empty
PATIENCE = 30.0  # seconds that a client may take to read some of what is sent


class Back(Protocol):
    """Answers one packet. Used from any thread but the plane's own; `end` once, at the end."""

    def send(self, message: bytes) -> bool:
        """One message, and there is more to come: over streams alone.

        Waits while the client does not read; False if it is gone, or reads nothing for too long.
        """

    def end(self, message: bytes | None) -> None:
        """The last message; None is silence, which closes a connection."""


@dataclass(frozen=True, slots=True)
class Taken:
    """A query that is dealt with: by this message, or (None) later, over its way back.

    `known` says that it was signed with a key of ours: nobody forged its sender.
    """

    message: bytes | None = None
    known: bool = False


class Way(Protocol):
    """Makes the way back of the packet that a socket's thread is at."""

    def back(self) -> Back:
        """It holds when the thread is at the next one, too."""


class Peers(Protocol):
    """What answers other name servers, and who changes zones (gtm/transfer/reception.py)."""

    def take(
        self, packet: bytes, host: str, transport: Transport, back: Back, *, signed: bool = False
    ) -> Taken | None:
        """Deals with a packet; None leaves it to a responder. Must not take long.

        With `signed` it deals with none whose sender is not shown by a key to be who it says.
        """


class Nobody:
    """No peers: every packet is left to a responder."""

    def take(
        self, packet: bytes, host: str, transport: Transport, back: Back, *, signed: bool = False
    ) -> Taken | None:
        """Nothing is dealt with."""
        return None


class Watched:
    """A way back whose last message is seen as it goes."""

    __slots__ = ("_back", "_seen")

    def __init__(self, back: Back, seen: Callable[[bytes], None]) -> None:
        """`seen` is called in the thread of whoever answers."""
        self._back = back
        self._seen = seen

    def send(self, message: bytes) -> bool:
        """One message of several; False if the client is gone."""
        return self._back.send(message)

    def end(self, message: bytes | None) -> None:
        """The last message."""
        if message is not None:
            self._seen(message)
        self._back.end(message)


NOBODY = Nobody()
