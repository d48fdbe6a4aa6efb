"""Random zones with all that zones may have at once: services, records, cuts, zones inside."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import yaml

from tests.unit.planes.random_zones import NAMES, SERVICES, World
from tests.unit.planes.test_native_names import APEX, name_below, zone

PLAIN = tuple(f"p{number}" for number in range(6))
LINES = ("60 A 192.0.2.1", "30 A 192.0.2.2", "AAAA 2001:db8::1", "TXT one", "9 MX 1 p1")
ALIASES = {
    "alias": f"orders.replicated.{APEX}.",
    "chain": f"alias.{APEX}.",
    "*.wild": f"extra.spread.{APEX}.",
    "away": "www.example.net.",
    "to-wild": f"x.wild.{APEX}.",
    "*.wilder": f"Y.Wild.{APEX}.",
    "*.deep": f"a.b.none.{APEX}.",
    "none": f"nothing-here.{APEX}.",
    "here": f"{APEX}.",
    "glued": f"ns1.{APEX}.",
    "cdn": f"cdn.odd.{APEX}.",
    "mixed": f"mixed.odd.{APEX}.",
    "dispatch": f"_grpc._tcp.orders.spread.{APEX}.",
    "left": f"x.led.{APEX}.",
    "seen": f"whoami.{APEX}.",
    "far": "other.example.org.",
} | {f"l{number}": f"l{number + 1}.{APEX}." for number in range(11)}
# by which names below lead on; the reference responder answers at and below them
DNAMES = {"led": f"replicated.{APEX}.", "astray": "example.net."}
HOSTS = (
    "images.cdn.example.net.",
    f"ns1.{APEX}.",
    f"orders.replicated.{APEX}.",
    f"none.{APEX}.",
    f"x.wilder.{APEX}.",
    f"to0.{APEX}.",
)


@dataclass(frozen=True)
class Whole:
    """A world of several files, and names that are worth a question."""

    world: World
    names: tuple[str, ...]
    host: str  # what regions of the app with host names answer

    def is_odd(self, name: str) -> bool:
        """Whether a name is one that the reference responder answers: at or below some."""
        name = f".{name.lower().rstrip('.')}"
        if name.endswith(f".whoami.{APEX}"):
            return '"whoami": false' not in self.world.zone
        return name.endswith(tuple(f".{dname}.{APEX}" for dname in DNAMES))


def whole(world: World, source: Random) -> Whole:
    """A world with services, to which all else that a zone may have is added."""
    fields = json.loads(world.zone)
    records = records_of(source, APEX)
    inside = {one for one in (name_below(source) for _ in range(2)) if "*" not in one}
    fields["records"] = {
        name: data
        for name, data in records.items()
        if not any(f".{name}".endswith(f".{apex}") for apex in inside)
    }
    aliases = ALIASES | {f"to{number}": f"{name_below(source)}.{APEX}." for number in range(4)}
    aliases |= {f"*.tw{number}": f"{name_below(source)}.{APEX}." for number in range(4)}
    fields["records"] |= {name: {"type": "CNAME", "value": to} for name, to in aliases.items()}
    fields["records"] |= {name: {"type": "DNAME", "value": to} for name, to in DNAMES.items()}
    fields["records_file"] = "static.zone"
    host = source.choice(HOSTS)
    fields["apps"]["odd"] = hosts(source, host)
    files = {"static.zone": plain(source)}
    for apex in inside:
        # of zones inside one another each has what is its own
        said = source.choice(("", "dnssec: {}\n"))
        said += zone(source, f"{apex}.{APEX}", "{" + apex.replace(".", "") + ": {location: SG}}")
        below = [each for each in inside if each.endswith(f".{apex}")]
        files[f"{apex}.yaml"] = said if not below else said.partition("records:")[0]
    services = [f"{one}.{kind}" for one in SERVICES for kind in ("replicated", "spread")]
    known = [*services, *made_below(services), "cdn.odd", "mixed.odd"]
    known += [*records, *aliases, *(name.replace("*", "w") for name in aliases), *PLAIN]
    known += [*inside, *DNAMES, "orders.led", "no.orders.led"]
    made = replace(world, zone=json.dumps(fields), files=files)
    return Whole(made, tuple(worth_asking(source, known)), host)


def records_of(source: Random, apex: str) -> dict[str, Any]:
    """Records, wildcards and cuts of a zone."""
    text = zone(source, apex, "{}").partition("records:")[2]
    found: dict[str, Any] = yaml.load(text, yaml.BaseLoader)  # text stays text
    return found or {}


def plain(source: Random) -> str:
    """A master file of ordinary lines."""
    lines = [f"{source.choice(PLAIN)} {source.choice(LINES)}\n" for _ in range(12)]
    return "".join(dict.fromkeys(lines)) + f"x.y.p0 A 192.0.2.9\np9 CNAME p0\np8 TXT {'z' * 250}\n"


def made_below(services: list[str]) -> list[str]:
    """Names that zones may make themselves, and `whoami`."""
    labels = ("_grpc._tcp", "_tcp", "_dns", "us", "10-3-1-1.us")
    return ["whoami", *(f"{label}.{name}" for label in labels for name in services)]


def hosts(source: Random, host: str) -> dict[str, Any]:
    """An app whose regions answer with a host name, or with one family alone."""
    return {
        "topology": "spread",
        "check": {"type": "tcp", "port": 80},
        "steering": source.choice(("nearest", {"policy": "nearest", "regions": 3}, "sticky")),
        "when_all_down": source.choice(("all", ["192.0.2.200", "2001:db8::200"])),
        "https": source.choice((True, False)),
        "srv": source.choice(({"_grpc._tcp": 9}, {})),
        "svcb": source.choice(({"_dns": {"hints": True}}, {})),
        "services": {
            "cdn.odd": {name: [host] for name in NAMES},
            "mixed.odd": {
                "us": [host],
                "eu": ["10.9.2.1", "10.9.2.2", "10.9.2.3"],
                "ap": ["2001:db8:ffff:9:3::1"],
                "sa": ["10.9.4.1", "2001:db8:ffff:9:4::1"],
            },
        },
    }


def worth_asking(source: Random, known: list[str]) -> list[str]:
    """Names that are there, below those, beside those, and elsewhere."""
    found = [f"{name}.{APEX}" for name in known]
    found += [f"{source.choice('abxy*')}.{name}" for name in found]
    found += [f"{name_below(source)}.{APEX}" for _ in range(20)]
    return [*found, APEX, f"ns1.{APEX}", "example.com", "com", "", f"{APEX}.{APEX}"]
