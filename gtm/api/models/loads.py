"""Load against capacity: what regions report, and how they stand."""

from __future__ import annotations

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from gtm.api.models.base import LONGEST_NAME, LONGEST_REGION, Asked, Shape, example

MOST_LOADS = 10_000  # in one request: regions of a zone, many times over


class RegionLoad(Shape):
    """A region's load and capacity, in the unit of its capacity.

    `load` is what it reported last, `source` by what (`posted` or `probed`) and `age` how many
    seconds ago; `feed` is `fresh`, `stale` or `never`. `expected` is what it should have now by
    the answers given, `wanted` what the policies alone would bring and `taken` what is let in;
    None while no load is known. `fixed` is load that steering does not control, `used` the part
    of the capacity in use.
    """

    region: str
    zones: list[str]
    capacity: float | None
    soft: float
    feed: str
    load: float | None
    source: str | None
    age: float | None
    expected: float | None
    wanted: float | None
    taken: float | None
    fixed: float
    used: float | None
    spilling: bool


class Loads(Shape):
    """Every region that has a capacity, or whose load is known."""

    now: float
    loads: list[RegionLoad]


class LoadPosted(Asked):
    """A region's load; `zone` where zones describe a region of that name differently."""

    region: str = Field(max_length=LONGEST_REGION)
    load: float = Field(ge=0, allow_inf_nan=False)
    zone: str | None = Field(default=None, max_length=LONGEST_NAME)


class LoadRequest(Asked):
    """What `POST /v1/load` takes: many loads; or one, as a LoadPosted by itself."""

    model_config = example(loads=[{"region": "eu-west", "load": 812.5}])

    loads: list[LoadPosted] = Field(min_length=1, max_length=MOST_LOADS)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Either form."""
        found = handler.resolve_ref_schema(handler(core))
        many = dict(found)
        found.clear()
        found["description"] = many.pop("description")
        found["examples"] = many.pop("examples")
        found["anyOf"] = [many, many["properties"]["loads"]["items"]]
        return found

    @model_validator(mode="before")
    @classmethod
    def _one_is_many(cls, value: object) -> object:
        whole = isinstance(value, cls) or (isinstance(value, dict) and "loads" in value)
        return value if whole else {"loads": [value]}


class LoadTaken(Shape):
    """A load that is believed from now on, and for which zones."""

    region: str
    zones: list[str]
    load: float


class LoadsTaken(Shape):
    """What `POST /v1/load` took."""

    taken: list[LoadTaken]
