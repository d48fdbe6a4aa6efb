"""What is known of the world at the moment of a compile, beside zones and geo databases.

Everything that moves without a file being saved comes through here, so that the compile step
stays a function of its arguments. What has no reading has its neutral value.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from gtm.checks import Target
from gtm.model import Endpoint
from gtm.steering.verdicts import Look


def _forever(target: Target) -> float:
    return math.inf


def _unmeasured(target: Target) -> float | None:
    return None


def _unloaded(zone: str, region: str, endpoint: Endpoint) -> float | None:
    return None


def _unserved(zone: str, region: str) -> float:
    return 0.0


def _level(service: str, region: str, endpoint: Endpoint) -> float:
    return 1.0


@dataclass(frozen=True, slots=True)
class Readings:
    """Verdicts and measurements as they are `now` (Unix seconds); all calls are cheap and pure.

    `patience` is the seconds until a target's verdict could change at the soonest. `pace` is the
    smoothed response time of a target in milliseconds, `load` an endpoint's in the unit that it
    reports; both None while nothing is known. `service_time` is a region's, by zone name, in
    milliseconds, as steering may go by it: it stands still while it changes little, and so does
    `pace`. `lean` is the factor on an endpoint's weight, by service name and region, that evens
    out loads. `expires` is when the certificate of a target ends (Unix time).
    """

    verdict: Look
    now: float = 0.0
    patience: Callable[[Target], float] = _forever
    pace: Callable[[Target], float | None] = _unmeasured
    load: Callable[[str, str, Endpoint], float | None] = _unloaded
    service_time: Callable[[str, str], float] = _unserved
    lean: Callable[[str, str, Endpoint], float] = _level
    expires: Callable[[Target], float | None] = _unmeasured
