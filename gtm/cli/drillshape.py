"""`gtm drill --json`: everything that a drill measured. Times are seconds since the act."""

from __future__ import annotations

from gtm.api.models import Shape


class DrillClient(Shape):
    """A client that was asked as; `home` are the regions that answered it before."""

    service: str
    type: str
    network: str
    place: str
    home: list[str]
    leaves: bool
    drawn: bool


class DrillMarks(Shape):
    """When things were done: see docs/drill.md. None: never."""

    began: float
    held: float
    last_named: float | None
    gone: float | None
    undone: float | None
    restored: float | None
    half_back: float | None
    back: float | None
    ended: float


class DrillShares(Shape):
    """A region's part of the answers (0..1); "" is answers that named none."""

    region: str
    before: float
    during: float
    after: float
    took_over: float


class DrillLoad(Shape):
    """What a region carries of its capacity, in its unit; None where no load is known."""

    region: str
    capacity: float | None
    before: float | None
    during: float | None
    after: float | None


class DrillForeseen(Shape):
    """What `gtm simulate` said of a region: shares of clients, and loads where known."""

    region: str
    before: float
    after: float
    capacity: float | None = None
    load_before: float | None = None
    load_after: float | None = None
    exceeded: bool = False


class DrillMoved(Shape):
    """A client that moved though its region stayed."""

    service: str
    network: str
    place: str
    home: list[str]
    to: list[str]
    at: float


class DrillFault(Shape):
    """What is not as it should be; a `grave` one makes the drill a failure."""

    said: str
    grave: bool


class DrillTimeline(Shape):
    """Shares of answers by region: step n begins at `start + n * step`."""

    start: float
    step: float
    shares: dict[str, list[float]]
    failures: list[int]


class DrillShape(Shape):
    """A whole drill. `started` is Unix time, `duration` how long the region was to be down.

    `cut_short` says why it was shorter. `ttl` is how long resolvers may go on naming the region,
    after `marks.gone`. `failures` counts answers without an address, by kind.
    """

    passed: bool
    cut_short: str | None
    region: str
    target: str
    reason: str
    author: str
    override: int
    api: str
    server: str
    started: float
    duration: float
    services: int
    sampled: list[str]
    clients: list[DrillClient]
    asked: int
    marks: DrillMarks
    named_after: int
    ttl: int
    median_ms: float
    slowest_ms: float
    shares: list[DrillShares]
    unneeded: list[DrillMoved]
    failures: dict[str, int]
    loads: list[DrillLoad]
    foreseen: list[DrillForeseen]
    faults: list[DrillFault]
    timeline: DrillTimeline


class DrillPlan(Shape):
    """`gtm drill --dry-run --json`: what would be done, and what is foreseen."""

    region: str
    target: str
    duration: float
    services: int
    sampled: list[str]
    server: str
    changes: list[str]
    forced_past: list[str]
    foreseen: list[DrillForeseen]
    assumed: list[str]
    unforeseen: str | None
