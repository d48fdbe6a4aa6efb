"""Pictures of the dashboard, of a real server, for README and docs.

python -m tests.dashboard.pictures docs/images

Five regions on loopback, queries as if from all over the world, and one region that fails.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import IPv4Network
from pathlib import Path

import dns.edns
import dns.message
import maxminddb
from playwright.sync_api import Page, expect

from tests.dashboard.world import BUSY
from tests.system.browser import chromium, looking
from tests.system.harness import Backend, Gtm, UnixConnection, free_port, serving

DATABASE = Path(__file__).parents[2] / "data" / "world-country.mmdb"
BACKENDS = {
    "us-east": ("127.0.0.31", "127.0.0.41"),
    "us-west": ("127.0.0.32", "127.0.0.42"),
    "eu-west": ("127.0.0.33", "127.0.0.43"),
    "eu-central": ("127.0.0.34", "127.0.0.44"),
    "ap-south": ("127.0.0.35", "127.0.0.45"),
}
LOADS = {"us-east": 5200, "us-west": 2900, "eu-west": 3100, "eu-central": 3200, "ap-south": 3000}
ZONE = """
zone: gtm.example.com
ttl: 30
nameservers: {ns1: [192.0.2.53]}
regions:
  us-east: {location: [39.04, -77.49], capacity: 9000}
  us-west: {location: [45.84, -119.7], capacity: 6000}
  eu-west: {location: [53.35, -6.26], capacity: 8000}
  eu-central: {location: [50.11, 8.68], capacity: 8000}
  ap-south: {location: [1.35, 103.82], capacity: 7000}
checks:
  api: {type: http, port: PORT, path: /health, interval: 2s, timeout: 2s, rise: 1, fall: 2}
freeze: {most: 1s}
apps:
  shop:
    topology: replicated
    check: api
    ramp: 0s
    services:
      orders: ALL
      payments: FIRST
  catalog:
    topology: spread
    check: api
    services:
      search: FIRST
      images: {us-east: [127.0.0.31], eu-west: [127.0.0.33], ap-south: [127.0.0.35]}
"""
NAMES = (
    *["orders.gtm.example.com"] * 6,
    *["payments.gtm.example.com"] * 3,
    *["search.gtm.example.com"] * 2,
    "images.gtm.example.com",
    "nothere.gtm.example.com",
)
PER_COUNTRY = 30  # networks
PACE = 40  # queries a second, on average
CLIENT = "81.2.69.142"
FRESH = 5.0  # seconds between two reports of loads
SIZE = (1440, 1000)
SETTLED = 2500  # milliseconds until everything is drawn


def zone(port: int) -> str:
    """The zone's text."""
    every = {region: list(addresses) for region, addresses in BACKENDS.items()}
    first = {region: [addresses[0]] for region, addresses in BACKENDS.items()}
    text = ZONE.replace("ALL", json.dumps(every)).replace("FIRST", json.dumps(first))
    return text.replace("PORT", str(port))


def networks() -> Mapping[str, Sequence[IPv4Network]]:
    """Some networks of each country that has many clients."""
    found: dict[str, list[IPv4Network]] = {code: [] for code in BUSY}
    with maxminddb.open_database(DATABASE) as reader:
        for network, record in reader:
            code = record["country"]["iso_code"] if isinstance(record, dict) else ""
            if code in found and isinstance(network, IPv4Network) and network.prefixlen <= 20:
                found[code].append(network)
    draw = random.Random(7)
    return {code: draw.sample(all_, min(PER_COUNTRY, len(all_))) for code, all_ in found.items()}


class Clients(threading.Thread):
    """Asks as clients all over the world would, in waves, until stopped."""

    def __init__(self, gtm: Gtm) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.loads: Mapping[str, float] = LOADS
        self._gtm = gtm

    def run(self) -> None:
        known, draw = networks(), random.Random(4)
        codes, weights = list(BUSY), list(BUSY.values())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.connect(("127.0.0.1", self._gtm.port))
            told = 0.0
            while not self.over.wait(
                draw.expovariate(PACE * (1 + 0.3 * math.sin(time.time() / 25)))
            ):
                if time.monotonic() - told > FRESH:
                    told = time.monotonic()
                    report(self._gtm, self.loads)
                places = known[draw.choices(codes, weights)[0]]
                if places:
                    sender.send(question(draw.choice(NAMES), draw.choice(places)))


def question(name: str, network: IPv4Network) -> bytes:
    """A query that passes a client's network on."""
    subnet = dns.edns.ECSOption(str(network.network_address), 24)
    return dns.message.make_query(name, "A", use_edns=0, options=[subnet]).to_wire()


def report(gtm: Gtm, loads: Mapping[str, float]) -> None:
    """Tells the server how busy the regions are."""
    body = {"loads": [{"region": name, "load": load} for name, load in loads.items()]}
    connection = UnixConnection(gtm.socket)
    connection.request("POST", "/v1/load", json.dumps(body), {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200


@contextmanager
def played(folder: Path) -> Iterator[tuple[Clients, str, dict[str, Backend]]]:
    """The server with its backends and clients, and where its dashboard is."""
    port, page = free_port(), free_port()
    zones, state = folder / "zones", folder / "state"
    zones.mkdir()
    state.mkdir()
    (zones / "gtm.yaml").write_text(zone(port), encoding="utf-8")
    every = (address for addresses in BACKENDS.values() for address in addresses)
    backends = {address: Backend(address, port) for address in every}
    more = ("--api", f"127.0.0.1:{page}", "--state", str(state))
    try:
        with serving(folder, zones, *more, geoip=str(DATABASE)) as gtm:
            clients = Clients(gtm)
            clients.start()
            yield clients, f"http://127.0.0.1:{page}/", backends
            clients.over.set()
            clients.join()
    finally:
        for backend in backends.values():
            backend.kill()


def take(folder: Path, seconds: float) -> None:
    """All pictures, after so many seconds of traffic."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="gtm-pictures-") as place,
        played(Path(place)) as (clients, url, backends),
        chromium() as browser,
    ):
        time.sleep(seconds)
        clients.loads = {**LOADS, "us-east": 5600, "eu-west": 5900, "eu-central": 0}
        for address in BACKENDS["eu-central"]:
            backends[address].kill()
        time.sleep(70)  # shares are of the last minute
        for scheme in ("light", "dark"):
            with looking(browser, url, scheme=scheme, size=SIZE) as look:
                settled(look.page)
                look.page.screenshot(path=folder / f"dashboard-{scheme}.png")
        with looking(browser, url, size=SIZE) as look:
            settled(look.page)
            parts(look.page, folder)
        with looking(browser, url, scheme="dark", size=(390, 844)) as look:
            settled(look.page)
            look.page.screenshot(path=folder / "dashboard-phone.png")


def settled(page: Page) -> None:
    """Waits until the page has drawn what it knows."""
    expect(page.locator("#endpoints .card svg.spark").first).to_be_visible()
    page.wait_for_timeout(SETTLED)


def parts(page: Page, folder: Path) -> None:
    """Single panels, and the dialog."""
    for name in ("endpoints", "traffic", "timeline"):
        page.locator(f"#{name}").screenshot(path=folder / f"dashboard-{name}.png")
    page.locator("#explain").get_by_label("Client address").fill(CLIENT)
    page.locator("#explain").get_by_label("Client address").press("Enter")
    expect(page.locator(".explain-summary")).to_be_visible()
    page.locator("#explain").screenshot(path=folder / "dashboard-explain.png")
    page.get_by_label("What if us-east were off").check()
    page.wait_for_timeout(SETTLED)
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=folder / "dashboard-what-if.png")
    page.keyboard.press("Escape")
    page.locator("#endpoints").get_by_role("button", name="Drain us-west", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Reason").fill("kernel update")
    dialog.get_by_label("Who").fill("alice")
    page.wait_for_timeout(SETTLED)
    dialog.screenshot(path=folder / "dashboard-drain.png")


def main() -> None:
    """Takes them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--seconds", type=float, default=900, help="of traffic before the failure")
    chosen = parser.parse_args()
    take(chosen.folder, chosen.seconds)


if __name__ == "__main__":
    main()
