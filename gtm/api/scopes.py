"""What a caller of the API may do."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    """What a call needs. A token has any number of them; `open` needs none."""

    OPEN = "open"  # whether the process lives; the dashboard's files, which hold no data
    READ = "read"  # looking at things
    REPORT = "report"  # feeding in what gateways and regions measure
    OPERATE = "operate"  # changing what clients are answered
