"""Response rate limiting: no client network is sent more over UDP than its share.

Senders of datagrams can be forged, so an open server can be made to flood whoever is named. Each
network has a bucket of answers that refills at `per_second`. What is over it is dropped, or *cut*:
an answer without records and with TC set, upon which a real client asks again over TCP.

Networks are limited as a whole, not by name or kind of answer: a large resolver asks for the same
name again and again for other client subnets and short TTLs, which a limit by name would take for
an attack, and what reaches the victim of one is the sum. Clients with a valid cookie, those over
TCP, and those on the allow list are exempt. The native plane has the same rules
(native/plane/src/limit.rs).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from ipaddress import ip_network

from gtm.dns.lookup import asker_of
from gtm.networks import Networks

PER_SECOND = 1000  # more than the busiest resolvers ask; some 150 kB/s at the victim of an attack
BURST = 2.0  # seconds of answers that a network may have at once, after it was silent
SLIP = 2  # one in so many answers over the limit is cut, the others are dropped
MILLION = 1_000_000
REMEMBERED = 1 << 15  # networks; beyond it those that have a full bucket again are forgotten
NOTED = 64  # networks over the limit that are told of at once


@dataclass(frozen=True, slots=True)
class Limit:
    """What a network gets: answers a second (0: any number), and which addresses are one network.

    One in `slip` answers over it is cut (1: each, 0: none).
    """

    per_second: int = PER_SECOND
    ipv4_prefix: int = 24
    ipv6_prefix: int = 56
    slip: int = SLIP
    allow: Networks = field(default_factory=lambda: Networks.of(["loopback"]))

    def network(self, bits: int, address: int) -> int:
        """The first address of the network that an address of that family is in."""
        behind = bits - (self.ipv4_prefix if bits == 32 else self.ipv6_prefix)
        return address >> behind << behind

    def named(self, bits: int, network: int) -> str:
        """A network as people write it, by its first address."""
        length = self.ipv4_prefix if bits == 32 else self.ipv6_prefix
        return str(ip_network((network.to_bytes(bits // 8, "big"), length)))


Rate = tuple[int, float, int, int, int, list[tuple[int, int, int]]]


def rated(limit: Limit) -> Rate:
    """A limit as the native plane takes it."""
    allowed = list(limit.allow.spans)
    return (limit.per_second, BURST, limit.ipv4_prefix, limit.ipv6_prefix, limit.slip, allowed)


@dataclass(slots=True)
class Noted:
    """Answers that a network was not given in full."""

    cut: int = 0
    dropped: int = 0


class Limiter:
    """The buckets of one socket, used by its thread alone.

    A bucket is one number, as in the generic cell rate algorithm: the microsecond at which it is
    full again. It holds what fits between now and then.
    """

    def __init__(
        self, limit: Limit, random32: Callable[[], int], now: Callable[[], float], share: int = 1
    ) -> None:
        """`share` is among how many the limit is divided; `now` is Unix time."""
        self._limit = limit
        self._random32 = random32
        self._now = now
        self._cost = max(1, MILLION * share // limit.per_second)
        self._burst = max(int(BURST * MILLION), self._cost)
        self._buckets: dict[tuple[int, int], list[int]] = {}
        self._hosts: dict[str, list[int]] = {}
        self._allowed: dict[str, bool] = {}
        self._noted: dict[tuple[int, int], Noted] = {}

    def within(self, host: str) -> bool:
        """Whether an address may have another answer, which is counted then."""
        bucket = self._hosts.get(host) or self._learn(host)
        now = int(self._now() * MILLION)
        full = bucket[0]
        # a clock that was set back leaves buckets that would be full too late
        if full < now or full > now + self._burst:
            full = now
        if full + self._cost > now + self._burst:
            return self._is_allowed(host)
        bucket[0] = full + self._cost
        return True

    def give_back(self, host: str) -> None:
        """It was not answered, or need not be counted: its cookie is ours."""
        bucket = self._hosts.get(host)
        if bucket is not None:
            bucket[0] -= self._cost

    def cuts(self) -> bool:
        """Whether this answer over the limit is cut, not dropped."""
        return self._limit.slip > 0 and self._random32() % self._limit.slip == 0

    def note(self, host: str, *, cut: bool) -> None:
        """An answer was cut or dropped."""
        network = self._network(host)
        if network not in self._noted and len(self._noted) >= NOTED:
            return
        noted = self._noted.setdefault(network, Noted())
        noted.cut += cut
        noted.dropped += not cut

    def noted(self) -> list[tuple[str, int, int]]:
        """Networks over their limit since the last call: answers cut and dropped; any thread."""
        found, self._noted = self._noted, {}
        return [
            (self._limit.named(*key), each.cut, each.dropped) for key, each in list(found.items())
        ]

    def _is_allowed(self, host: str) -> bool:
        known = self._allowed.get(host)
        if known is None:
            asker = asker_of(host)
            known = self._limit.allow.hold(asker.bits, asker.address)
            if len(self._allowed) >= REMEMBERED:
                self._allowed.clear()
            self._allowed[host] = known
        return known

    def _network(self, host: str) -> tuple[int, int]:
        """A network by how long addresses of its family are, and its first address."""
        asker = asker_of(host)
        return asker.bits, self._limit.network(asker.bits, asker.address)

    def _learn(self, host: str) -> list[int]:
        if len(self._hosts) >= REMEMBERED:
            self._hosts.clear()
            now = int(self._now() * MILLION)
            self._buckets = {key: each for key, each in self._buckets.items() if each[0] > now}
            if len(self._buckets) >= REMEMBERED:
                self._buckets.clear()
        bucket = self._buckets.setdefault(self._network(host), [0])
        self._hosts[host] = bucket
        return bucket
