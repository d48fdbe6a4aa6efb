"""What one message says, before it is put into anybody's format."""

from __future__ import annotations

from dataclasses import dataclass

from gtm.events import Event, Kind, Severity

SHOWN = 20  # lines of a message; the rest is counted

_NOUNS = {
    Kind.ENDPOINT: "endpoint",
    Kind.SERVICE: "service",
    Kind.REGION: "app",
    Kind.ALL_DOWN: "app or service",
    Kind.CERTIFICATE: "certificate",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A message about an alert: it began or goes on, or it is over.

    `began` and `ended` are Unix time, `ended` None while it lasts. `former` is the severity it was
    told with before, if that was another; `first` is whether it was not told before, `again`
    whether there is nothing new to it. `events` are its conditions, those that matter most first
    (for one that is over: those that ended last). `parts` counts what else is down for the same
    cause, by kind. `untold` counts changes that were too many to be told.
    """

    alert: str
    name: str
    severity: Severity
    began: float
    events: tuple[Event, ...]
    ended: float | None = None
    former: Severity | None = None
    first: bool = False
    parts: tuple[tuple[Kind, int], ...] = ()
    untold: int = 0
    again: bool = False

    @property
    def over(self) -> bool:
        """Whether it is over."""
        return self.ended is not None

    @property
    def title(self) -> str:
        """One line: `eu-west is down for shop and 3 other apps, with 400 endpoints`."""
        return f"{_headline(self)}{_with_parts(self.parts)}"

    @property
    def lines(self) -> tuple[str, ...]:
        """A line for each condition, with its reason and who decided; the rest counted."""
        found = [_line(event) for event in self.events[:SHOWN]]
        if (more := len(self.events) - SHOWN) > 0:
            found.append(f"and {more} more")
        if self.untold:
            changes = "change was" if self.untold == 1 else "changes were"
            found.append(f"{self.untold} {changes} not told meanwhile: too many messages")
        return tuple(found)


def _line(event: Event) -> str:
    return f"{event.said}: {event.reason} ({event.by})" if event.by else event.said


def _headline(notice: Notice) -> str:
    """What the conditions have in common."""
    first, count = notice.events[0], len({event.key for event in notice.events})
    state = "up again" if notice.over else first.after or "down"
    match first.kind:
        case Kind.REGION:
            others = f" and {_counted(count - 1, 'other app')}" if count > 1 else ""
            return f"{first.region} is {state} for {first.app}{others}"
        case Kind.ENDPOINT | Kind.SERVICE if count > 1:
            kinds = [Kind.SERVICE, Kind.ENDPOINT]
            counts = [(kind, _number(notice.events, kind)) for kind in kinds]
            said = " and ".join(_counted(n, _NOUNS[kind]) for kind, n in counts if n)
            return f"{said} in {first.region} {'are up again' if notice.over else 'are not up'}"
    others = f" and {_counted(count - 1, 'more')}" if count > 1 else ""
    return f"{first.said}{others}"


def _number(events: tuple[Event, ...], kind: Kind) -> int:
    return len({event.key for event in events if event.kind is kind})


def _with_parts(parts: tuple[tuple[Kind, int], ...]) -> str:
    said = [_counted(count, _NOUNS[kind]) for kind, count in parts if count]
    return f", with {' and '.join(said)}" if said else ""


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 or noun == "more" else f"{number} {noun}s"
