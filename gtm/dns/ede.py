"""Extended DNS Errors (RFC 8914): why, for the operator of the resolver that asked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

OPTION = 15  # OPTION-CODE (RFC 8914 section 2)


class Info(IntEnum):
    """INFO-CODEs that an authoritative server has use for (RFC 8914 section 4)."""

    OTHER = 0
    STALE_ANSWER = 3
    PROHIBITED = 18
    NOT_AUTHORITATIVE = 20


@dataclass(frozen=True, slots=True)
class ExtendedError:
    """What the option says; EXTRA-TEXT is left out where the code says it all."""

    info: Info
    text: str = ""

    @property
    def data(self) -> bytes:
        """The option's data."""
        return self.info.to_bytes(2, "big") + self.text.encode()

    @property
    def option(self) -> bytes:
        """The whole option, as it stands in an OPT record."""
        data = self.data
        return OPTION.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data


NOT_AUTHORITATIVE = ExtendedError(Info.NOT_AUTHORITATIVE)
PROHIBITED = ExtendedError(Info.PROHIBITED)
