"""Which keys of steering say something for which policy, and what to do about the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gtm.model import Policy
from gtm.zonefile.steeringshape import SteeringKeys

BY_COST = (Policy.NEAREST, Policy.LATENCY)
BY_WEIGHT = (Policy.WEIGHTED, Policy.STICKY)

# For each key the policies it says something for, and the same in words.
_HAVE: Mapping[str, tuple[tuple[Policy, ...], str]] = {
    "within": (BY_COST, "nearest and latency"),
    "latency_weight": (BY_COST, "nearest and latency"),
    "weights": (
        (*BY_WEIGHT, *BY_COST),
        "weighted and sticky, and with `within` for nearest and latency",
    ),
    "order": ((Policy.FAILOVER,), "failover"),
    "trickle": ((Policy.FAILOVER,), "failover"),
    "rules": ((Policy.GEO,), "geo"),
    "fence": (
        tuple(policy for policy in Policy if policy is not Policy.GEO),
        "all other policies, those of the rules too",
    ),
    "draw": (
        (*BY_COST, Policy.WEIGHTED, Policy.FAILOVER, Policy.LEAST_LOAD),
        "weighted and least_load, with `within` for nearest and latency, "
        "and with `trickle` for failover",
    ),
}
_NAMED = (
    (*BY_COST, *BY_WEIGHT, Policy.LEAST_LOAD),
    "nearest, latency, weighted, sticky and least_load; failover has `order`, and geo its rules",
)
_COUNTED = (
    (*BY_COST, Policy.WEIGHTED, Policy.FAILOVER, Policy.LEAST_LOAD),
    "nearest, latency, weighted, failover and least_load",
)

# Keys that say something only beside another one.
_BESIDE: Mapping[tuple[str, Policy], str] = {
    **{(key, policy): "within" for key in ("weights", "draw") for policy in BY_COST},
    ("draw", Policy.FAILOVER): "trickle",
}


def idle_keys(shape: SteeringKeys, policy: Policy) -> Iterator[tuple[str, str, str]]:
    """The keys written that say nothing for the policy: key, problem and remedy."""
    have = {**_HAVE, "regions": _COUNTED if type(shape.regions) is int else _NAMED}
    for key, (policies, words) in have.items():
        if key not in shape.model_fields_set:
            continue
        beside = _BESIDE.get((key, policy))
        if policy not in policies:
            form = "a number of `regions`" if have[key] is _COUNTED else f"`{key}`"
            yield key, f"{form} says nothing for {policy.value}", f"remove it; it is for {words}"
        elif beside and not getattr(shape, beside):
            yield (
                key,
                f"`{key}` says nothing for {policy.value} without `{beside}`",
                f"write `{beside}:` beside it, or remove it; it is for {words}",
            )
