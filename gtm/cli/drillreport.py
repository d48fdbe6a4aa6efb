"""From a drill's course to its report, as values; pure."""

from __future__ import annotations

from dataclasses import dataclass

from gtm.api.models import RegionLoad
from gtm.cli.drillrun import ROUND, Course, Order
from gtm.cli.drillshape import (
    DrillClient,
    DrillFault,
    DrillForeseen,
    DrillLoad,
    DrillMarks,
    DrillMoved,
    DrillShape,
    DrillShares,
    DrillTimeline,
)
from gtm.cli.output import counted
from gtm.drill import Measured, Timeline, faults, measure, timeline
from gtm.drill.measured import NOWHERE
from gtm.drill.svg import Drawing, Mark


@dataclass(frozen=True, slots=True)
class Asked:
    """Where a drill was done, and when (Unix time)."""

    api: str
    server: str
    started: float


def report(
    order: Order, course: Course, asked: Asked, before: list[DrillForeseen]
) -> tuple[DrillShape, Drawing]:
    """What is printed and what is drawn; the drill is over and its override was in force."""
    assert course.added is not None  # noqa: S101  # else there is nothing to report
    region, marks = order.scene.scope.region, course.marks()
    found = measure(region, course.probes, course.seen, marks)
    spills = any(one.spilling for loads in course.loads.values() for one in loads)
    wrong = faults(region, found, marks, spills)
    regions = (region, *(name for name in order.scene.order if name != region))
    line = timeline(regions, course.seen, marks, ROUND)
    shape = DrillShape(
        passed=not any(fault.grave for fault in wrong) and course.cut_short is None,
        cut_short=course.cut_short,
        region=region,
        target=order.scene.scope.target,
        reason=order.reason,
        author=order.author,
        override=course.added.override.number,
        api=asked.api,
        server=asked.server,
        started=asked.started,
        duration=order.duration,
        services=order.scene.services,
        sampled=[one.service for one in order.scene.sampled],
        clients=_clients(course),
        asked=found.asked,
        marks=_marks(course, found),
        named_after=found.named_after,
        ttl=found.ttl,
        median_ms=found.median * 1000,
        slowest_ms=found.slowest * 1000,
        shares=_shares(order, found),
        unneeded=[_moved(found, at) for at in range(len(found.unneeded))],
        failures={kind.value: count for kind, count in found.failures.items()},
        loads=_loads(course),
        foreseen=before,
        faults=[DrillFault(said=fault.said, grave=fault.grave) for fault in wrong],
        timeline=_timeline(line),
    )
    return shape, drawing(shape, line, order.scene.order)


def _clients(course: Course) -> list[DrillClient]:
    return [
        DrillClient(
            service=one.service,
            type=one.rrtype,
            network=one.network,
            place=one.place,
            home=sorted(one.home),
            leaves=one.leaves,
            drawn=one.drawn,
        )
        for one in course.probes
    ]


def _marks(course: Course, found: Measured) -> DrillMarks:
    return DrillMarks(
        began=course.began,
        held=found.held,
        last_named=found.last_named,
        gone=found.gone,
        undone=course.undone,
        restored=course.restored,
        half_back=found.half_back,
        back=found.back,
        ended=course.ended,
    )


def _shares(order: Order, found: Measured) -> list[DrillShares]:
    names = [*order.scene.order, NOWHERE]
    return [
        DrillShares(
            region=name,
            before=found.before.get(name, 0.0),
            during=found.during.get(name, 0.0),
            after=found.after.get(name, 0.0),
            took_over=found.moved.get(name, 0.0),
        )
        for name in names
        if any(name in each for each in (found.before, found.during, found.after))
    ]


def _moved(found: Measured, at: int) -> DrillMoved:
    one = found.unneeded[at]
    return DrillMoved(
        service=one.probe.service,
        network=one.probe.network,
        place=one.probe.place,
        home=sorted(one.probe.home),
        to=sorted(one.to),
        at=one.at,
    )


def _loads(course: Course) -> list[DrillLoad]:
    """Regions of which a load is known at any of the three times."""
    found: dict[str, dict[str, RegionLoad]] = {}
    for when, loads in course.loads.items():
        for one in loads:
            found.setdefault(one.region, {})[when] = one
    return [
        DrillLoad(
            region=region,
            capacity=next(iter(each.values())).capacity,
            before=_carried(each.get("before")),
            during=_carried(each.get("during")),
            after=_carried(each.get("after")),
        )
        for region, each in found.items()
        if any(_carried(one) is not None for one in each.values())
    ]


def _carried(one: RegionLoad | None) -> float | None:
    """By the answers given, where that is reckoned, or else as it was last reported."""
    if one is None:
        return None
    return one.load if one.expected is None else one.expected


def _timeline(line: Timeline) -> DrillTimeline:
    return DrillTimeline(
        start=line.start,
        step=line.step,
        shares={name: [round(value, 4) for value in each] for name, each in line.shares.items()},
        failures=list(line.failures),
    )


def drawing(shape: DrillShape, line: Timeline, order: tuple[str, ...]) -> Drawing:
    """The picture: what was done, and what came of it."""
    marks, undone = shape.marks, shape.marks.undone
    shown = [Mark(0.0, "forced down")]
    if marks.gone is not None:
        shown.append(Mark(marks.gone, f"gone from answers after {marks.gone:.2f} s", soft=True))
    if undone is not None:
        shown.append(Mark(undone, "taken back"))
        if marks.back is not None:
            shown.append(Mark(undone + marks.back, f"all back after {marks.back:.1f} s", soft=True))
    outcome = "passed" if shape.passed else "failed"
    return Drawing(
        title=f"Drill of {shape.region}: {outcome}",
        subtitle=f"{shape.asked:,} queries as {len(shape.clients)} clients of "
        f"{counted(len(shape.sampled), 'service')}, by {shape.author}",
        timeline=line,
        marks=shown,
        down=(0.0, marks.ended if undone is None else undone),
        order=order,
    )
