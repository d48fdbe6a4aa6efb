"""JSON Schema of zone files, for editors; `scripts/schema` writes it to docs/."""

from __future__ import annotations

import json
from typing import Any

from pydantic import TypeAdapter

from gtm.zonefile.shape import SharedFile, ZoneFile

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema of a zone file or a shared file, from the models that loading uses."""
    adapter: TypeAdapter[ZoneFile | SharedFile] = TypeAdapter(ZoneFile | SharedFile)
    return {"$schema": DIALECT, "title": "gtm zone file", **adapter.json_schema()}


def schema_text() -> str:
    """The schema as it is committed."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"
