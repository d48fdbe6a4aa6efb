"""A zone, words about it, and what they make of it."""

from __future__ import annotations

from gtm.compile.compiler import Compiled, Compiler
from gtm.errors import GtmError
from gtm.model import Act
from gtm.overrides import Book, Wanted, parse_target
from gtm.steering.readings import Readings
from tests.worlds import Verdicts, read_zones, sample_geo

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: [39, -77]}, eu: {location: IE}, ap: {location: SG}}
checks: {up: {type: tcp, port: 80}}
apps:
  shop:
    topology: replicated
    check: up
    services:
      orders: {us: [192.0.2.1, 192.0.2.2], eu: [198.51.100.1], ap: [203.0.113.1]}
      payments: {us: [192.0.2.3], eu: [198.51.100.3], ap: [203.0.113.3]}
  media:
    topology: spread
    check: up
    services:
      search: {us: [192.0.2.1, "2001:db8::1"], ap: [203.0.113.5]}
      images: {eu: [198.51.100.6], us: [cdn.example.net.]}
"""
ZONES = read_zones({"gtm.yaml": ZONE})
ADDRESSES = [
    *("192.0.2.1", "192.0.2.2", "192.0.2.3", "198.51.100.1", "198.51.100.3", "198.51.100.6"),
    *("203.0.113.1", "203.0.113.3", "203.0.113.5", "2001:db8::1", "cdn.example.net"),
]


def wanted(act: str, target: str, seconds: float | None = None, force: bool = False) -> Wanted:
    return Wanted(Act(act), parse_target(target), "a test", "tester", seconds, force)


def book_of(*words: tuple[str, str], at: float = 1000.0) -> Book:
    """A book of acts and targets, each a second newer than the one before."""
    book = Book()
    for number, (act, target) in enumerate(words):
        book, _, _ = book.adding(wanted(act, target), at + number)
    return book


def compiled_under(book: Book, down: set[str] | None = None) -> Compiled:
    return Compiler().compile(
        ZONES, sample_geo(), Readings(Verdicts(down or set())), 1, book.overlay
    )


def complaint(text: str) -> str:
    """What is said of a target that can't be understood."""
    try:
        parse_target(text)
    except GtmError as error:
        return str(error)
    return ""


def states(compiled: Compiled) -> dict[tuple[str, str], str]:
    """What steering goes by: apps or services, and regions, to the state in a word."""
    found = {}
    for (_, name), app in compiled.apps.items():
        if name == "shop":
            for region, verdict in app.health.regions.items():
                found[name, region] = verdict.state.value
            continue
        for key, here in app.health.services.items():
            for region, health in here.items():
                found[key, region] = health.verdict.state.value
    return found
