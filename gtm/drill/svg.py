"""A drill as a picture: shares of answers by region over time, stacked, with marks.

Written by hand, so that a report needs nothing to be looked at but a browser. Colours follow the
reader's light or dark mode; each region has its word in its band, so colour is never needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from gtm.drill.measured import NOWHERE
from gtm.drill.timeline import Timeline

WIDTH, HEIGHT = 960, 460
LEFT, RIGHT, TOP, BOTTOM = 52, 24, 124, 64
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
# told apart by the colour-blind as well: after Okabe and Ito, without yellow
PALETTE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#7b61c9", "#8a8f98")
LEGEND = 12  # regions that are named in the legend
THINNEST = 0.06  # of all answers: bands that are always thinner have no word in them
TICKS = 8

STYLE = """
  .paper { fill: #ffffff } .ink { fill: #1c2430 } .soft { fill: #5a6675 }
  .line { stroke: #c9d0d9; stroke-width: 1 } .mark { stroke: #1c2430; stroke-width: 1.25 }
  .down { fill: #1c2430; fill-opacity: 0.06 } .bad { fill: #c4162a } .gone { stroke-dasharray: 3 3 }
  .band { stroke: #ffffff; stroke-width: 0.75; fill-opacity: 0.92 } .word { fill: #ffffff }
  text { font: 13px system-ui, sans-serif } .title { font-size: 18px; font-weight: 600 }
  .small { font-size: 12px } .word { font-weight: 600; font-size: 14px }
  .word { paint-order: stroke; stroke: #1c2430; stroke-opacity: 0.45; stroke-width: 3 }
  @media (prefers-color-scheme: dark) {
    .paper { fill: #12161c } .ink { fill: #e8ecf1 } .soft { fill: #9aa6b5 }
    .line { stroke: #313a46 } .mark { stroke: #e8ecf1 } .band { stroke: #12161c }
    .down { fill: #ffffff; fill-opacity: 0.07 } .bad { fill: #ff6b78 }
  }
"""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment, in seconds since the act, and its words. `soft` ones are dashed."""

    at: float
    words: str
    soft: bool = False


@dataclass(frozen=True, slots=True)
class Drawing:
    """What is drawn: `subtitle` in small print, `down` from when to when the region was out."""

    title: str
    subtitle: str
    timeline: Timeline
    marks: Sequence[Mark]
    down: tuple[float, float]
    order: Sequence[str]


def svg(drawing: Drawing) -> str:
    """The whole picture, as a document of its own."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'role="img" aria-label={quoteattr(f"{drawing.title}. {drawing.subtitle}")}>',
        f"<title>{escape(drawing.title)}</title><desc>{escape(drawing.subtitle)}</desc>",
        f"<style>{STYLE}</style>",
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}"/>',
        _text(LEFT, 30, drawing.title, "ink title"),
        _text(LEFT, 50, drawing.subtitle, "soft small"),
        *_legend(drawing),
        *_grid(drawing.timeline),
        *_bands(drawing),
        *_out(drawing),
        *_failures(drawing.timeline),
        *_words(drawing),
        *_marks(drawing),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


# --- places -----------------------------------------------------------------------------


def _x(line: Timeline, at: float) -> float:
    length = line.step * line.steps
    return LEFT + PLOT_WIDTH * min(1.0, max(0.0, (at - line.start) / length))


def _y(share: float) -> float:
    return TOP + PLOT_HEIGHT * (1 - min(1.0, max(0.0, share)))


def _colour(name: str, order: Sequence[str]) -> str:
    if name == NOWHERE or name not in order:
        return PALETTE[-1]
    return PALETTE[list(order).index(name) % (len(PALETTE) - 1)]


def _text(x: float, y: float, words: str, kind: str, anchor: str = "start") -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(words)}</text>'


# --- parts ------------------------------------------------------------------------------


def _grid(line: Timeline) -> Iterator[str]:
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = _y(share)
        yield f'<path class="line" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        yield _text(LEFT - 8, y + 4, f"{share:.0%}", "soft small", "end")
    for at in _ticks(line.start, line.start + line.step * line.steps):
        x = _x(line, at)
        bottom = TOP + PLOT_HEIGHT
        yield f'<path class="line" d="M{x:.1f} {bottom}v5"/>'
        yield _text(x, bottom + 20, f"{at:g} s", "soft small", "middle")
    yield _text(
        LEFT + PLOT_WIDTH / 2,
        HEIGHT - 14,
        "seconds since the region was forced down; height: share of the answers to all sampled "
        "clients",
        "soft small",
        "middle",
    )


def _ticks(first: float, last: float) -> list[float]:
    """Round moments, some eight of them."""
    for step in (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600):
        if (last - first) / step <= TICKS:
            break
    start = int(first // step) * step
    return [start + n * step for n in range(TICKS + 3) if first <= start + n * step <= last]


def _bands(drawing: Drawing) -> Iterator[str]:
    """One area for each region, from the first of the order at the bottom up."""
    line = drawing.timeline
    below = [0.0] * line.steps
    for name, shares in line.shares.items():
        above = [low + share for low, share in zip(below, shares, strict=True)]
        path = _edge(line, above) + " " + " ".join(reversed(_edge(line, below).split(" ")))
        colour = _colour(name, drawing.order)
        words = escape(name or "no region")
        points = f'<polygon class="band" fill="{colour}" points="{path}">'
        yield f"{points}<title>{words}</title></polygon>"
        below = above


def _edge(line: Timeline, heights: Sequence[float]) -> str:
    """Points of a stair: a step is one height from its begin to its end."""
    return " ".join(
        f"{_x(line, line.start + at * line.step):.1f},{_y(height):.1f}"
        for number, height in enumerate(heights)
        for at in (number, number + 1)
    )


def _words(drawing: Drawing) -> Iterator[str]:
    """A band's name where it is thickest for long."""
    line = drawing.timeline
    below = [0.0] * line.steps
    for name, shares in line.shares.items():
        place = _thickest(shares)
        if place is not None and name:
            half = len(name) * 4.5
            x = _x(line, line.start + (place + 0.5) * line.step)
            x = min(max(x, LEFT + half), WIDTH - RIGHT - half)
            yield _text(x, _y(below[place] + shares[place] / 2) + 5, name, "word", "middle")
        below = [low + share for low, share in zip(below, shares, strict=True)]


def _thickest(shares: Sequence[float]) -> int | None:
    """The middle of the longest stretch that is nearly as thick as the thickest."""
    most = max(shares, default=0.0)
    if most < THINNEST:
        return None
    best, start = (0, 0), None
    for place, share in enumerate([*shares, -1.0]):
        if share >= most * 0.85:
            start = place if start is None else start
        elif start is not None:
            best = max(best, (place - start, start))
            start = None
    return best[1] + best[0] // 2


def _out(drawing: Drawing) -> Iterator[str]:
    first, last = (_x(drawing.timeline, at) for at in drawing.down)
    yield (
        f'<rect class="down" x="{first:.1f}" y="{TOP}" width="{max(0.0, last - first):.1f}" '
        f'height="{PLOT_HEIGHT}"/>'
    )


def _failures(line: Timeline) -> Iterator[str]:
    """A tick above the plot for each step in which somebody got no address."""
    for number, count in enumerate(line.failures):
        if count:
            x = _x(line, line.start + number * line.step)
            wide = max(2.0, PLOT_WIDTH / line.steps)
            yield (
                f'<rect class="bad" x="{x:.1f}" y="{TOP - 8}" width="{wide:.1f}" height="6">'
                f"<title>{count} answers without an address</title></rect>"
            )


def _marks(drawing: Drawing) -> Iterator[str]:
    """Lines through the plot; their words stand above it, on two levels if they would touch."""
    taken = [-1e9, -1e9]
    for mark in sorted(drawing.marks, key=lambda one: one.at):
        x = _x(drawing.timeline, mark.at)
        width = len(mark.words) * 6.4
        turned = x + width > WIDTH - 4
        left = x - width if turned else x
        level = 0 if left > taken[0] + 8 else 1
        taken[level] = left + width
        y = TOP - 12 - 15 * level
        kind = "mark gone" if mark.soft else "mark"
        yield f'<path class="{kind}" d="M{x:.1f} {y + 3:.1f}V{TOP + PLOT_HEIGHT}"/>'
        yield _text(x - 4 if turned else x + 4, y, mark.words, "ink small", _anchor(turned))


def _anchor(turned: bool) -> str:
    return "end" if turned else "start"


def _legend(drawing: Drawing) -> Iterator[str]:
    x = float(LEFT)
    for name in list(drawing.timeline.shares)[:LEGEND]:
        words = name or "no region"
        yield (
            f'<rect x="{x:.1f}" y="59" width="11" height="11" rx="2" '
            f'fill="{_colour(name, drawing.order)}"/>'
        )
        yield _text(x + 16, 69, words, "ink small")
        x += 16 + len(words) * 7 + 18
