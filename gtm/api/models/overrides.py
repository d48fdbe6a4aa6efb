"""Operators' words: those in force, what they change, what adds and removes them."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from gtm.api.models.base import (
    LONGEST_AUTHOR,
    LONGEST_REASON,
    LONGEST_TARGET,
    Asked,
    Author,
    Query,
    Shape,
    Words,
    example,
)

LONGEST_TIME = 10 * 365 * 86400.0  # seconds: what is to hold longer belongs in the zone file


class ChangeShape(Shape):
    """A verdict that an override makes another than it would be.

    `service` is "" for the block of a replicated app; `endpoint` is "" for the verdict of a
    region. States are as in a verdict, or `drained`.
    """

    zone: str
    app: str
    service: str
    region: str
    endpoint: str
    before: str
    after: str


class OverrideShape(Shape):
    """An operator's word: `act` is `drain`, `up` or `down`; `expires` None: until taken back.

    `said` is the whole of it in words.

    A drain goes by phases: `phase` is `lowering`, `withdrawn` or `safe`, since `phase_since`;
    `next_phase` comes at `next_at` at the soonest. `ttl` is what answers are lowered to meanwhile,
    seconds. `held` says why one that is due is not withdrawn yet. They are None where nothing is.
    """

    number: int
    act: str
    target: str
    reason: str
    author: str
    created: float
    expires: float | None
    said: str
    planned: bool = False
    phase: str | None = None
    phase_since: float | None = None
    next_phase: str | None = None
    next_at: float | None = None
    ttl: int | None = None
    held: str | None = None


class OverrideStatus(OverrideShape):
    """An override in force, and what would be otherwise without it.

    `coming` is what a planned drain will change once it is withdrawn.
    """

    changes: list[ChangeShape]
    coming: list[ChangeShape] = Field(default_factory=list)


class KeptStatus(Shape):
    """Where overrides are kept: None is in memory alone.

    `damage` says what was wrong with the files when the server started, `unsaved` why the latest
    change could not be saved.
    """

    path: str | None
    damage: str | None
    unsaved: str | None


class Overrides(Shape):
    """Every override in force."""

    now: float
    overrides: list[OverrideStatus]
    kept: KeptStatus


class OverrideAdded(Shape):
    """An override that was put in force.

    `replaced` had the same target; `forced_past` says what `safety` would have refused it for.
    """

    override: OverrideShape
    replaced: OverrideShape | None
    changes: list[ChangeShape]
    forced_past: list[str]
    kept: KeptStatus
    coming: list[ChangeShape] = Field(default_factory=list)


class OverrideRemoved(Shape):
    """An override that was taken back, and what changed by it."""

    override: OverrideShape
    changes: list[ChangeShape]
    kept: KeptStatus


class OverrideRequest(Asked):
    """What `POST /v1/overrides` takes; `seconds` None: until taken back.

    `planned` is for drains: lower the TTL first; `seconds` count from when it is to be withdrawn.
    `rehearsal` says what it would change, or why it is refused, and puts nothing in force.
    """

    model_config = example(
        act="drain",
        target="region/eu-west",
        reason="new switches",
        author="alice",
        seconds=3600,
    )

    act: Literal["drain", "up", "down"]
    target: str = Field(max_length=LONGEST_TARGET)
    reason: Words = Field(max_length=LONGEST_REASON)
    author: Words = Field(max_length=LONGEST_AUTHOR)
    seconds: float | None = Field(default=None, gt=0, le=LONGEST_TIME)
    force: bool = False
    planned: bool = False
    rehearsal: bool = False

    @model_validator(mode="after")
    def _only_drains_are_planned(self) -> OverrideRequest:
        if self.planned and self.act != "drain":
            raise ValueError("planned: only a drain can be planned; leave it out")
        return self


class OverrideRemoval(Query):
    """`?target=region/eu-west` or `?number=3`, and `by=alice`: which is to be taken back."""

    target: str | None = Field(
        default=None,
        min_length=1,
        max_length=LONGEST_TARGET,
        examples=["region/eu-west"],
        description="As the override was given, or:",
    )
    number: int | None = Field(default=None, ge=1, description="its number.")
    by: Author = ""

    @model_validator(mode="after")
    def _names_one(self) -> OverrideRemoval:
        if self.target is None and self.number is None:
            raise ValueError("add target=region/eu-west or number=3")
        if self.target is not None and self.number is not None:
            raise ValueError("add either target or number, not both")
        return self
