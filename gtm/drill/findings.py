"""Whether a drill went well: what an operator has to look into, worst first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gtm.drill.course import Failure, Marks
from gtm.drill.measured import NOWHERE, Measured

SLOW = 5.0  # seconds from the act until no answer names the region: a verdict takes milliseconds


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it should be. `grave` ones make the drill a failure."""

    said: str
    grave: bool


def faults(region: str, measured: Measured, marks: Marks, spills: bool) -> tuple[Fault, ...]:
    """What was wrong; `spills` says that full regions sent clients elsewhere meanwhile."""
    found = [
        *_never_gone(region, measured),
        *_failures(measured),
        *_unneeded(measured, spills=spills),
        *_back(region, measured, marks),
    ]
    return tuple(sorted(found, key=lambda fault: not fault.grave))


def _never_gone(region: str, measured: Measured) -> Sequence[Fault]:
    if measured.gone is None:
        return [Fault(f"answers went on naming {region} while it was down", grave=True)]
    if measured.gone > SLOW:
        return [Fault(f"it took {measured.gone:.1f} s until no answer named {region}", grave=True)]
    return []


def _failures(measured: Measured) -> list[Fault]:
    words = {
        Failure.EMPTY: "had no address in them",
        Failure.SERVFAIL: "were SERVFAIL",
        Failure.REFUSED: "were refused or denied",
        Failure.SILENCE: "never came",
    }
    found = [
        Fault(f"{count:,} of {measured.asked:,} answers {words[failure]}", grave=True)
        for failure, count in sorted(measured.failures.items())
    ]
    unknown = measured.during.get(NOWHERE, 0.0)
    if unknown and not measured.failures:
        found.append(Fault(f"{unknown:.0%} of the answers named no region", grave=False))
    return found


def _unneeded(measured: Measured, *, spills: bool) -> list[Fault]:
    if not measured.unneeded:
        return []
    count = len(measured.unneeded)
    said = f"{count} of {measured.staying} clients of other regions moved too"
    why = ": a region that became full sends clients on" if spills else ""
    return [Fault(said + why, grave=not spills)]


def _back(region: str, measured: Measured, marks: Marks) -> list[Fault]:
    if marks.undone is None:
        return [Fault("it was not taken back by this command: it ends by its expiry", grave=True)]
    if measured.back is None:
        seconds = marks.ended - marks.undone
        said = f"not all clients of {region} were back {seconds:.0f} s after it was taken back"
        return [Fault(said, grave=False)]
    return []
