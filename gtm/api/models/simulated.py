"""What-if: what `POST /v1/simulate` takes, and the JSON of `gtm simulate --json`.

Amounts are in `unit`, distances kilometres, round trips milliseconds; a region that is null is
none at all: no answer, or an address of last resort.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from gtm.api.models.base import LONGEST_NAME, LONGEST_REGION, Asked, Shape, example

MOST_REGIONS = 100  # that go at once
MOST_CLIENTS = 10_000
LONGEST_NETWORK = 64  # characters

RegionName = Annotated[str, Field(min_length=1, max_length=LONGEST_REGION)]


class SimulateClient(Asked):
    """A client network, and how much it asks for."""

    network: str = Field(min_length=1, max_length=LONGEST_NETWORK)
    queries: float = Field(gt=0, le=1e15, allow_inf_nan=False)


class SimulateRequest(Asked):
    """What `POST /v1/simulate` takes: regions whose checks fail, and regions that are drained.

    `service` is the one to look at, `load` what the whole traffic stands for, in the unit of the
    regions' capacity. With `zone` and `app` it happens there alone, and only their services are
    looked at. Without `clients` they are those that this server has answered in the last minute,
    or, where these are too few, every network of the geo database.
    """

    model_config = example(down=["eu-west"], load=12000)

    down: list[RegionName] = Field(default_factory=list, max_length=MOST_REGIONS)
    drain: list[RegionName] = Field(default_factory=list, max_length=MOST_REGIONS)
    zone: str | None = Field(default=None, min_length=1, max_length=LONGEST_NAME)
    app: str | None = Field(default=None, min_length=1, max_length=LONGEST_NAME)
    service: str | None = Field(default=None, min_length=1, max_length=LONGEST_NAME)
    load: float | None = Field(default=None, ge=0, le=1e15, allow_inf_nan=False)
    clients: list[SimulateClient] = Field(default_factory=list, max_length=MOST_CLIENTS)

    @model_validator(mode="after")
    def _something_happens(self) -> SimulateRequest:
        if not self.down and not self.drain:
            raise ValueError("name a region to take `down` or to `drain`")
        return self


class SpreadShape(Shape):
    """Half of those moved have at most `p50`, 95 of 100 at most `p95`."""

    p50: float
    p95: float


class AddedShape(Shape):
    """What moving adds to the way to the region; below 0 it became better."""

    kilometres: SpreadShape
    milliseconds: SpreadShape


class RegionShareShape(Shape):
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
    shares: list[RegionShareShape]
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
    """A region's load, in the unit of its capacity; `exceeded` if it is too much afterwards.

    `after` is as the policies say, `kept` what is left of it, or comes, once clients of full
    regions are sent elsewhere.
    """

    region: str
    capacity: float
    before: float
    after: float
    kept: float
    exceeded: bool


class SimulationShape(Shape):
    """All of it: `picture` over all services, `parts` by decision.

    `assumptions` say what the figures are made of. `epoch` is that of the server that was asked,
    null where it was reckoned from files.
    """

    epoch: int | None = None
    unit: str
    source: str
    services: int
    picture: PictureShape
    parts: list[PartShape]
    loads: list[LoadShape]
    assumptions: list[str]
