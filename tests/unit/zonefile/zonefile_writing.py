"""Writing zone files for tests and reading back what is said of them."""

from __future__ import annotations

from pathlib import Path

from gtm.errors import ZoneFileError
from gtm.model import Zone
from gtm.zonefile import Loaded, load

HEAD = """\
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions:
  us-east: {location: [39.04, -77.49]}
  eu-west: {location: IE}
"""

# One app with two of three regions, for lines of it to follow.
STEERED = """\
zone: gtm.example.com
nameservers: {ns1: [192.0.2.53]}
regions: {us: {location: US-VA}, ie: {location: IE}, sg: {location: SG}}
apps:
  shop:
    topology: spread
"""
STEERED_SERVICES = "    services: {a: {us: 192.0.2.1, ie: 192.0.2.2}}\n"


def a_serial(path: Path) -> float:
    """A modification time that no clock makes."""
    return 1234.5


def load_text(directory: Path, text: str, name: str = "a.yaml") -> Loaded:
    (directory / name).write_text(text, encoding="utf-8")
    return load(directory, modified=a_serial)


def zone_of(directory: Path, text: str) -> Zone:
    (zone,) = load_text(directory, text).zones
    return zone


def mistakes_of(directory: Path, text: str) -> list[str]:
    """Every mistake in HEAD and `text`, without the directory, in order."""
    try:
        load_text(directory, text)
    except ZoneFileError as error:
        return [str(mistake).replace(f"{directory}/", "") for mistake in error.mistakes]
    return []


def warnings_of(directory: Path, text: str) -> list[str]:
    loaded = load_text(directory, text)
    return [str(warning).replace(f"{directory}/", "") for warning in loaded.warnings]


def said_of_steered(directory: Path, text: str, services: str = STEERED_SERVICES) -> list[str]:
    """What is said of lines in the app, without what is the same in all: the file and the app."""
    lines = "".join(f"    {line}\n" for line in text.splitlines())
    found = mistakes_of(directory, STEERED + lines + services)
    return [one.removeprefix("a.yaml:").replace(": apps.shop.", ": ", 1) for one in found]
