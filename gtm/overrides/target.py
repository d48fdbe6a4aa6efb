"""What an override is about: `region/eu-west`, `app/shop/eu-west`, `service/search/ap-south`,
`endpoint/192.0.2.10`, each part also as a glob, after `zone:gtm.example.com/` in one zone alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from fnmatch import translate
from functools import lru_cache
from ipaddress import ip_address

from gtm.errors import UsageError
from gtm.model import App, Service, Zone

LONGEST = 600  # characters of a target: a zone's name, a service's and a region's fit
FORMS = "region/eu-west, app/shop/eu-west, service/search/ap-south or endpoint/192.0.2.10"
ZONE = "zone:"
_GLOB = re.compile(r"[*?\[]")
_WORD = re.compile(r"[!-~]+")


class Level(IntEnum):
    """How narrow a target is."""

    REGION = 1
    APP = 2
    SERVICE = 3
    ENDPOINT = 4


_PARTS = {Level.REGION: 1, Level.APP: 2, Level.SERVICE: 2, Level.ENDPOINT: 1}


@dataclass(frozen=True, slots=True)
class OverrideTarget:
    """What an override is about; each part is a name or a glob.

    `name` is an app's, a service's (its key or whole name) or an endpoint's, "" for a region;
    `region` is "" for an endpoint. `zone` None is every zone.
    """

    level: Level
    name: str
    region: str
    zone: str | None = None

    def __str__(self) -> str:
        """As it is written."""
        parts = [part for part in (self.level.name.lower(), self.name, self.region) if part]
        return "/".join(parts if self.zone is None else [ZONE + self.zone, *parts])

    @property
    def globs(self) -> int:
        """How many parts are globs; a zone that is not named is one."""
        parts = (self.name, self.region, "*" if self.zone is None else self.zone)
        return sum(is_glob(part) for part in parts)

    def in_zone(self, zone: Zone) -> bool:
        """Whether it says anything about the zone."""
        return self.zone is None or matcher(self.zone)(bare(zone.name))

    def names(self, service: Service) -> bool:
        """Whether the name is the service's, as the zone file has it or whole."""
        fits = matcher(self.name)
        return fits(service.key) or fits(bare(service.name))

    def hits(self, zone: Zone, app: App) -> bool:
        """Whether anything of the app is meant."""
        if not self.in_zone(zone) or (self.level is Level.APP and not matcher(self.name)(app.name)):
            return False
        services: Iterable[Service] = app.services
        if self.level is Level.ENDPOINT:
            return any(map(matcher(self.name), endpoints_of(app)))
        if self.level is Level.SERVICE:
            services = filter(self.names, app.services)
        return any(map(matcher(self.region), {r for one in services for r in one.endpoints}))


def parse_target(text: str) -> OverrideTarget:
    """The target that a text names. Raises UsageError."""
    zone, rest = None, text
    if text.startswith(ZONE):
        zone, _, rest = text.removeprefix(ZONE).partition("/")
        zone = bare(zone).lower()
    kind, *parts = rest.split("/")
    level = next((level for level in Level if level.name.lower() == kind), None)
    if level is None or len(parts) != _PARTS[level] or not all([*parts, zone != ""]):
        raise _unclear(text, f"write {FORMS}")
    if len(text) > LONGEST or not _WORD.fullmatch(text):
        raise _unclear(text[:LONGEST], f"write at most {LONGEST} characters, without spaces")
    match level:
        case Level.REGION:
            return OverrideTarget(level, "", parts[0], zone)
        case Level.ENDPOINT:
            return OverrideTarget(level, _endpoint(parts[0]), "", zone)
        case Level.SERVICE:
            return OverrideTarget(level, bare(parts[0]).lower(), parts[1], zone)
        case Level.APP:
            return OverrideTarget(level, parts[0], parts[1], zone)


def _unclear(text: str, remedy: str) -> UsageError:
    return UsageError(f"cannot understand the target {text!r}: it names nothing; {remedy}")


def _endpoint(text: str) -> str:
    """An address in its usual form, a host name without the dot at its end."""
    try:
        return str(ip_address(text))
    except ValueError:
        return bare(text).lower()


def is_glob(text: str) -> bool:
    """Whether a part can match more than itself."""
    return _GLOB.search(text) is not None


@lru_cache(maxsize=4096)
def matcher(pattern: str) -> Callable[[str], bool]:
    """What tells whether a name fits; a part that is no glob fits itself alone."""
    if not is_glob(pattern):
        return lambda name: name == pattern
    found = re.compile(translate(pattern))
    return lambda name: found.match(name) is not None


def bare(name: str) -> str:
    """A name without the dot at its end."""
    return name.rstrip(".")


def endpoints_of(app: App) -> set[str]:
    """Every address and bare host name of an app."""
    return {
        bare(str(endpoint))
        for service in app.services
        for here in service.endpoints.values()
        for endpoint in here
    }
