"""Where probes really connect, so that a demo or a test can stand documentation addresses up."""

from __future__ import annotations

from collections.abc import Callable

Dial = Callable[[str, int], tuple[str, int]]
"""Where to connect for a target's address and port. Reasons go on naming the target's own."""


def direct(address: str, port: int) -> tuple[str, int]:
    """Connect to the target itself."""
    return address, port
