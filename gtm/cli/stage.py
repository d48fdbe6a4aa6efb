"""What the demo has to show: lines to try, regions, and which of them clients get."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from itertools import islice

from gtm.cli.backends import Backend, Condition
from gtm.cli.output import bare
from gtm.cli.recent import Recent
from gtm.explain import explain
from gtm.model import State, Topology, Verdict
from gtm.planes.sockets import ListenAddress
from gtm.server import Server
from gtm.settings import default_socket
from gtm.steering.verdicts import probed_of


@dataclass(frozen=True, slots=True)
class Client:
    """A client to try: where it is said to be, an address, and the network to ask dig with."""

    where: str
    address: str
    network: str


CLIENTS = (
    Client("Ashburn, US", "192.0.2.1", "192.0.2.0/27"),
    Client("Dublin, IE", "198.51.100.65", "198.51.100.64/27"),
    Client("Singapore, SG", "203.0.113.1", "203.0.113.0/27"),
    Client("Britain, GB (a real address)", "81.2.69.142", "81.2.69.0/24"),
)
"""The first three are of data/sample.csv, each in another region of the example."""

FIRST_PORT = 5300  # of the demo, and of every server that is not told another

MOST_NAMES = 20  # services that are asked for

UNSERVED = Verdict(State.UNKNOWN, "no app is served there", 0.0)


@dataclass(frozen=True, slots=True)
class Stage:
    """A demo that is on. `chosen` if its address was; `now` is Unix time."""

    server: Server
    backends: tuple[Backend, ...]
    recent: Recent
    now: Callable[[], float]
    chosen: bool = False

    @property
    def listen(self) -> tuple[ListenAddress, ...]:
        """Where DNS is answered."""
        return tuple(listener.at for listener in self.server.listeners)

    def taken(self) -> str:
        """Says so where the usual port was not free."""
        port = self.listen[0].port
        return "" if self.chosen or port == FIRST_PORT else f" (port {FIRST_PORT} is taken)"

    @property
    def names(self) -> tuple[str, ...]:
        """The first services that there are; a zone without any is asked itself."""
        zones = self.server.controller.compiled.zones
        services = (service.name for zone in zones for app in zone.apps for service in app.services)
        return tuple(islice(services, MOST_NAMES)) or (zones[0].name,)

    @property
    def name(self) -> str:
        """The service to ask for."""
        return self.names[0]

    def dig_lines(self) -> tuple[str, ...]:
        """Commands that ask as a client elsewhere would."""
        at = self.listen[0]
        ask = f"dig @{at.address} -p {at.port} +short {bare(self.name)}"
        return tuple(f"{ask} +subnet={client.network}" for client in CLIENTS)

    def status_line(self) -> str:
        """The command that shows all verdicts."""
        place = next(
            (place for place in self.server.api_places if place.startswith("unix:")),
            self.server.api_places[0],
        )
        usual = f"unix:{default_socket(os.environ)}"
        return "gtm status" + ("" if place == usual else f" --api {place}")

    def dashboard(self) -> str | None:
        """Where a browser sees it."""
        return next((f"{at}/" for at in self.server.api_places if at.startswith("http")), None)

    def shares_of(self, client: IPv4Address | IPv6Address) -> dict[str, float]:
        """The part of clients like this one that each region is given now."""
        compiled = self.server.controller.compiled
        found = explain(compiled, self.name, "A", client, time.time())
        steered = () if found.steering is None else found.steering.regions
        return {each.region: each.share for each in steered if each.share}

    def region_of(self, client: Client) -> str:
        """The region that the client gets now, by the code that answers it."""
        compiled = self.server.controller.compiled
        found = explain(compiled, self.name, "A", ip_address(client.address), time.time())
        if found.steering is None:
            return found.rcode
        regions = ", ".join(found.steering.regions_picked)
        return regions + (" (none is up)" if found.steering.fallback else "")

    def verdict(self, region: str) -> Verdict:
        """What is believed of the region by the first app that is probed there."""
        apps = self.server.controller.compiled.apps.values()
        here = [app for app in apps if region in app.health.regions]
        here.sort(
            key=lambda app: (not any(probed_of(app.app)), app.app.topology is Topology.SPREAD)
        )
        return here[0].health.regions[region] if here else UNSERVED


def command(backend: Backend) -> str:
    """What to type to stop the backend, or to let it go on."""
    if backend.condition is Condition.RUNNING:
        return f"kill -STOP {backend.pid}"
    if backend.condition is Condition.STOPPED:
        return f"kill -CONT {backend.pid}"
    return ""
