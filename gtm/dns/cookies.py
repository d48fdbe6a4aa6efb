"""DNS cookies (RFC 7873): a client that shows ours has an address that answers reach.

Server cookies are those of RFC 9018, so that a fleet with the same secret takes each other's,
whatever software its members run.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from gtm.dns.siphash import KEY, siphash24

OPTION = 10  # OPTION-CODE of COOKIE (RFC 7873 section 4)
CLIENT = 8  # octets of a client cookie
SHORTEST, LONGEST = 8, 32  # octets of a server cookie of anybody's (RFC 7873 section 4)
SERVER = 16  # of ours: version, three reserved, timestamp, hash (RFC 9018 section 4)
VERSION = 1
SECRET = KEY  # octets
KEEP = 1800  # seconds that a cookie is given back as it came (RFC 9018 section 4.3)
PAST, FUTURE = 3600, 300  # seconds that it holds, and that clocks may differ (the same)


def well_formed(data: bytes) -> bool:
    """Whether the option's data are a client cookie, alone or with a server's.

    RFC 7873 section 5.2.2: any other length is answered by FORMERR.
    """
    return len(data) == CLIENT or SHORTEST <= len(data) - CLIENT <= LONGEST


@dataclass(frozen=True, slots=True)
class Jar:
    """The secrets of this server: cookies are made with the first, and taken from all."""

    secrets: tuple[bytes, ...] = field(repr=False)

    def greet(self, data: bytes, address: bytes, now: float) -> tuple[bytes, bool]:
        """The option's data to answer with, and whether the client has shown a cookie of ours.

        `data` are well formed; `address` is the client's, as it stands in a packet; `now` is Unix
        seconds. An invalid cookie is taken as none: the client gets a new one with its answer
        (RFC 7873 section 5.2.4 leaves that to the server).
        """
        client, shown, clock = data[:CLIENT], data[CLIENT:], int(now) & 0xFFFFFFFF
        signer = self._signer(client, shown, address, clock)
        if signer == 0 and _age(shown, clock) <= KEEP:
            return data, True
        made = bytes((VERSION, 0, 0, 0)) + clock.to_bytes(4, "big")
        digest = siphash24(self.secrets[0], client + made + address)
        return client + made + digest, signer is not None

    def _signer(self, client: bytes, shown: bytes, address: bytes, clock: int) -> int | None:
        """Which of the secrets made a cookie that holds; None if none did."""
        if len(shown) != SERVER or shown[0] != VERSION:
            return None
        if not -FUTURE <= _age(shown, clock) <= PAST:
            return None
        for number, secret in enumerate(self.secrets):
            digest = siphash24(secret, client + shown[:8] + address)
            if hmac.compare_digest(digest, shown[8:]):
                return number
        return None


def _age(shown: bytes, clock: int) -> int:
    """Seconds since a cookie was made; its clock wraps in 2106 (RFC 1982 arithmetic)."""
    past = clock - int.from_bytes(shown[4:8], "big") & 0xFFFFFFFF
    return past - (1 << 32) if past >> 31 else past
