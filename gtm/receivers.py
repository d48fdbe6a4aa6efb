"""Who is told of events and how: what `alerts` in a zone file means, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase

from gtm.events import Event, Kind, Severity

PAGERDUTY_URL = "https://events.pagerduty.com/v2/enqueue"


class ReceiverType(Enum):
    """Whose API is spoken."""

    WEBHOOK = "webhook"
    SLACK = "slack"
    PAGERDUTY = "pagerduty"
    ALERTMANAGER = "alertmanager"


class Where(Enum):
    """Where a value stands that may be a secret."""

    HERE = "here"
    FILE = "file"
    ENVIRONMENT = "env"


@dataclass(frozen=True, slots=True, repr=False)
class Guarded:
    """A value that may be a secret: itself, or the file or variable that has it."""

    where: Where
    value: str

    def __repr__(self) -> str:
        """Where it stands; never what it is."""
        return f"Guarded({self})"

    def __str__(self) -> str:
        """Where it stands, in words."""
        return {
            Where.HERE: "the zone file",
            Where.FILE: f"the file {self.value}",
            Where.ENVIRONMENT: f"the variable {self.value}",
        }[self.where]


@dataclass(frozen=True, slots=True)
class Receiver:
    """Someone who is told. `secret` signs a webhook's messages, or is PagerDuty's routing key.

    An event is told if its kind is one of `kinds`, it matters at least `severity`, and its region
    and app fit a glob (an event without one fits). What happens within `group_wait` seconds is
    told together, what lasts is told again every `repeat` seconds (0: never). At most `burst`
    messages go at once, then one every `pace` seconds. With `proxy` the environment's is used.
    """

    name: str
    type: ReceiverType
    url: Guarded
    secret: Guarded | None = None
    kinds: tuple[Kind, ...] = tuple(Kind)
    severity: Severity = Severity.WARNING
    regions: tuple[str, ...] = ("*",)
    apps: tuple[str, ...] = ("*",)
    group_wait: float = 5.0
    repeat: float = 4 * 3600.0
    burst: int = 10
    pace: float = 30.0
    timeout: float = 10.0
    proxy: bool = False

    def wants(self, event: Event) -> bool:
        """Whether it is told of what the event begins."""
        return (
            event.kind in self.kinds
            and event.severity >= self.severity
            and _fits(event.region, self.regions)
            and _fits(event.app, self.apps)
        )


def _fits(name: str, globs: tuple[str, ...]) -> bool:
    return not name or any(fnmatchcase(name, glob) for glob in globs)
