"""How the endpoints of a region share its clients, where measurements decide. Pure.

Shares are in proportion, never all to the best one: all resolvers that ask within a TTL would
else be herded onto one endpoint, which then is the best no more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce

from gtm.model import App, Balance, Endpoint, Service
from gtm.steering.readings import Readings
from gtm.steering.verdicts import target_of

MEASURED = {Balance.EWMA, Balance.LEAST_LOAD}

SHARES = 200  # parts of a whole that shares are rounded to: half percents
FASTEST = 1.0  # milliseconds: faster is the same, as probes tell no less apart

MOST = 4.0  # times its weight that load may give an endpoint in the end, or divide it by
STEP = (
    2.0  # the same for one correction: who has just come up has no load, and is not to be run over
)
EXPONENT = 0.5  # of a correction: half of the way, as loads are old when they are told
DEADBAND = 0.10  # a utilisation this near to the mean is left alone


def weighed(
    app: App, service: Service, region: str, endpoints: tuple[Endpoint, ...], readings: Readings
) -> tuple[Endpoint, ...]:
    """The endpoints in use, with the weights that measurements give them.

    Other balances keep the weights of the zone file.
    """
    weights = [float(endpoint.weight) for endpoint in endpoints]
    if app.balance is Balance.EWMA:
        shares = by_pace(weights, [_pace(app, service, each, readings) for each in endpoints])
    elif app.balance is Balance.LEAST_LOAD:
        leans = [readings.lean(service.name, region, endpoint) for endpoint in endpoints]
        shares = [weight * lean for weight, lean in zip(weights, leans, strict=True)]
    else:
        return endpoints
    counts = [0] * len(endpoints)
    for version in (4, 6):  # an answer is of one family
        at = [n for n, end in enumerate(endpoints) if end.version == version]
        for n, count in zip(at, _counts([shares[n] for n in at]), strict=True):
            counts[n] = count
    return tuple(
        replace(endpoint, weight=count) for endpoint, count in zip(endpoints, counts, strict=True)
    )


def _pace(app: App, service: Service, endpoint: Endpoint, readings: Readings) -> float | None:
    target = target_of(app, service, endpoint)
    return None if target is None else readings.pace(target)


def by_pace(weights: Sequence[float], paces: Sequence[float | None]) -> list[float]:
    """Shares by weight / response time; who is not measured counts as the mean of the others."""
    known = [max(pace, FASTEST) for pace in paces if pace is not None]
    if not known:
        return list(weights)
    mean = sum(known) / len(known)
    return [
        weight / (mean if pace is None else max(pace, FASTEST))
        for weight, pace in zip(weights, paces, strict=True)
    ]


def corrected(
    leans: Mapping[Endpoint, float], loads: Mapping[Endpoint, float | None]
) -> dict[Endpoint, float]:
    """The factors on endpoints' weights after one look at their loads.

    utilisation = load / weight;  factor *= (mean utilisation / utilisation) ** 0.5

    The correction is applied to the factor in force: it goes on until utilisations are equal,
    whatever a client costs on each endpoint, and stops within 10 % of that. It must not be made
    again before clients have followed the last one. One correction is at most a factor of 2, all
    together stay within 1/4 and 4 of their middle. Who reports no load is left alone, and with no
    load told at all the weights are what counts.
    """
    used = {
        endpoint: load / endpoint.weight
        for endpoint, load in loads.items()
        if load is not None and endpoint.weight
    }
    mean = sum(used.values()) / len(used) if used else 0.0
    if not mean:
        return dict.fromkeys(loads, 1.0)
    found = {
        endpoint: leans.get(endpoint, 1.0) * _step(mean, used.get(endpoint, mean))
        for endpoint in loads
    }
    middle = math.exp(sum(math.log(lean) for lean in found.values()) / len(found))
    return {end: min(MOST, max(1 / MOST, lean / middle)) for end, lean in found.items()}


def _step(mean: float, used: float) -> float:
    if abs(used - mean) < DEADBAND * mean:
        return 1.0
    step = math.pow(mean / max(used, mean / STEP**2), EXPONENT)
    return min(STEP, max(1 / STEP, step))


def _counts(shares: Sequence[float]) -> list[int]:
    """The shares as whole numbers, SHARES together (largest remainders), without what is common.

    What is not 0 keeps at least one.
    """
    total = sum(shares)
    if not total:
        return [0] * len(shares)
    exact = [share / total * SHARES for share in shares]
    counts = [max(1, int(part)) if part else 0 for part in exact]
    order = sorted(range(len(exact)), key=lambda at: int(exact[at]) - exact[at])
    for at in order[: max(0, SHARES - sum(counts))]:
        counts[at] += 1
    common = reduce(math.gcd, counts)
    return [count // common for count in counts]
