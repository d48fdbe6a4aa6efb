"""The native plane's module, as native/glue makes it; see gtm/planes/native.py for its use."""

from array import array
from collections.abc import Sequence
from typing import final

from gtm.model import Address
from gtm.snapshot import Snapshot

Rated = tuple[int, float, int, int, int, list[tuple[int, int, int]]]
Totals = tuple[list[tuple[int, int]], dict[str, int], list[int], float, tuple[int, int]]

UDP_MAXIMUM: int
BUCKETS: tuple[float, ...]

@final
class Tables:
    """A snapshot as the native plane reads it, and what of Python it was made of."""

    @staticmethod
    def of(snapshot: Snapshot, before: Tables | None = None) -> Tables:
        """Reads a snapshot; of one that has the names of `before`, only what differs."""

    @property
    def epoch(self) -> int:
        """The snapshot's number."""

    @property
    def read(self) -> int:
        """How many plans and rows were read for it."""

    @property
    def memory(self) -> int:
        """Octets that its tables take, without what the allocator adds."""

    def reads(self, snapshot: Snapshot) -> bool:
        """Whether it is of that snapshot, or of one that differs only in what verdicts move."""

    def count(self) -> None:
        """Adds the answers counted by area to the counts of the Python area tables."""

    def answer(
        self,
        packet: bytes,
        sender: str,
        random: int,
        now: float,
        udp: bool,
        identity: bytes | None = None,
        secrets: Sequence[bytes] | None = None,
        cut: bool = False,
    ) -> tuple[bytes, int | None] | None:
        """The answer to a packet and its counter; None if it is for the reference responder.

        Silence is an empty answer. `random` is 32 bits, `now` Unix time. `identity` and `secrets`
        are the server's words (see `Plane.behave`); `cut` has the answer truncated.
        """

@final
class Punt:
    """A packet for the reference responder."""

    @property
    def packet(self) -> bytes:
        """What came."""

    @property
    def sender(self) -> str:
        """Who sent it."""

    @property
    def udp(self) -> bool:
        """Whether it came over UDP."""

    @property
    def cut(self) -> bool:
        """Whether the answer is to be truncated, as its sender's network had too many."""

    @property
    def by_interface(self) -> bool:
        """Whether it came to an interface, not to a listener."""

    @property
    def listener(self) -> int:
        """The number of the listener, or of the interface, that it came to."""

@final
class Plane:
    """Threads that answer from tables, without Python's lock."""

    def __init__(
        self,
        listeners: list[tuple[list[int], int, bool]],
        tables: Tables,
        limits: tuple[int, int, float, float],
        rate: Rated | None = None,
        balancers: list[tuple[str, int]] | None = None,
    ) -> None:
        """Starts answering on listeners: file descriptors of UDP sockets, that of TCP, and whether
        they are bound to a wildcard.

        The descriptors are duplicated. `limits` are of TCP: connections, those of one client, and
        seconds that one may be idle, and last. `rate` is what client networks get over UDP (see
        gtm/planes/limiting.py). `balancers`, by address and prefix length, send PROXY headers.
        Raises OSError, and ValueError for what is no network.
        """

    def serve(self, interface: Interface, tables: Tables) -> None:
        """Answers what comes to an interface too, which is the plane's from now on; the tables are
        those that it answers from. Raises OSError.
        """

    def publish(self, tables: Tables) -> None:
        """Answers from these tables from now on."""

    def behave(self, identity: bytes | None, secrets: Sequence[bytes]) -> None:
        """Answers by these words of the server from now on: what NSID answers, and the secrets of
        cookies, the first of which makes new ones.
        """

    def tap(self, every: int) -> None:
        """Has every so-manieth answer noted for the query log from now on; none with 0."""

    def tapped(
        self, most: int, seconds: float
    ) -> tuple[list[tuple[bytes, bytes, str, bool, float, int, int]], int]:
        """What was noted, so many at a time, waiting so many seconds for the first: query, answer,
        sender, whether it came over UDP, Unix time, counter, epoch. Beside it, how many answers
        were wanted so far and lost.
        """

    def limited(self) -> list[tuple[int, int, int, int]]:
        """Networks over the rate limit since the last call: how long addresses of the family are,
        the first address, answers cut, and dropped."""

    def punted(self, seconds: float) -> Punt | None:
        """The next packet for the reference responder; None if none comes for so long."""

    def reply(self, punt: Punt, message: bytes | None) -> None:
        """Sends the answer to a punted packet, or (None) lets it go without one."""

    def reply_part(self, punt: Punt, message: bytes, seconds: float) -> bool:
        """Sends one of the messages of an answer over TCP; `reply` has to follow with the last.

        Waits so many seconds at the most for a client that does not read. False if that was too
        long, or the client is gone.
        """

    def totals(self, listener: int, udp: bool) -> Totals:
        """What was counted: answers of tallies that have some, what was dropped, durations, their
        seconds, and answers over the rate limit that were cut and dropped."""

    def connections(self, listener: int) -> tuple[int, int]:
        """Connections over TCP that are open now, and that came so far."""

    def interface_totals(self, interface: int, ipv6: bool) -> Totals:
        """The same for an interface, by its place among those served, over IPv4 or IPv6."""

    def share(self) -> None:
        """Says that another process has the sockets too: it is to notice nothing of us."""

    def retire(self) -> None:
        """Receives and accepts nothing from now on; connections go on while clients ask."""

    def alive(self) -> bool:
        """Whether all threads run."""

    def summed(self, kinds: array[int], count: int) -> tuple[bytes, list[int]]:
        """Answers so far by kind of tally, as unsigned numbers of 64 bits, and timed ones by
        bucket of gtm.planes.stats.BUCKETS. `kinds` has the kind of each tally, below `count`.
        """

    def stop(self) -> None:
        """Ends all threads, and closes the duplicates."""

@final
class Interface:
    """An interface whose DNS comes to us; to be handed to a plane."""

    native_mode: bool
    zero_copy: bool
    queues: int

    def __init__(self, name: str, listened: list[tuple[Address, int]]) -> None:
        """Takes UDP to these addresses and ports from the kernel, by the interface's name; a
        wildcard address takes every one of its family. Raises OSError.
        """

    def close(self) -> None:
        """Gives it back to the kernel, unless a plane has it."""

@final
class Limiter:
    """The rate limit of one worker, for comparison with Python's."""

    def __init__(self, rate: Rated, share: int) -> None: ...
    def judge(self, sender: Address, now: float, random: int) -> str: ...

def be_patient() -> None:
    """Makes the calling thread yield to those that answer."""

@final
class Octets:
    """Numbers in the machine's byte order."""

    def __len__(self) -> int: ...
    def part(self, begin: int, count: int) -> bytes: ...

def unpacked(tree: memoryview, record_size: int) -> Octets: ...
def reached(
    records: array[int], nodes: int, root: int, alias: int, bits: int
) -> tuple[Octets, Octets, Octets]:
    """See gtm/geo/crunch.py, as for all below."""

def counted(numbers: array[int], wanted: int) -> int: ...
def selected(
    bits: int, starts: array[int], values: array[int], meaning: array[int]
) -> tuple[Octets, Octets]: ...
def crossed(
    bits: int,
    starts: array[int],
    values: array[int],
    other_starts: array[int],
    other_values: array[int],
    known: array[int],
) -> tuple[Octets, Octets, Octets]: ...
def filled(
    bits: int,
    starts: array[int],
    values: array[int],
    other_starts: array[int],
    other_values: array[int],
) -> tuple[Octets, Octets]: ...
def cut(
    bits: int, starts: array[int], values: array[int], area_of: array[int]
) -> tuple[int, Octets, Octets, Octets]: ...

@final
class MasterScanner:
    """See gtm/zonefile/ordinary.py."""

    line: int
    def __init__(self, text: bytes, zone: str) -> None: ...
    def scan(
        self, origin: str | None, ttl: int | None, last_ttl: int, owner: str | None
    ) -> tuple[str | None, int]: ...
    def take_line(self) -> str | None: ...
    def take(self, name: str) -> list[tuple[int, int, int, bytes]]: ...
    def odd(self) -> list[str]: ...
    def within(self, name: str) -> list[str]: ...
    def settled(self, apex: bytes) -> Plain: ...

@final
class Plain:
    """See gtm/plain.py."""

    @property
    def records(self) -> int: ...
    def __len__(self) -> int: ...
    def __contains__(self, name: bytes, /) -> bool: ...
    def stands(self, name: str) -> bool: ...
    def sets(self, name: bytes) -> list[tuple[int, int, tuple[bytes, ...]]] | None: ...
    def names(self) -> list[bytes]: ...
