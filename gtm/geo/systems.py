"""What a record of a geo database says of the autonomous system that announces a network.

GeoLite2-ASN and those like it have `autonomous_system_number` and `autonomous_system_organization`
(City and Enterprise databases have them under `traits`). Flat ones have `asn`, as a number or as
`AS64500`, and a name under one of several keys.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from gtm.geo.networks import Layer, no_layer
from gtm.model import AsNumber

LAST = 2**32 - 2  # AS 4294967295 is reserved (RFC 7300), AS 0 stands for nobody (RFC 7607)

_NUMBER_KEYS = ("autonomous_system_number", "asn", "as_number")
_NAME_KEYS = (
    "autonomous_system_organization",
    "as_name",
    "as_organization",
    "as_org",
    "organization",
    "org",
    "name",
)
_NUMBER = re.compile(r"(?:AS)?([0-9]{1,10})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class System:
    """An AS as a database has it; `organisation` is "" where it names none."""

    number: AsNumber
    organisation: str = ""

    def __str__(self) -> str:
        """`AS64500 Example Networks`."""
        return f"{self.number} {self.organisation}".rstrip()


@dataclass(frozen=True, slots=True)
class Systems:
    """Which AS announces an address: values of the layer are indices into `numbers`."""

    numbers: tuple[AsNumber, ...] = ()
    layer: Layer = field(default_factory=no_layer)

    def only(self, named: Mapping[AsNumber, int]) -> Layer:
        """Where the ASes named are, each with the value that it is given."""
        return self.layer.selected([named.get(number, -1) for number in self.numbers])


def read_system(record: object) -> System | None:
    """The AS that a record names; None for a record that names none, or none that can be."""
    if not isinstance(record, dict):
        return None
    traits = record.get("traits")
    for fields in (record, traits if isinstance(traits, dict) else {}):
        for key in _NUMBER_KEYS:
            number = _number(fields.get(key))
            if number is not None:
                return System(number, _name(fields))
    return None


def _number(value: object) -> AsNumber | None:
    if isinstance(value, str):
        match = _NUMBER.fullmatch(value.strip())
        value = int(match[1]) if match else None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value <= LAST:
        return None
    return AsNumber(value)


def _name(fields: Mapping[object, object]) -> str:
    """The first name there is, as one line that can be shown."""
    names = (fields.get(key) for key in _NAME_KEYS)
    name = next((name for name in names if isinstance(name, str) and name.strip()), "")
    return "".join(letter for letter in name.strip() if letter.isprintable())
