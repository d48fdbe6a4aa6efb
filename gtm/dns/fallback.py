"""What is said beside an answer of last resort: Extended DNS Errors (RFC 8914)."""

from __future__ import annotations

from gtm.model import AllDown

OPTION = 15  # OPTION-CODE of Extended DNS Errors (RFC 8914 section 2)
OTHER_ERROR, STALE_ANSWER = 0, 3  # INFO-CODEs (RFC 8914 sections 4.1 and 4.4)

SAID = {
    AllDown.ALL: (OTHER_ERROR, "no region is up: answered as if all were"),
    AllDown.LAST_GOOD: (STALE_ANSWER, "no region is up: answered as it last was"),
    AllDown.NODATA: (OTHER_ERROR, "no region is up"),
    AllDown.SERVFAIL: (OTHER_ERROR, "no region is up"),
    AllDown.ADDRESSES: (OTHER_ERROR, "no region is up: an address of last resort"),
}


def option_data(mode: AllDown) -> bytes:
    """INFO-CODE and EXTRA-TEXT for a fallback."""
    code, text = SAID[mode]
    return code.to_bytes(2, "big") + text.encode()


def option(mode: AllDown) -> bytes:
    """The whole option, as it stands in an OPT record."""
    data = option_data(mode)
    return OPTION.to_bytes(2, "big") + len(data).to_bytes(2, "big") + data
