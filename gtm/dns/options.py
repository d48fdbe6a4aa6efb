"""Options of EDNS beside the client subnet: what a query asks by them, what a response answers.

Options that stand here nowhere are ignored (RFC 6891 section 6.1.2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gtm.dns import cookies
from gtm.dns.conduct import Conduct
from gtm.dns.transport import Transport

NSID = 3  # RFC 5001
COOKIE = cookies.OPTION  # RFC 7873
KEEPALIVE = 11  # RFC 7828
PADDING = 12  # RFC 7830

PADDED_TO = 468  # a multiple of so many octets, whatever is asked (RFC 8467 section 4.1)
TENTH = 10  # TIMEOUT counts in units of 100 ms (RFC 7828 section 3.1)
LONGEST_TIMEOUT = 0xFFFF
STREAMS = (Transport.TCP, Transport.TLS)  # HTTP has its own way to keep connections

Option = tuple[int, bytes]


@dataclass(frozen=True, slots=True)
class Wishes:
    """What options of a query ask for.

    `cookie` is the first COOKIE option's data: others behind it are ignored. `keepalive` is how
    many octets edns-tcp-keepalive has.
    """

    nsid: bool = False
    cookie: bytes | None = None
    keepalive: int | None = None
    padding: bool = False

    def faulty(self, transport: Transport) -> bool:
        """Whether one of them breaks its RFC, which FORMERR answers.

        A cookie's length is that of RFC 7873 section 4. A keepalive has two octets or none (RFC
        7828 section 3.1), and over UDP is ignored (section 3.2.1).
        """
        if self.cookie is not None and not cookies.well_formed(self.cookie):
            return True
        return transport in STREAMS and self.keepalive not in (None, 0, 2)


NOTHING = Wishes()


def wishes(options: Iterable[Option]) -> Wishes:
    """Reads the options of a query."""
    nsid = padding = False
    cookie, keepalive = None, None
    for code, value in options:
        if code == COOKIE:
            cookie = value if cookie is None else cookie
        elif code == NSID:
            nsid = True  # RFC 5001 section 2.1: what it holds in queries means nothing
        elif code == KEEPALIVE:
            keepalive = len(value)
        elif code == PADDING:
            padding = True
    return Wishes(nsid, cookie, keepalive, padding)


@dataclass(frozen=True, slots=True)
class Granted:
    """What a response says to that: options in their order, and the size it is padded to.

    `known` says that the client has shown a cookie of ours.
    """

    options: tuple[Option, ...] = ()
    padded_to: int = 0
    known: bool = False


def grant(
    asked: Wishes, address: bytes, now: float, transport: Transport, conduct: Conduct
) -> Granted:
    """Answers wishes of a client with that address, as it stands in a packet, at a Unix time."""
    if asked is NOTHING:
        return Granted()
    found: list[Option] = []
    known = False
    if asked.nsid and conduct.identity is not None:
        found.append((NSID, conduct.identity))
    if asked.cookie is not None and cookies.well_formed(asked.cookie):
        data, known = conduct.cookies.greet(asked.cookie, address, now)
        found.append((COOKIE, data))
    if asked.keepalive is not None and transport in STREAMS:
        timeout = min(int(conduct.idle * TENTH), LONGEST_TIMEOUT)
        found.append((KEEPALIVE, timeout.to_bytes(2, "big")))
    padded = asked.padding and transport.encrypted
    return Granted(tuple(found), PADDED_TO if padded else 0, known)
