"""What is said beside an answer of last resort: Extended DNS Errors (RFC 8914)."""

from __future__ import annotations

from gtm.dns.ede import ExtendedError, Info
from gtm.model import AllDown

SAID = {
    AllDown.ALL: ExtendedError(Info.OTHER, "no region is up: answered as if all were"),
    AllDown.LAST_GOOD: ExtendedError(Info.STALE_ANSWER, "no region is up: answered as it last was"),
    AllDown.NODATA: ExtendedError(Info.OTHER, "no region is up"),
    AllDown.SERVFAIL: ExtendedError(Info.OTHER, "no region is up"),
    AllDown.ADDRESSES: ExtendedError(Info.OTHER, "no region is up: an address of last resort"),
}


def option(mode: AllDown) -> bytes:
    """The whole option, as it stands in an OPT record."""
    return SAID[mode].option
