"""What-if: where clients would go, before anything is done.

Both worlds, before and after, are compiled by the server's own compile step; this package only
counts clients over the plans that come out of it.
"""

from gtm.simulate.chosen import chosen
from gtm.simulate.naming import service_of
from gtm.simulate.outcome import Added, Load, Move, Part, Picture, Share, Simulation, Spread
from gtm.simulate.run import simulate
from gtm.simulate.scenario import Scenario, Worlds, worlds, worlds_from
from gtm.simulate.seen import Seen
from gtm.simulate.traffic import Traffic, world_traffic
from gtm.simulate.trafficfile import read_traffic

__all__ = [
    "Added",
    "Load",
    "Move",
    "Part",
    "Picture",
    "Scenario",
    "Seen",
    "Share",
    "Simulation",
    "Spread",
    "Traffic",
    "Worlds",
    "chosen",
    "read_traffic",
    "service_of",
    "simulate",
    "world_traffic",
    "worlds",
    "worlds_from",
]
