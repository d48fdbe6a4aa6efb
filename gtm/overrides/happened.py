"""What happened to overrides between two books, as events; and whose word a verdict is. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from gtm.events import Event, conditions
from gtm.model import Verdict
from gtm.overrides.book import Book
from gtm.overrides.override import Override


def happened(
    before: Book, after: Book, taken_back: Mapping[int, str], now: float
) -> Iterator[Event]:
    """What was put in force and what holds no more; `taken_back` says, by number, by whom.

    One that another about the same target replaces is not over. `now` is Unix time.
    """
    old = {one.number for one in before.overrides}
    new = {one.number for one in after.overrides}
    targets = {str(one.target) for one in after.overrides}
    for one in before.overrides:
        if one.number not in new and str(one.target) not in targets:
            yield _ended(one, taken_back, now)
    for one in after.overrides:
        if one.number not in old:
            by = f"override by {one.author}"
            yield conditions.override(now, str(one.target), str(one), by)


def _ended(one: Override, taken_back: Mapping[int, str], now: float) -> Event:
    target = str(one.target)
    if one.number in taken_back:
        author = taken_back[one.number] or "an operator"
        reason = f"taken back by {author}; it was {one}"
        return conditions.override(now, target, reason, f"override by {author}", over=True)
    return conditions.override(now, target, f"its time is over; it was {one}", "time", over=True)


def decided_by(book: Book, verdict: Verdict) -> str:
    """The author of the word that a verdict comes from, "" if it is none's."""
    # reasons of what is derived quote the word that they come from
    words = (one for one in book.overrides if str(one) in verdict.reason)
    return next((one.author for one in words), "")
