"""The shape of `freeze` in a zone file."""

from __future__ import annotations

from pydantic import Field

from gtm.zonefile.leaves import Fraction, Seconds
from gtm.zonefile.shapebase import Shape


class FreezeShape(Shape):
    """When failures are not believed, because the checker itself seems to be cut off."""

    share: Fraction = Field(default=0.9, description="Of the targets that answered before.")
    targets: int = Field(default=4, ge=2, description="The fewest that it takes.")
    regions: int = Field(default=2, ge=1, description="The fewest that they are in.")
    within: Seconds | None = Field(default=None, description="Default: while each is probed once.")
    most: Seconds = Field(default=300.0, description="After that failures are believed.")
