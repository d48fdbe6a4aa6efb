"""A simulation laid out for people: regions, what moves, loads, then each decision by itself."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gtm.api.models import SimulationShape
from gtm.api.models.simulated import (
    AddedShape,
    LoadShape,
    MoveShape,
    PartShape,
    PictureShape,
    SpreadShape,
)
from gtm.cli.output import bare, counted
from gtm.simulate.outcome import SPILLED

NOWHERE = "(no region)"
PARTS = 12  # decisions shown by themselves; --json has all
MOVES = 12  # moves shown of each picture
NAMES = 3  # services named of those decided alike
STILL = 1e-9  # of all clients: less than that is rounding, not moving


def simulated(found: SimulationShape, changes: Sequence[str], asked: str) -> RenderableType:
    """All of it; `changes` says in words what was done, `asked` who says so."""
    what = " and ".join(changes) or "nothing changes"
    parts: list[RenderableType] = [
        Text.assemble("if ", (what, "bold"), f": {counted(found.services, 'service')}"),
        Text(f"  {_amount(found.picture.total)} {found.unit} from {found.source}"),
        Text(""),
        _shares(found.picture),
        *_moves(found.picture),
        *_loads(found.loads),
        *_resort(found.picture),
    ]
    if len(found.parts) > 1:
        parts += _each(found)
    parts.append(Text(""))
    parts += [Text(f"assumed: {said}", "dim") for said in found.assumptions]
    parts.append(Text(f"from {asked}", "dim"))
    return Group(*parts)


# --- a picture --------------------------------------------------------------------------


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for number, column in enumerate(columns):
        table.add_column(column, no_wrap=True, justify="right" if number else "left")
    return table


def _shares(picture: PictureShape) -> Table:
    table = _table("region", "before", "", "after", "", "change", "")
    for share in picture.shares:
        change = share.after - share.before
        table.add_row(
            share.region or Text(NOWHERE, "red"),
            _amount(share.before),
            _part(share.before, picture.total),
            _amount(share.after),
            _part(share.after, picture.total),
            _change(change, picture.total),
            _times(share.before, share.after),
        )
    return table


def _times(before: float, after: float) -> str:
    """How many times what it has now: what a region without a known load has to bear."""
    return f"×{after / before:.2g}" if before > 0 and after > before * 1.005 else ""


def _moves(picture: PictureShape) -> list[RenderableType]:
    if picture.moved <= picture.total * STILL:
        return [Text(""), Text("nobody moves", "green")]
    title = f"{_amount(picture.moved)} move ({_part(picture.moved, picture.total)})"
    title += ": added distance (km) and round trip (ms)"
    table = _table("from → to", "clients", "", "km p50", "p95", "ms p50", "p95")
    for move in picture.moves[:MOVES]:
        table.add_row(_way(move), *_moved(move.amount, picture.total, move.added))
    if len(picture.moves) > 1:
        table.add_row("all", *_moved(picture.moved, picture.total, picture.added))
    more = len(picture.moves) - MOVES
    rest = [Text(f"and {more} more ways, in --json", "dim")] if more > 0 else []
    return [Text(""), Text(title, "bold"), table, *rest]


def _way(move: MoveShape) -> str:
    return f"{move.from_region or NOWHERE} → {move.to_region or NOWHERE}"


def _moved(amount: float, total: float, added: AddedShape | None) -> tuple[str, ...]:
    if added is None:
        return (_amount(amount), _part(amount, total), "–", "–", "–", "–")
    far, long = added.kilometres, added.milliseconds
    return (_amount(amount), _part(amount, total), *_both(far, 0), *_both(long, 1))


def _both(spread: SpreadShape, digits: int) -> tuple[str, str]:
    return f"{spread.p50:+,.{digits}f}", f"{spread.p95:+,.{digits}f}"


def _loads(loads: Sequence[LoadShape]) -> list[RenderableType]:
    if not loads:
        return []
    table = _table("load", "capacity", "before", "", "after", "", "")
    for load in loads:
        full = Text("✗ exceeded", "bold red") if load.exceeded else Text("✓", "green")
        table.add_row(
            load.region,
            _amount(load.capacity),
            _amount(load.before),
            _part(load.before, load.capacity),
            _amount(load.after),
            _part(load.after, load.capacity),
            full,
        )
    return [Text(""), table, *_spills(loads)]


def _spills(loads: Sequence[LoadShape]) -> list[RenderableType]:
    """What becomes of it once clients of full regions are sent elsewhere."""
    moved = [load for load in loads if abs(load.kept - load.after) > SPILLED * load.capacity]
    if not moved:
        return []
    found = ", ".join(
        f"{load.region} {_amount(round(load.kept))} ({_part(load.kept, load.capacity)})"
        for load in moved
    )
    less = sum(max(0.0, load.after - load.kept) for load in moved)
    full = [load.region for load in loads if load.kept > load.capacity * (1 + STILL)]
    rest = f"; no room is left for all in {', '.join(full)}" if full else ""
    return [Text(f"spill: {_amount(round(less))} go elsewhere, as loads come in: {found}{rest}")]


def _resort(picture: PictureShape) -> list[RenderableType]:
    if not picture.last_resort_after:
        return []
    share = _part(picture.last_resort_after, picture.total)
    words = f"{share} are then answered with no region up, as when_all_down says"
    return [Text(""), Text(words, "bold red")]


# --- decision by decision ---------------------------------------------------------------


def _each(found: SimulationShape) -> list[RenderableType]:
    moving = [part for part in found.parts if part.picture.moved > part.picture.total * STILL]
    shown: list[RenderableType] = []
    for part in moving[:PARTS]:
        shown += [Text(""), _title(part), Padding(_shares(part.picture), (0, 0, 0, 2))]
        shown += [Padding(row, (0, 0, 0, 2)) for row in _moves(part.picture)[2:]]
    if len(moving) > PARTS:
        more = counted(len(moving) - PARTS, "decision")
        shown += [Text(""), Text(f"and {more} more that move fewer, in --json", "dim")]
    still = sum(len(part.services) for part in found.parts if part not in moving)
    if still and moving:
        shown += [Text(""), Text(f"{counted(still, 'service')} with nobody moving", "green")]
    return shown


def _title(part: PartShape) -> Text:
    names = ", ".join(bare(name) for name in part.services[:NAMES])
    more = f" and {len(part.services) - NAMES} more" if len(part.services) > NAMES else ""
    return Text.assemble((f"{names}{more}", "bold"), f" ({part.policy}, app {part.app})")


# --- numbers ----------------------------------------------------------------------------


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.2f}"


def _part(value: float, total: float) -> str:
    return f"{value / total:.1%}" if total else "–"


def _change(value: float, total: float) -> Text:
    if not total or abs(value) <= total * STILL:
        return Text("–", "dim")
    return Text(f"{value / total:+.1%}", "green" if value > 0 else "yellow")
