"""What a checker is told beside its targets, and what it tells beside its verdicts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from gtm.checks import Freeze, Target
from gtm.health.certificates import Ending
from gtm.health.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Frozen:
    """Failures are not believed: why, and since when (Unix time)."""

    reason: str
    since: float


@dataclass(frozen=True, slots=True)
class Census:
    """How many targets there are, and of how many something is not as it should be.

    `stale` verdicts are too old to be believed, `impaired` ones are of targets that this machine
    can't probe, `disbelieved` ones stand although the latest probe failed, `held` ones are down
    for changing too often. `probes` counts those that had an outcome since the targets were added.
    """

    targets: int
    stale: int
    impaired: int
    disbelieved: int
    held: int
    probes: int


@dataclass(frozen=True, slots=True)
class Vantage:
    """What tells a checker that is cut off from targets that fail.

    `regions` are those that each target serves. `canaries` are targets, too: what must answer
    whenever the checker is connected.
    """

    regions: Mapping[Target, Collection[str]] = field(default_factory=dict)
    canaries: Collection[Target] = ()
    freeze: Freeze = field(default_factory=Freeze)


def ignore(target: Target, outcome: Outcome) -> None:
    """The `on_probe` of who does not care."""


def unheard(target: Target) -> None:
    """What a change of patience comes to while nobody listens."""


def unconcerned(ending: Ending) -> None:
    """What the end of a certificate comes to while nobody listens."""


def unfrozen(frozen: Frozen | None) -> None:
    """What being cut off comes to while nobody listens."""
