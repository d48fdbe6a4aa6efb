"""How much of what its clients would bring a region takes: proportional shedding, worked out.

Akamai and NS1 shed a part of the new clients that grows in proportion as the load goes from a low
mark to a high one. With load L, marks S and C, and D the load if nobody were turned away, that
settles where L = D * (1 - (L - S) / (C - S)), which is

    L = D * C / (C - S + D)

It is S where D is S, rises with D and never reaches C. Taking L at once gives the same shares
without waiting for load to follow them, so that there is nothing to oscillate.
"""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Room:
    """What a region can take, in the unit of its capacity.

    Clients are turned away from `soft` (a fraction of the capacity) on. `fixed` is load that
    steering does not control: it takes room, and stays.
    """

    capacity: float = math.inf
    soft: float = 0.8
    fixed: float = 0.0

    @property
    def limit(self) -> float:
        """The most that may be steered there."""
        return max(0.0, self.capacity - self.fixed)

    def target(self, wanted: float) -> float:
        """What to take where the policy would bring so much; at least what is free below `soft`."""
        if math.isinf(self.capacity):
            return math.inf
        demand, soft = wanted + self.fixed, self.soft * self.capacity
        if demand <= soft:
            return soft - self.fixed
        return max(0.0, demand * self.capacity / (self.capacity - soft + demand) - self.fixed)
