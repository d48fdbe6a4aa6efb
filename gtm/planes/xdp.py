"""Interfaces whose DNS the native plane takes before the kernel's sockets see it (AF_XDP).

What comes over UDP to an address and port that is listened on goes to the plane's threads as whole
frames, one thread for each receive queue. All else (TCP, ARP, ICMP, fragments, other ports) goes
on to the kernel, and so does all again when the server stops or is killed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import structlog

from gtm.errors import ConfigError, StartError
from gtm.model import Address
from gtm.planes.sockets import ListenAddress

if TYPE_CHECKING:
    from gtm._native import Interface

log = structlog.get_logger("gtm")


def open_interfaces(
    names: Sequence[str], plane: str, listened: Sequence[ListenAddress]
) -> tuple[Interface, ...]:
    """Opens the interfaces for UDP to what is listened on, which root must do.

    Raises ConfigError where that can't be meant, StartError where the system refuses it.
    """
    if not names:
        return ()
    if plane != "native":
        raise ConfigError(
            f"cannot serve {names[0]} by XDP: the python plane can't; leave out --xdp"
        )
    if twice := {name for name in names if names.count(name) > 1}:
        raise ConfigError(f"cannot serve {min(twice)} by XDP: --xdp names it twice")
    outside = [(each.address, each.port) for each in listened if not each.address.is_loopback]
    if not outside:
        raise ConfigError(
            f"cannot serve {names[0]} by XDP: nothing is listened on that others can reach; "
            "add --listen 0.0.0.0:53 --listen [::]:53"
        )
    # where one can't be, those before it go with the error
    return tuple([_open(name, outside) for name in names])


def _open(name: str, listened: list[tuple[Address, int]]) -> Interface:
    from gtm import _native

    try:
        interface = _native.Interface(name, listened)
    except OSError as error:
        raise StartError(f"cannot serve {name} by XDP: {error}; or leave out --xdp") from error
    log.info(
        "xdp",
        interface=name,
        mode="native" if interface.native_mode else "generic",
        frames="zero-copy" if interface.zero_copy else "copied",
        queues=interface.queues,
    )
    return interface
