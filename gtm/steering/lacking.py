"""What zones ask of the geo databases that these cannot tell: warnings, with what follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gtm.errors import Mistake
from gtm.geo import Geo
from gtm.model import AsNumber, Zone
from gtm.steering.policies import words_of

MOST_NAMED = 5  # AS numbers written out in one message

_UNLOADED = "but no geo database with AS numbers is loaded: they match nobody"
_UNKNOWN = "but no network of the geo databases belongs to them: they match nobody"


def lacking(zones: Iterable[Zone], geo: Geo) -> tuple[Mistake, ...]:
    """A warning for each zone that names AS numbers that no database has."""
    return tuple(found for zone in zones for found in _of(zone, geo))


def _of(zone: Zone, geo: Geo) -> Iterator[Mistake]:
    missing = sorted(_named(zone).difference(geo.systems.numbers))
    if not missing:
        return
    more = len(missing) - MOST_NAMED
    words = [*map(str, missing[:MOST_NAMED]), *([f"{more} more"] if more > 0 else [])]
    what = f"rules or overrides of {zone.name} name {_joined(words)}, "
    if geo.systems.numbers:
        problem, remedy = what + _UNKNOWN, "write numbers that announce networks, or networks"
    else:
        problem, remedy = what + _UNLOADED, "give one with --geoip, such as GeoLite2-ASN.mmdb"
    yield Mistake(zone.files[0] if zone.files else zone.name, 0, 0, "", problem, remedy)


def _named(zone: Zone) -> set[AsNumber]:
    """The AS numbers in the zone's rules and overrides."""
    words = list(words_of(zone))
    words += [override.clients for override in zone.overrides]
    return {word for word in words if isinstance(word, AsNumber)}


def _joined(words: list[str]) -> str:
    return ", ".join(words[:-1]) + (" and " if len(words) > 1 else "") + words[-1]
