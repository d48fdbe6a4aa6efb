"""What every mapping of a zone file's shape is built on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """A mapping with known keys; every other key is a mistake."""

    model_config = ConfigDict(extra="forbid", strict=True)
    later: ClassVar[tuple[str, ...]] = ()
    elsewhere: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def keys(cls) -> list[str]:
        """The keys as they are written."""
        return [field.alias or name for name, field in cls.model_fields.items()]
