"""How clients are steered between regions, and between the endpoints of one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from gtm.model.places import Clients, GeoCode


class Policy(Enum):
    """How clients are steered between regions."""

    NEAREST = "nearest"
    LATENCY = "latency"
    GEO = "geo"
    WEIGHTED = "weighted"
    FAILOVER = "failover"
    STICKY = "sticky"
    LEAST_LOAD = "least_load"


class Draw(Enum):
    """Where a share decides: one draw for each asker and window, or one for each query."""

    WINDOW = "window"
    QUERY = "query"


class Balance(Enum):
    """How the endpoints inside a region are used."""

    ALL = "all"
    ROUND_ROBIN = "round_robin"
    HASH = "hash"
    EWMA = "ewma"
    LEAST_LOAD = "least_load"


class Everyone(Enum):
    """The match that takes every client."""

    EVERYONE = "*"


EVERYONE = Everyone.EVERYONE
Match = GeoCode | Clients | Everyone


@dataclass(frozen=True, slots=True)
class Rule:
    """Clients that match any of `match` are steered between the regions of `steering`."""

    match: tuple[Match, ...]
    steering: Steering


@dataclass(frozen=True, slots=True)
class Steering:
    """How clients are steered between regions.

    `regions` narrows the regions down (None: all that the service has), in the operator's order,
    and `fence` to those that lie in one of its places. `weights` is by region, for `weighted` and
    `sticky` (regions not named weigh 0) and, with `within`, for `nearest` (they weigh 1). `within`
    is the fraction above the best cost up to which regions share. `answered` is how many regions
    an answer names. `order` and `trickle` (a fraction for the first standby) belong to `failover`,
    `rules` to `geo`, the prefix lengths to `sticky`. `otherwise` steers when none of the regions is
    left. For `nearest` and `latency` a region costs `latency_weight` times its service time beside
    the round trip.
    """

    policy: Policy = Policy.NEAREST
    regions: tuple[str, ...] | None = None
    weights: tuple[tuple[str, int], ...] = ()
    within: float = 0.0
    answered: int = 1
    fence: tuple[GeoCode, ...] = ()
    order: tuple[str, ...] = ()
    trickle: float = 0.0
    rules: tuple[Rule, ...] = ()
    draw: Draw = Draw.WINDOW
    prefix4: int = 24
    prefix6: int = 56
    otherwise: Steering | None = None
    latency_weight: float = 0.0


NEAREST = Steering()  # what holds where nothing is said
