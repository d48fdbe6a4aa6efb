"""What one load hands to the next: endpoints by what is written for them.

A large zone is hundreds of thousands of addresses, of which a load finds nearly all as they were.
Endpoints that are taken over are the same objects, which the compile step knows at a glance, and
are in memory once while the snapshots of both loads are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gtm.model import Endpoint

Alone = tuple[Endpoint, ...]


@dataclass(slots=True)
class KnownEndpoints:
    """The endpoints of regions with one address, by its text. For one load at a time.

    Such an address is right or wrong by itself, whatever zone and service it is in.
    """

    _now: dict[str, Alone] = field(default_factory=dict)
    _before: dict[str, Alone] = field(default_factory=dict)

    def begin(self) -> None:
        """A load begins."""
        self._now, self._before = {}, self._before | self._now if self._before else self._now

    def of(self, text: str) -> Alone | None:
        """The endpoints of that text, if it was read before."""
        found = self._now.get(text)
        if found is None and (found := self._before.get(text)) is not None:
            self._now[text] = found
        return found

    def keep(self, text: str, found: Alone) -> None:
        """Remembers what a text was read as."""
        self._now[text] = found

    def end(self) -> None:
        """The load went well, and what it did not ask for is forgotten."""
        self._before = {}
