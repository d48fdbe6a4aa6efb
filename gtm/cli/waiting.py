"""`gtm drain --wait`: following a drain until it is safe."""

from __future__ import annotations

import time
from collections.abc import Callable

from gtm.api.models import Overrides, OverrideShape, OverrideStatus
from gtm.cli.client import Client
from gtm.cli.overridesview import phase_line
from gtm.cli.progress import working
from gtm.errors import ServerError

EVERY = 0.5  # seconds between looks: phases last seconds at least


def wait_until_safe(
    there: Client, one: OverrideShape, sleep: Callable[[float], None] = time.sleep
) -> OverrideShape:
    """The override once it is safe; its phases are shown while a terminal looks on.

    Raises ServerError where it ends before, or the server can't be asked any more.
    """
    found, now = one, one.created
    with working(one.target) as work:
        while found.phase not in ("safe", None):
            words = f"{one.target}: {phase_line(found, now)}"
            since, until = found.phase_since or now, found.next_at or now
            work.passed(words, max(0.0, now - since), max(0.0, until - since))
            sleep(EVERY)
            listed = there.get("/v1/overrides", Overrides)
            found, now = _same(listed.overrides, one), listed.now
    return found


def _same(listed: list[OverrideStatus], one: OverrideShape) -> OverrideShape:
    for found in listed:
        if found.number == one.number:
            return found
    raise ServerError(
        f"cannot wait until {one.target} is safe: the drain was taken back, replaced, or its time "
        "is over; gtm overrides shows what is in force"
    )
