"""What one probe found, and the words every reason is made of."""

from __future__ import annotations

from dataclasses import dataclass

from gtm.checks import Target, Tls


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one probe found: whether the target is well, and why in an operator's words.

    `latency` is seconds from the start of the probe to its end (for a failure too), `at` the Unix
    time of the end. `impairment` is why this machine could not make the probe: then nothing was
    found out, `ok` is False and no verdict may go by it. `service` is the seconds that the target
    itself took to answer, without the network; None where the probe does not tell. `load` is its
    load as its response says it, `unread` why that can't be read from where the check says that
    it stands. `expires` is the Unix time at which the target's certificate ends; None where none
    was seen. `answered` says that a failure was found in what the target said, so that the
    way to it is open.
    """

    ok: bool
    reason: str
    latency: float
    at: float
    impairment: str | None = None
    service: float | None = None
    load: float | None = None
    unread: str | None = None
    expires: float | None = None
    answered: bool = False

    @property
    def reached(self) -> bool:
        """Whether the probe got to the target and back."""
        return self.ok or self.answered


def place(target: Target) -> str:
    """Where a target is probed: `192.0.2.10:80`, `[2001:db8::10]:443`, `backend.example.net`."""
    port = target.check.port
    return target.address if port is None else f"{bracketed(target.address)}:{port}"


def called(target: Target) -> str:
    """The name that a target's certificate must be for: the check's, its own, or its address."""
    tls = getattr(target.check.probe, "tls", None)
    name = tls.server_name if isinstance(tls, Tls) else None
    return (name or target.server_name or target.address).rstrip(".")


def bracketed(address: str) -> str:
    """The address as it stands in a URL or before a port (RFC 3986 section 3.2.2)."""
    return f"[{address}]" if ":" in address else address


def span(seconds: float) -> str:
    """A duration for a person: `41 ms`, `1.3 s`, `less than 1 ms`."""
    if seconds < 0.001:
        return "less than 1 ms"
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.3g} s"


def rough(seconds: float) -> str:
    """A long duration for a person: `20 s`, `3 min`, `5 h`, `12 days`."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 2 * 86400:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 86400:.0f} days"


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `3rd`, `4th`, `11th`, `21st`."""
    if number % 100 in (11, 12, 13):
        return f"{number}th"
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
