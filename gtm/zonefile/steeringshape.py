"""The shape of `steering`, of an app, of a service, and of the rules inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from gtm.model import Policy
from gtm.zonefile.leaves import (
    Codes,
    DrawWord,
    Fraction,
    Matches,
    PolicyWord,
    Prefix4,
    Prefix6,
    RegionNames,
    RegionsOrCount,
    Times,
    Weight,
)
from gtm.zonefile.shapebase import Shape


class PrefixShape(Shape):
    """How long the prefix of a client network is."""

    v4: Prefix4 = Field(default=24, description="Bits of an IPv4 network.")
    v6: Prefix6 = Field(default=56, description="Bits of an IPv6 network.")


class SteeringKeys(Shape):
    """The keys that policies have; `policies.py` knows which has which."""

    later: ClassVar[tuple[str, ...]] = ("soft",)
    elsewhere: ClassVar[Mapping[str, str]] = dict.fromkeys(
        ("answers", "balance", "min_up", "panic", "ramp", "when_all_down"),
        "the app, beside `steering`",
    )

    regions: RegionsOrCount | None = Field(
        default=None,
        description="The regions to use, first ones first; or how many an answer names (1).",
    )
    within: Fraction = Field(
        default=0.0, description="Regions that cost at most this much more than the best share."
    )
    latency_weight: Times = Field(
        default=0.0,
        description="Times its service time is what a region costs beside the round trip.",
    )
    weights: dict[str, Weight] = Field(
        default_factory=dict,
        description="By region.",
    )
    order: RegionNames | None = Field(default=None, description="For failover: first to last.")
    trickle: Fraction = Field(default=0.0, description="What the first standby gets.")
    fence: Codes | None = Field(default=None, description="Places that are never left.")
    rules: list[RuleShape] | None = Field(default=None, description="For geo: the first counts.")
    draw: DrawWord | None = Field(
        default=None, description="Whether shares are drawn for each window (default) or query."
    )
    prefix: PrefixShape | None = Field(
        default=None, description="Client networks of sticky and of balance: hash."
    )
    otherwise: SteeringUse | None = Field(
        default=None, description="How to steer when none of the regions is left."
    )


class SteeringShape(SteeringKeys):
    """How clients are steered between regions."""

    policy: PolicyWord = Field(default=Policy.NEAREST, description="How a region is chosen.")


class RuleShape(SteeringKeys):
    """How the clients that match are steered: a policy, or regions to try in their order."""

    match: Matches | None = Field(default=None, description="Default everyone.")
    policy: PolicyWord | None = Field(default=None, description="Default: `regions` in order.")


def _long_steering(value: object) -> object:
    return value if isinstance(value, dict) else {"policy": value}


SteeringUse = Annotated[
    SteeringShape,
    BeforeValidator(_long_steering, json_schema_input_type=PolicyWord | SteeringShape),
]
