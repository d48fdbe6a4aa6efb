"""A zone file in the making, and its YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import yaml

WIDTH = 100  # columns
CONTACT = "hostmaster"

# Where a region is taken to be of which only a continent is known: a country near its middle.
CONTINENTS: Mapping[str, str] = {
    "AF": "CD",
    "AN": "AQ",
    "AS": "CN",
    "EU": "DE",
    "NA": "US",
    "OC": "AU",
    "SA": "BR",
}
SOMEWHERE = "US"


@dataclass(slots=True)
class Draft:
    """The keys of a zone file. `notes` say what was left out or guessed, for who imports."""

    zone: str
    ttl: int | None = None
    nameservers: dict[str, list[str]] = field(default_factory=dict)
    soa: dict[str, object] = field(default_factory=dict)
    regions: dict[str, dict[str, object]] = field(default_factory=dict)
    checks: dict[str, dict[str, object]] = field(default_factory=dict)
    apps: dict[str, dict[str, object]] = field(default_factory=dict)
    geo: dict[str, object] = field(default_factory=dict)
    records: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Says something once."""
        if text not in self.notes:
            self.notes.append(text)

    def settle(self) -> None:
        """Fills in what every zone file has, and says so."""
        apex = self.zone.rstrip(".")
        if not self.nameservers:
            self.nameservers["ns1"] = ["192.0.2.53"]
            self.note("no name servers were found: correct `nameservers`")
        if "contact" not in self.soa:
            self.soa["contact"] = f"{CONTACT}@{apex}"
            self.note("no contact was found: correct `soa`")

    def locate(self, region: str, code: str | None) -> None:
        """Adds a region where its steering says that it is; the first word counts."""
        if region in self.regions:
            return
        place = code or SOMEWHERE
        country = CONTINENTS.get(place, place)
        self.regions[region] = {"location": country}
        if code is None or country != code:
            self.note(f"region {region} was put in {country}: correct its `location`")

    def text(self, origin: str) -> str:
        """The zone file; `origin` is what it was made from."""
        document: dict[str, object] = {"zone": self.zone.rstrip(".")}
        if self.ttl is not None:
            document["ttl"] = self.ttl
        document |= {"nameservers": self.nameservers, "soa": self.soa}
        for key in ("regions", "checks", "apps", "geo", "records"):
            if value := getattr(self, key):
                document[key] = value
        head = [f"# Made from {origin} by gtm import.\n", *(f"# - {note}\n" for note in self.notes)]
        body = yaml.dump(
            document,
            Dumper=_Plain,
            sort_keys=False,
            default_flow_style=None,
            width=WIDTH,
            allow_unicode=True,
        )
        return "".join([*head, body])


class _Plain(yaml.SafeDumper):
    """Writes as people do, who will edit it: what occurs twice twice, and '' as a plain key."""

    def ignore_aliases(self, data: object) -> bool:
        """Always."""
        return True

    def check_simple_key(self) -> bool:
        """Whether a key needs no `?` before it; an empty one, a zone's own name, needs none."""
        event = self.event
        empty = isinstance(event, yaml.ScalarEvent) and not event.value
        return empty or bool(super().check_simple_key())
