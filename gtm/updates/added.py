"""The records that updates have put into a zone, beside those of its file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

RRKey = tuple[bytes, int]  # a name on the wire, in lower case, and a type


@dataclass(frozen=True, slots=True)
class Change:
    """One record put in, or (`remove`) taken out; putting it in sets the TTL of its kind."""

    name: bytes
    type: int
    ttl: int
    data: bytes
    remove: bool = False


@dataclass(frozen=True, slots=True)
class AddedSet:
    """Records of one name and type; `ttl` is seconds."""

    ttl: int
    data: tuple[bytes, ...]


EMPTY = AddedSet(0, ())


@dataclass(frozen=True, slots=True)
class Added:
    """All of a zone's. `number` counts the updates that changed anything."""

    sets: Mapping[RRKey, AddedSet] = field(default_factory=dict)
    number: int = 0

    def after(self, changes: Iterable[Change]) -> Added:
        """What they are after one more update (RFC 2136 sections 3.4.2.2 to 3.4.2.4)."""
        sets = dict(self.sets)
        for change in changes:
            key = change.name, change.type
            before = sets.get(key)
            there = before.data if before is not None else ()
            if not change.remove:
                data = there if change.data in there else (*there, change.data)
                sets[key] = AddedSet(change.ttl, data)
            elif before is not None and change.data in there:
                kept = tuple(data for data in there if data != change.data)
                sets[key] = AddedSet(before.ttl, kept)
            if not sets.get(key, EMPTY).data:
                sets.pop(key, None)
        return Added(sets, self.number + 1)

    def changes(self) -> Iterator[Change]:
        """What makes them of nothing."""
        for (name, rrtype), found in self.sets.items():
            for data in found.data:
                yield Change(name, rrtype, found.ttl, data)

    @property
    def names(self) -> int:
        """How many names have some."""
        return len({name for name, _ in self.sets})

    @property
    def records(self) -> int:
        """How many there are."""
        return sum(len(found.data) for found in self.sets.values())
