"""What a zone shares: its secondaries, records that updates added, its signatures."""

from __future__ import annotations

from pydantic import Field

from gtm.api.models.base import LONGEST_NAME, Author, Query, Shape


class SecondaryStatus(Shape):
    """A server that is told of a zone's changes; `outcome` of the last serial, "" is not yet."""

    address: str
    serial: int | None
    outcome: str


class UpdatesQuery(Query):
    """`?zone=gtm.example.com`: whose records are to be listed."""

    zone: str = Field(min_length=1, max_length=LONGEST_NAME, examples=["gtm.example.com"])


class UpdatesRemoval(Query):
    """`?zone=gtm.example.com&name=_acme-challenge&type=TXT&by=alice`: what is to be taken out.

    `name` may be relative to the zone, and "" is its apex; without `type` it is all types.
    """

    zone: str = Field(min_length=1, max_length=LONGEST_NAME, examples=["gtm.example.com"])
    name: str = Field(default="", max_length=LONGEST_NAME)
    type: str = Field(default="", max_length=20)
    by: Author = ""


class AddedRecords(Shape):
    """Records of one name and type that updates added; `waiting` if they can't be served now."""

    name: str
    type: str
    ttl: int
    values: list[str]
    waiting: bool


class UpdatesShape(Shape):
    """All records of a zone that updates added."""

    zone: str
    records: list[AddedRecords]


class UpdatesRemoved(Shape):
    """How many records an operator took out again."""

    zone: str
    name: str
    removed: int


class SignedStatus(Shape):
    """A signed zone's signatures: how many, when the first ends, when they are made anew.

    Times are Unix seconds. `late` says that this should have been done by now.
    """

    signatures: int
    ends: float
    due: float
    late: bool
