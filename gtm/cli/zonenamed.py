"""The zone that a command names."""

from __future__ import annotations

from collections.abc import Sequence

from gtm.cli.output import bare
from gtm.errors import UsageError
from gtm.model import Zone
from gtm.zonefile.findings import listed, nearest


def zone_named(name: str, zones: Sequence[Zone], doing: str) -> Zone:
    """The zone with this apex; `doing` is what it is wanted for, as in `print the delegation`.

    Raises UsageError, with the zone that it is like.
    """
    known = {bare(zone.name): zone for zone in zones}
    wanted = bare(name.lower())
    if wanted in known:
        return known[wanted]
    like = nearest(wanted, known)
    remedy = f"did you mean {like}?" if like else f"the zones are {listed(known)}"
    raise UsageError(f"cannot {doing} of {name!r}: no such zone; {remedy}")
