"""How `gtm top` looks on: what it sorts by, what it keeps, where it has scrolled to. Keys change
it; pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from gtm.cli.topshape import TopService

SORTS = ("trouble", "busy", "name")
UP, DOWN, PAGE_UP, PAGE_DOWN = "\x1b[A", "\x1b[B", "\x1b[5~", "\x1b[6~"
PAGE = 10  # rows
ESCAPE, ENTER, RUBOUT = "\x1b", ("\r", "\n"), ("\x7f", "\b")
LONGEST = 60  # characters of a filter


@dataclass(frozen=True, slots=True)
class Looks:
    """`typing` says that keys go into the filter; `over` that it was told to end."""

    sort: str = SORTS[0]
    filter: str = ""
    typing: bool = False
    first: int = 0
    paused: bool = False
    help: bool = False
    over: bool = False


def pressed(looks: Looks, key: str) -> Looks:
    """How it looks on after a key; others than those shown change nothing."""
    if looks.typing:
        return _typed(looks, key)
    if looks.help:
        return replace(looks, help=False, over=key in ("q", "Q"))
    acts: dict[str, Callable[[], Looks]] = {
        "q": lambda: replace(looks, over=True),
        "s": lambda: replace(looks, sort=_after(looks.sort), first=0),
        "/": lambda: replace(looks, typing=True, filter="", first=0),
        "p": lambda: replace(looks, paused=not looks.paused),
        " ": lambda: replace(looks, paused=not looks.paused),
        "h": lambda: replace(looks, help=True),
        "?": lambda: replace(looks, help=True),
        "j": lambda: _scrolled(looks, 1),
        DOWN: lambda: _scrolled(looks, 1),
        "k": lambda: _scrolled(looks, -1),
        UP: lambda: _scrolled(looks, -1),
        PAGE_DOWN: lambda: _scrolled(looks, PAGE),
        PAGE_UP: lambda: _scrolled(looks, -PAGE),
        "g": lambda: replace(looks, first=0),
        ESCAPE: lambda: replace(looks, filter="", first=0),
    }
    act = acts.get(key.lower() if len(key) == 1 else key)
    return looks if act is None else act()


def _typed(looks: Looks, key: str) -> Looks:
    if key in ENTER:
        return replace(looks, typing=False)
    if key == ESCAPE:
        return replace(looks, typing=False, filter="")
    if key in RUBOUT:
        return replace(looks, filter=looks.filter[:-1])
    if len(key) == 1 and key.isprintable() and len(looks.filter) < LONGEST:
        return replace(looks, filter=looks.filter + key)
    return looks


def _after(sort: str) -> str:
    return SORTS[(SORTS.index(sort) + 1) % len(SORTS)]


def _scrolled(looks: Looks, rows: int) -> Looks:
    return replace(looks, first=max(0, looks.first + rows))


def within(looks: Looks, services: Sequence[TopService]) -> Looks:
    """Not scrolled past the last service."""
    last = max(0, len(chosen(services, looks)) - 1)
    return looks if looks.first <= last else replace(looks, first=last)


def chosen(services: Sequence[TopService], looks: Looks) -> list[TopService]:
    """The services to show, in order: all words of the filter are in their names."""
    words = looks.filter.lower().split()
    found = [one for one in services if all(word in _words(one) for word in words)]
    if looks.sort == "name":
        return sorted(found, key=lambda one: (one.service, one.zone))
    if looks.sort == "busy":
        return sorted(found, key=lambda one: (-one.per_second, one.service))
    return sorted(found, key=lambda one: (_gravity(one), -one.per_second, one.service))


def _words(one: TopService) -> str:
    places = " ".join(f"{each.region} {each.endpoint} {each.state}" for each in one.trouble)
    return f"{one.service} {one.app} {one.zone} {places}".lower()


def _gravity(one: TopService) -> int:
    """0 for what is down in a region, 1 for what was taken out there, 2 for endpoints, 3 for all
    well.
    """
    if grave(one):
        return 0
    if any(not each.endpoint for each in one.trouble):
        return 1
    return 2 if one.trouble else 3


def grave(one: TopService) -> bool:
    """Whether it is down in a region, and no operator has taken it out there."""
    return any(not each.endpoint and each.state in ("down", "unknown") for each in one.trouble)
