"""What is measured of a zone's clients and regions, and what it takes to be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from gtm.model.places import GeoCode


@dataclass(frozen=True, slots=True)
class MeasuredLatency:
    """Measured round trips from a client area to regions, milliseconds by region name.

    `said` has, for regions whose value comes from the latency feed, what it was made from, in
    words; what the zone file says stands without.
    """

    area: GeoCode
    milliseconds: Mapping[str, float]
    said: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class LatencyRules:
    """What it takes for the latency feed to be believed. `use` False: it never is.

    A median counts that has at least `samples` of at least `reporters`; with one reporter alone
    they must come from `networks` client networks. A sample counts for `expire` seconds.
    """

    samples: int = 30
    reporters: int = 1
    networks: int = 3
    expire: float = 86400.0
    use: bool = True


class Stale(Enum):
    """What is believed of a region whose load is no longer reported: what was known, or nothing."""

    KEEP = "keep"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class LoadFeed:
    """How long a reported load is believed (seconds), and what then."""

    expire: float = 60.0
    stale: Stale = Stale.KEEP
