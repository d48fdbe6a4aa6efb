"""What services answer now, in flat tables by their numbers: the part of a snapshot that moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gtm.compile.services import PAIR, Answered
from gtm.snapshot import Rendered, RRset

Records = Sequence[Sequence[RRset]]  # of one service: of each region, that of last resort behind
Row = Sequence[Rendered | None]  # of one service and type: the same, rendered


@dataclass(frozen=True, slots=True)
class Table:
    """The snapshot's `answers` and `rows`, while they are made.

    A number stands for two rows. A name with more has several numbers, and answers under the first
    of them alone.
    """

    answers: list[Records]
    rows: list[Row]

    @classmethod
    def copied(cls, answers: Sequence[Records], rows: Sequence[Row]) -> Table:
        """Those of a snapshot: the pointers, not what they point to."""
        return cls(list(answers), list(rows))

    @property
    def next(self) -> int:
        """The number of the service to come."""
        return len(self.answers)

    def add(self, answered: Sequence[Answered]) -> None:
        """One more service, with what it answers in each region and as a last resort."""
        self.answers.append(tuple([each.records for each in answered]))
        self.answers.extend([()] * (len(answered[0].rendered) // PAIR - 1))
        self.rows.extend(zip(*[each.rendered for each in answered], strict=True))

    def of(self, number: int) -> list[Answered]:
        """What a service answers."""
        end = number + 1
        while end < len(self.answers) and not self.answers[end]:
            end += 1
        rendered = zip(*self.rows[number * PAIR : end * PAIR], strict=True)
        return [
            Answered(tuple(records), each)
            for records, each in zip(self.answers[number], rendered, strict=True)
        ]

    def change(self, number: int, answered: Sequence[Answered]) -> None:
        """Puts something else in the place of what a service answers."""
        self.answers[number] = tuple([each.records for each in answered])
        rows = list(zip(*[each.rendered for each in answered], strict=True))
        self.rows[number * PAIR : number * PAIR + len(rows)] = rows
