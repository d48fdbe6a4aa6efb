"""Two network namespaces with a veth pair between them: a server's machine and a client's."""

from __future__ import annotations

import ctypes
import json
import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CLONE_NEWNET = 0x40000000  # setns(2)
SERVER = ("10.99.0.1", "fd99::1")
CLIENT = ("10.99.0.2", "fd99::2")
INTERFACE = "vserver"


@dataclass(frozen=True, slots=True)
class Lab:
    """The names of the namespaces; the server's interface is INTERFACE."""

    server: str
    client: str

    def socket(self, where: str, family: int, kind: int, protocol: int = 0) -> socket.socket:
        """A socket of a namespace: a socket stays in that of the thread that made it."""
        made: list[socket.socket] = []

        def make() -> None:
            with Path("/run/netns", where).open() as namespace:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(namespace.fileno(), CLONE_NEWNET) == 0:
                    made.append(socket.socket(family, kind, protocol))

        thread = threading.Thread(target=make)
        thread.start()
        thread.join()
        return made[0]

    def attached(self) -> bool:
        """Whether an XDP program is attached to the server's interface."""
        shown = _ip("-json", "-n", self.server, "link", "show", INTERFACE)
        return "xdp" in json.loads(shown)[0]


@contextmanager
def lab(bridged: bool = False) -> Iterator[Lab]:
    """A pair that is up, with addresses; gone at the end.

    Where it is bridged, INTERFACE is a bridge, whose driver knows no XDP.
    """
    made = Lab(f"gtm-server-{os.getpid()}", f"gtm-client-{os.getpid()}")
    port = "vport" if bridged else INTERFACE
    try:
        for namespace in (made.server, made.client):
            _ip("netns", "add", namespace)
        pair = ("type", "veth", "peer", "name", "vclient", "netns", made.client)
        _ip("-n", made.server, "link", "add", port, *pair)
        if bridged:
            _ip("-n", made.server, "link", "add", INTERFACE, "type", "bridge")
            _ip("-n", made.server, "link", "set", port, "master", INTERFACE, "up")
        _up(made.server, INTERFACE, SERVER)
        _up(made.client, "vclient", CLIENT)
        yield made
    finally:
        for namespace in (made.server, made.client):
            subprocess.run(["ip", "netns", "del", namespace], check=False, capture_output=True)


def _up(namespace: str, interface: str, addresses: tuple[str, str]) -> None:
    _ip("-n", namespace, "link", "set", "lo", "up")
    _ip("-n", namespace, "link", "set", interface, "up")
    _ip("-n", namespace, "address", "add", f"{addresses[0]}/24", "dev", interface)
    _ip("-n", namespace, "address", "add", f"{addresses[1]}/64", "dev", interface, "nodad")


def _ip(*arguments: str) -> str:
    return subprocess.run(
        ["ip", *arguments], check=True, capture_output=True, text=True, timeout=20
    ).stdout


def why_not() -> str | None:
    """Why there can be no such namespaces here; None if there can be."""
    if os.geteuid() != 0:
        return "network namespaces take root; run the tests with sudo"
    try:
        with lab():
            return None
    except FileNotFoundError:
        return "ip is not installed: apt-get install iproute2"
    except subprocess.CalledProcessError as error:
        return f"no network namespaces here: {error.stderr.strip()}"
