"""The JSON of `gtm simulate --json`.

Amounts are in `unit`, distances kilometres, round trips milliseconds; a region that is null is
none at all: no answer, or an address of last resort.
"""

from __future__ import annotations

from gtm.api.models import Shape


class SpreadShape(Shape):
    """Half of those moved have at most `p50`, 95 of 100 at most `p95`."""

    p50: float
    p95: float


class AddedShape(Shape):
    """What moving adds to the way to the region; below 0 it became better."""

    kilometres: SpreadShape
    milliseconds: SpreadShape


class ShareShape(Shape):
    """A region's clients before and after."""

    region: str | None
    before: float
    after: float


class MoveShape(Shape):
    """Clients that go from one region to another."""

    from_region: str | None
    to_region: str | None
    amount: float
    added: AddedShape | None


class PictureShape(Shape):
    """Where clients are. `last_resort_*` got an answer though no region was up."""

    total: float
    moved: float
    shares: list[ShareShape]
    moves: list[MoveShape]
    added: AddedShape | None
    last_resort_before: float
    last_resort_after: float


class PartShape(Shape):
    """The picture of services that are decided alike and have the same traffic."""

    zone: str
    app: str
    services: list[str]
    policy: str
    picture: PictureShape


class LoadShape(Shape):
    """A region's load, in the unit of its capacity; `exceeded` if it is too much afterwards."""

    region: str
    capacity: float
    before: float
    after: float
    exceeded: bool


class SimulationShape(Shape):
    """All of it: `picture` over all services, `parts` by decision."""

    unit: str
    source: str
    services: int
    picture: PictureShape
    parts: list[PartShape]
    loads: list[LoadShape]
    assumptions: list[str]
