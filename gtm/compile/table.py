"""What services answer now, in flat tables by their numbers: the part of a snapshot that moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gtm.compile.services import PAIR, Answered
from gtm.snapshot import Rendered, RRset, Snapshot

Records = Sequence[Sequence[RRset]]  # of one service: of each region, that of last resort behind
Row = Sequence[Rendered | None]  # of one service and type: the same, rendered


@dataclass(frozen=True, slots=True)
class Table:
    """The snapshot's `answers`, `rows` and `signed`, while they are made.

    A number stands for two rows. A name with more has several numbers, and answers under the first
    of them alone. `signed` is None where no zone is signed.
    """

    answers: list[Records]
    rows: list[Row]
    signed: list[Row] | None = None

    @classmethod
    def copied(cls, snapshot: Snapshot) -> Table:
        """Those of a snapshot: the pointers, not what they point to."""
        signed = list(snapshot.signed) if snapshot.signed else None
        return cls(list(snapshot.answers), list(snapshot.rows), signed)

    @property
    def next(self) -> int:
        """The number of the service to come."""
        return len(self.answers)

    def add(self, answered: Sequence[Answered]) -> None:
        """One more service, with what it answers in each region and as a last resort."""
        self.answers.append(tuple([each.records for each in answered]))
        self.answers.extend([()] * (len(answered[0].rendered) // PAIR - 1))
        rows = list(zip(*[each.rendered for each in answered], strict=True))
        self.rows.extend(rows)
        if self.signed is not None:
            self.signed.extend(_signed(answered, rows))

    def of(self, number: int) -> list[Answered]:
        """What a service answers."""
        end = number + 1
        while end < len(self.answers) and not self.answers[end]:
            end += 1
        places = slice(number * PAIR, end * PAIR)
        rendered = list(zip(*self.rows[places], strict=True))
        signed = rendered if self.signed is None else zip(*self.signed[places], strict=True)
        return [
            Answered(tuple(records), *each)
            for records, *each in zip(self.answers[number], rendered, signed, strict=True)
        ]

    def change(self, number: int, answered: Sequence[Answered]) -> None:
        """Puts something else in the place of what a service answers."""
        self.answers[number] = tuple([each.records for each in answered])
        rows = list(zip(*[each.rendered for each in answered], strict=True))
        places = slice(number * PAIR, number * PAIR + len(rows))
        self.rows[places] = rows
        if self.signed is not None:
            self.signed[places] = _signed(answered, rows)


def _signed(answered: Sequence[Answered], rows: list[tuple[Rendered | None, ...]]) -> list[Row]:
    """The rows as clients get them that want signatures: of an unsigned zone, the same."""
    if all(each.signed == each.rendered for each in answered):
        return list(rows)
    return list(zip(*[each.signed for each in answered], strict=True))
