"""One thing that happened: what about, what it was before, why, and who decided it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, IntEnum

HELD = "held"  # what an override is while safety holds it back
UNTOLD = "no longer reported"  # what a condition is to who is not told of it any more
CHECKS = "probe"  # who decided, where nobody but the checks did
REPORTS = "reports"  # where gateways and clients did, though probes succeed


class Kind(Enum):
    """What an event is about; the words that `on:` of a receiver takes."""

    ENDPOINT = "endpoint"
    SERVICE = "service"
    REGION = "region"
    ALL_DOWN = "all_down"
    OVERRIDE = "override"
    RELOAD = "reload"
    FROZEN = "frozen"
    STALE = "stale"
    CERTIFICATE = "certificate"
    CAPACITY = "capacity"
    SIGNATURES = "signatures"


class Severity(IntEnum):
    """How much it matters: `info` is to be read some day, `critical` at once."""

    INFO = 1
    WARNING = 2
    CRITICAL = 3

    @property
    def word(self) -> str:
        """As zone files and JSON write it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Event:
    """A condition that began, changed, or is over.

    `key` names the condition: the event that ends it (`over`) has the key of the one that began
    it. `before` and `after` are states in a word, "" where there is none. `by` is who decided:
    `probe`, `reports`, `override by alice`. `at` is Unix time. Names are bare, "" where they do
    not apply.
    """

    at: float
    kind: Kind
    severity: Severity
    key: str
    reason: str
    over: bool = False
    by: str = CHECKS
    before: str = ""
    after: str = ""
    zone: str = ""
    app: str = ""
    service: str = ""
    region: str = ""
    endpoint: str = ""

    @property
    def subject(self) -> str:
        """What it is about, in words: `192.0.2.10 of orders in eu-west`."""
        who = self.service or self.app
        if self.endpoint:
            who = f"{self.endpoint} of {who}" if who else self.endpoint
        where = f" in {self.region}" if who else self.region
        return (who + where if self.region else who) or self.zone or "gtm"

    @property
    def said(self) -> str:
        """What happened, in words and without the reason: `shop in eu-west is down`."""
        if self.after == UNTOLD:
            return f"{self.subject} is {UNTOLD}"
        match self.kind:
            case Kind.ALL_DOWN:
                state = "has a region again" if self.over else "has no region left"
                return f"{self.service or self.app} {state}"
            case Kind.OVERRIDE if HELD in (self.before, self.after):
                state = "is held back no more" if self.over else "is held back by safety"
                return f"the drain of {self.endpoint} {state}"
            case Kind.OVERRIDE:
                return f"override of {self.endpoint} {'ended' if self.over else 'set'}"
            case Kind.RELOAD:
                if self.endpoint:
                    state = "is loaded again" if self.over else "could not be loaded"
                    return f"{self.endpoint} {state}"
                return "files are loaded again" if self.over else "files could not be loaded"
            case Kind.FROZEN:
                state = "move again" if self.over else "are frozen"
                return f"verdicts {state}"
            case Kind.STALE:
                return f"{self.subject} {'is fresh again' if self.over else 'is stale'}"
            case Kind.CERTIFICATE:
                state = "is good again" if self.over else "ends soon"
                return f"the certificate of {self.subject} {state}"
            case Kind.SIGNATURES:
                state = "are fresh again" if self.over else "are not made anew"
                return f"signatures of {self.zone} {state}"
            case Kind.CAPACITY:
                worst = self.severity is Severity.CRITICAL
                full = "is over its capacity" if worst else "is above its soft limit"
                state = "has room again" if self.over else full
                return f"{self.subject} {state}"
        return f"{self.subject} is {self.after}"


Sink = Callable[[Event], None]


def ignore(event: Event) -> None:
    """A sink that nobody listens to."""
