"""A drill's values: who is asked for (probes), what was seen, and when things were done (marks)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Failure(StrEnum):
    """How an answer can be none."""

    EMPTY = "empty"
    SERVFAIL = "SERVFAIL"
    REFUSED = "another rcode"
    SILENCE = "no answer"


FAILURES = tuple(Failure)


@dataclass(frozen=True, slots=True)
class Probe:
    """A question that is asked again and again: a service, as a client of one network.

    `network` is the client subnet that is sent (RFC 7871), `place` where that is in words. `home`
    are the regions that answered it before the drill, `leaves` whether the drilled one is among
    them. `drawn` clients are dealt out by lot anew each TTL, so their moving says nothing.
    """

    service: str
    rrtype: str
    network: str
    place: str
    home: frozenset[str]
    leaves: bool
    drawn: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """One answer. `at` is when it was asked for, `probe` its place in the list of probes.

    `regions` are those whose addresses it names; without any, `failure` says why. `took` is in
    seconds, `ttl` the answer's.
    """

    at: float
    probe: int
    regions: frozenset[str]
    failure: Failure | None = None
    took: float = 0.0
    ttl: int = 0


@dataclass(frozen=True, slots=True)
class Marks:
    """When things were done, in seconds since the region was forced down was asked for.

    `began` is below 0. `held` is when the server said that it holds, `undone` when it was asked
    to be taken back, `restored` when the server said that it is; None where that was not reached.
    """

    began: float
    held: float
    undone: float | None
    restored: float | None
    ended: float
