"""Where every region stands: load, capacity, and what is turned away."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from gtm.load.feeds import Report
from gtm.load.sites import Site
from gtm.load.units import Unit
from gtm.model import Stale

SPILLS = 0.005  # of its capacity: what a region turns away at least to be called spilling


class Feed(Enum):
    """How a region's feed is doing."""

    FRESH = "fresh"
    STALE = "stale"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Standing:
    """One site, in the unit of its capacity.

    `report` is the latest known load. `expected` is what it should have now, `wanted` what the
    policies alone would bring in time and `taken` what is let in instead, `fixed` the load that
    steering does not control; all None while nothing tells what an answer stands for. `up` is
    whether any service is answered with it.
    """

    site: Site
    report: Report | None = None
    expected: float | None = None
    wanted: float | None = None
    taken: float | None = None
    fixed: float = 0.0
    up: bool = True

    @property
    def feed(self) -> Feed:
        """Whether its load is known now, was known once, or never."""
        if self.report is None:
            return Feed.NEVER
        return Feed.FRESH if self.report.fresh else Feed.STALE

    @property
    def capacity(self) -> float | None:
        """Its capacity; None where nothing holds its clients back."""
        ignored = self.site.feed.stale is Stale.IGNORE and self.feed is Feed.STALE
        return None if ignored else self.site.region.capacity

    @property
    def load(self) -> float | None:
        """What it reports, or should have where it reports nothing (any more)."""
        if self.report is not None and self.report.fresh:
            return self.report.load
        if self.expected is not None and self.up:
            return self.expected + self.fixed
        return None if self.report is None else self.report.load

    @property
    def turned_away(self) -> float:
        """Load that the policies would bring and that goes elsewhere."""
        if self.wanted is None or self.taken is None:
            return 0.0
        return max(0.0, self.wanted - self.taken)

    @property
    def spilling(self) -> bool:
        """Whether clients are sent elsewhere because it is full."""
        capacity = self.site.region.capacity
        return capacity is not None and self.turned_away > SPILLS * capacity

    def words(self) -> str:
        """How full it is."""
        region = self.site.region
        if region.capacity is None:
            return "no capacity is set"
        said = f"of {region.capacity:,g}, soft {region.soft:.0%}"
        wanted = None if self.wanted is None else self.wanted + self.fixed
        if wanted is None:
            return f"load unknown {said}"
        return f"its clients would bring {wanted:,.0f} {said}"


@dataclass(frozen=True, slots=True)
class Picture:
    """All sites. `known` is whether load can be reckoned: some region has ever reported any.

    `crowds` are, if it is, the units that the step dealt out, with the load that the clients of
    each of their areas bring.
    """

    sites: tuple[Standing, ...] = ()
    known: bool = False
    crowds: tuple[tuple[Unit, tuple[float, ...]], ...] = field(
        default=(), compare=False, repr=False
    )
