"""Which plane answers: the native one where it was built, else the python one, which says so."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Literal

import structlog

from gtm.dns.conduct import PLAIN, Conduct
from gtm.errors import ConfigError, GtmError
from gtm.planes.limiting import Limit
from gtm.planes.limits import StreamLimits
from gtm.planes.proxy import Balancers
from gtm.planes.python import PythonPlane
from gtm.planes.sockets import Listener
from gtm.planes.xdp import open_interfaces

if TYPE_CHECKING:
    from gtm.planes.native import NativePlane

log = structlog.get_logger("gtm")

Wanted = Literal["auto", "native", "python"]

# one worker answers some hundred thousand queries a second: few machines get more than four can,
# and each has sockets and tables of askers of its own
MOST_WORKERS = 4
REMEDY = "install Rust (https://rustup.rs), then gtm again: pip install --force-reinstall"


@cache
def why_not_native() -> str | None:
    """Why there is no native plane here; None if there is one."""
    try:
        import gtm._native  # noqa: F401
    except ModuleNotFoundError:
        return "it was not built when gtm was installed"
    except ImportError as error:
        return f"it does not fit this Python: {error}"
    return None


def resolve(wanted: Wanted) -> Literal["native", "python"]:
    """The plane that is meant. Raises ConfigError where it is not there."""
    if wanted == "python":
        return "python"
    why = why_not_native()
    if why is None:
        return "native"
    if wanted == "native":
        raise ConfigError(f"cannot use the native plane: {why}; {REMEDY}, or use --plane python")
    log.warning("python_plane", reason=f"there is no native plane: {why}", remedy=REMEDY)
    return "python"


def workers_of(plane: str, wanted: int | None) -> int:
    """How many threads answer on each UDP address."""
    if plane == "python":
        if wanted is not None and wanted > 1:
            log.warning("workers_ignored", workers=wanted, reason="the python plane has one")
        return 1
    return wanted or min(MOST_WORKERS, len(os.sched_getaffinity(0)))


def make(
    plane: str,
    listeners: Sequence[Listener],
    limits: StreamLimits | None = None,
    interfaces: Sequence[str] = (),
    conduct: Conduct = PLAIN,
    limit: Limit | None = None,
    balancers: Balancers | None = None,
) -> PythonPlane | NativePlane:
    """The plane called so, on bound sockets; `limits` are those of TCP.

    It answers by that conduct and within that limit, and takes what is listened on off these
    interfaces (xdp.py). Raises ConfigError or StartError where it can't, with the sockets closed.
    """
    try:
        opened = open_interfaces(interfaces, plane, [each.at for each in listeners])
    except GtmError:
        for each in listeners:
            each.close()
        raise
    if plane == "python":
        return PythonPlane(
            listeners, limits=limits, conduct=conduct, limit=limit, balancers=balancers
        )
    from gtm.planes.native import NativePlane

    return NativePlane(
        listeners,
        limits=limits,
        interfaces=opened,
        conduct=conduct,
        limit=limit,
        balancers=balancers,
    )
