"""What a check asks, how its answers are judged, and what a probe is sent to: frozen values.

Durations are seconds. Everything here has been checked by `zonefile/`, which is its only maker
outside tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv6Address

# --- what a good HTTP response looks like -------------------------------------------------


@dataclass(frozen=True, slots=True)
class StatusRange:
    """HTTP status codes from `first` to `last`, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Contains:
    """The body has this text in it (UTF-8)."""

    text: str


@dataclass(frozen=True, slots=True)
class Matches:
    """A regular expression (RE2's, so that no body makes it slow) is found in the body."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Points:
    """The body is JSON, and what a pointer (RFC 6901) leads to is `value`, written as JSON.

    With `value` None it is enough that it is there, and neither null nor false.
    """

    pointer: str
    value: str | None = None


BodyTest = Contains | Matches | Points


# --- what is asked ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tls:
    """How TLS is spoken. Paths are of PEM files; `authorities` None: those of the system.

    `server_name` is sent and verified (None: the target's own). `key` None: it stands in the file
    of the certificate. A certificate that ends within `warn_before` seconds is warned of, verified
    or not.
    """

    verify: bool = True
    server_name: str | None = None
    authorities: str | None = None
    certificate: str | None = None
    key: str | None = None
    warn_before: float = 14 * 86400.0


@dataclass(frozen=True, slots=True)
class Http:
    """One request. `host` None: the target's server name.

    `redirects` is how many are followed, and only to other paths of the same endpoint.
    """

    tls: Tls | None = None
    method: str = "GET"
    path: str = "/"
    host: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    statuses: tuple[StatusRange, ...] = (StatusRange(200, 299),)
    body: tuple[BodyTest, ...] = ()
    redirects: int = 0
    keep_alive: bool = False


@dataclass(frozen=True, slots=True)
class Tcp:
    """A connection; then, if asked, octets to send and octets that must come.

    `expect` must stand in the first 64 KiB that come.
    """

    tls: Tls | None = None
    send: bytes = b""
    expect: bytes = b""


@dataclass(frozen=True, slots=True)
class Grpc:
    """The gRPC health protocol, version 1: `service` must be SERVING ("" is the whole server)."""

    service: str = ""
    tls: Tls | None = None


@dataclass(frozen=True, slots=True)
class Dns:
    """A question to the target: each of `answers` (presentation form) must be in the answer.

    Without any it is enough that there is an answer, if `rcode` is NOERROR.
    """

    name: str
    type: str = "A"
    answers: tuple[str, ...] = ()
    rcode: str = "NOERROR"
    tcp: bool = False


@dataclass(frozen=True, slots=True)
class Icmp:
    """An echo request with so many octets of data."""

    size: int = 56


@dataclass(frozen=True, slots=True)
class Exec:
    """A program without a shell: exit status 0 is well; its first line of output says why.

    `{address}`, `{port}` and `{name}` in arguments stand for what is probed: see
    health/programs.py.
    """

    argv: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class File:
    """A file that something else writes, saying what is up: see health/statefile.py for its form.

    One that was last written more than `max_age` seconds ago says nothing any more.
    """

    path: str
    max_age: float | None = None


Probe = Http | Tcp | Grpc | Dns | Icmp | Exec | File


def kind(probe: Probe) -> str:
    """The word for it in zone files: `http`, `https`, `tcp`, `grpc`, ..."""
    secure = isinstance(probe, Http) and probe.tls is not None
    return "https" if secure else type(probe).__name__.lower()


# --- how it is judged ---------------------------------------------------------------------


class Unknown(Enum):
    """What to steer by where a verdict is `unknown` for want of fresh probes."""

    KEEP = "keep"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Damping:
    """More than `changes` of state within `within` hold a target down for `hold`.

    The hold doubles each time it happens again before a quiet `within` has passed, up to `most`.
    """

    changes: int = 6
    within: float = 600.0
    hold: float = 60.0
    most: float = 1800.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """How outcomes become a verdict.

    `rise` and `fall` are successes and failures in a row to come up and to go down; failures
    that are not in a row add up until `ok` successes in a row forget them. An answer slower
    than `max_latency` is a failure. A verdict older than `stale_after` (None: three intervals and
    a timeout) is unknown.
    """

    rise: int = 2
    fall: int = 3
    ok: int = 1
    max_latency: float | None = None
    damping: Damping | None = None
    unknown: Unknown = Unknown.KEEP
    stale_after: float | None = None


@dataclass(frozen=True, slots=True)
class Freeze:
    """When failures are not believed, because the checker itself seems to be cut off.

    That is when at least `targets` of at least `regions` regions, and at least `share` of all that
    were well, begin to fail within `within` seconds (None: the time in which `share` of all targets
    are probed once). After `most` seconds they are believed all the same.
    """

    share: float = 0.9
    targets: int = 4
    regions: int = 2
    within: float | None = None
    most: float = 300.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """When probes are made. `interval` is from one probe's start to the next's.

    `timeout` bounds a whole probe, `connect_timeout` its connection alone; `fast_interval` stands
    in for the interval while a target's state may be changing.
    """

    interval: float = 10.0
    timeout: float = 3.0
    connect_timeout: float | None = None
    fast_interval: float | None = None


@dataclass(frozen=True, slots=True)
class Passive:
    """When reports take an endpoint out that its probes still find up. Only probes put it back.

    More than `failures` (a fraction) of at least `minimum` outcomes within `window` seconds, told
    by at least `reporters`. It stays out for `hold` seconds at least. Of a service's endpoints,
    and of its regions, reports hold out at most the fraction `most` at once.
    """

    failures: float = 0.5
    minimum: int = 20
    window: float = 30.0
    hold: float = 30.0
    most: float = 0.5
    reporters: int = 1


# --- checks -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LoadField:
    """Where the load stands in a health response: in a header, or in its JSON body.

    `pointer` is a JSON pointer (RFC 6901). One of the two is set.
    """

    header: str | None = None
    pointer: str | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """How a thing is probed. Two checks that differ in name alone are the same check.

    `port` is None where there is none. With an `address` that is probed, whatever the check is
    used for. `source` is the address that probes come from; `family`, 4 or 6, restricts a host
    name to its addresses of that IP version. `load` is where an HTTP response says the endpoint's
    load (None: in the header that is always looked for). `passive` None: reports say nothing.
    """

    name: str = field(compare=False)
    probe: Probe
    port: int | None = None
    address: str | None = None
    source: IPv4Address | IPv6Address | None = None
    family: int | None = None
    schedule: Schedule = Schedule()
    judgement: Judgement = Judgement()
    load: LoadField | None = None
    passive: Passive | None = None
    hashed: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Hashes once: there is one check for thousands of targets that are looked up by it."""
        object.__setattr__(self, "hashed", hash((self.probe, self.port, self.address)))

    def __hash__(self) -> int:
        """Equal for equal checks."""
        return self.hashed


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to probe one way: what a verdict is about. Equal targets are probed once.

    `address` is an IP address or a host name without the trailing dot. `server_name` is what it is
    asked by, in Host headers and TLS; None for checks that ask by no name.
    """

    check: Check
    address: str
    server_name: str | None = None
    hashed: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Hashes once: thousands are looked up at once when a region fails."""
        found = hash((self.check.hashed, self.address, self.server_name))
        object.__setattr__(self, "hashed", found)

    def __hash__(self) -> int:
        """Equal for equal targets."""
        return self.hashed


class Combine(Enum):
    """How the verdicts of several checks become one."""

    ALL = "all"
    ANY = "any"
    QUORUM = "quorum"


@dataclass(frozen=True, slots=True)
class Combined:
    """Several checks as one: up while `needed` of them are (all for ALL, one for ANY)."""

    name: str = field(compare=False)
    kind: Combine
    checks: tuple[AnyCheck, ...]
    needed: int


AnyCheck = Check | Combined


def leaves(check: AnyCheck) -> tuple[Check, ...]:
    """The single checks in a check: itself, or those that it puts together."""
    if isinstance(check, Check):
        return (check,)
    return tuple(leaf for part in check.checks for leaf in leaves(part))
