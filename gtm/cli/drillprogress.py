"""A drill while it goes on: a few lines on a terminal, nothing elsewhere; on standard error."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from rich.console import Console, Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from gtm.cli.drillrun import Course, Order, Stage
from gtm.cli.output import on_terminal
from gtm.drill.measured import shares

Watch = Callable[[Course], None]
BAR = 40  # columns of all answers together
RECENT = 3  # rounds of answers that are shown


@contextlib.contextmanager
def progress(order: Order, console: Console) -> Iterator[Watch]:
    """Shows each change as it comes; a terminal has its lines back afterwards."""
    if not on_terminal(stderr=True):
        yield lambda course: None
        return
    from rich.live import Live

    with Live(console=console, auto_refresh=False, transient=True) as live:
        live.update(Text("choosing clients: asking as many from all over the world"), refresh=True)
        yield lambda course: live.update(drawn(order, course), refresh=True)


def words(order: Order, course: Course) -> str:
    """Where the drill stands, in a line."""
    target, now = order.scene.scope.target, course.seen[-1].at if course.seen else 0.0
    match course.stage:
        case Stage.BEFORE:
            return f"asking as {len(course.probes)} clients; {target} goes down in {-now:.0f} s"
        case Stage.DOWN:
            return f"{target} is forced down: {max(0.0, order.duration - now):.0f} s left"
        case Stage.RETURN:
            return (
                f"{target} was taken back {now - (course.undone or now):.0f} s ago: clients return"
            )
        case _:
            return str(course.stage)


def drawn(order: Order, course: Course) -> RenderableType:
    """Answers by region now, as bars."""
    recent = course.seen[-RECENT * max(1, len(course.probes)) :]
    found = shares(recent)
    table = Table.grid(padding=(0, 2, 0, 0))
    for name in [name for name in order.scene.order if name in found] + [""] * ("" in found):
        share = found[name]
        bar = "█" * round(share * BAR)
        style = "bold" if name == order.scene.scope.region else "default"
        table.add_row(Text(name or "no region", style), Text(bar, "cyan"), f"{share:.0%}")
    end = "  Ctrl-C takes it back now" if course.stage is Stage.DOWN else ""
    head = Text.assemble((words(order, course), "bold"), (end, "dim"))
    return Group(head, *_bar(order, course), table)


def _bar(order: Order, course: Course) -> list[RenderableType]:
    """How much of the time that it is down has gone by; nothing before and after."""
    if course.stage is not Stage.DOWN:
        return []
    gone = min(order.duration, course.seen[-1].at if course.seen else 0.0)
    bar = Table.grid(padding=(0, 1, 0, 0))
    bar.add_row(
        ProgressBar(total=order.duration, completed=gone, width=BAR),
        f"{gone / order.duration:.0%}",
    )
    return [bar]
