"""Parsers of the single values of a zone file. Each raises Wrong for what can't be used."""

from __future__ import annotations

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from gtm.checks import StatusRange
from gtm.geo.places import centroid, parse_code
from gtm.model import Address, GeoCode, Location, MinUp
from gtm.zonefile import names
from gtm.zonefile.findings import Wrong, shown

# RFC 2181 section 8: a TTL is 31 bits.
MAX_TTL = 2**31 - 1

# Far finer than the shares that plans can hold.
MAX_WEIGHT = 1_000_000

# A millisecond of service time that counts more than this many of round trip is a mistake.
MAX_TIMES = 1000

# An endpoint takes a slot for each unit of its weight.
MAX_ENDPOINT_WEIGHT = 1000

# Nobody waits for more outcomes or samples than this.
MANY = 100_000

# 224.0.0.0: from here on IPv4 addresses are multicast or reserved (RFC 1112 section 4).
_FIRST_MULTICAST = 0xE0000000

# A load that is an hour old says nothing of the load now.
MAX_EXPIRY = 3600.0

_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_DURATION = re.compile(r"([0-9]{1,12}(?:\.[0-9]{1,6})?)(ms|s|m|h|d|w)")
_STATUS_RANGE = re.compile(r"([0-9]{3})\s*-\s*([0-9]{3})")
_PERCENT = re.compile(r"([0-9]{1,3})\s*%")
_PART = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,6})?)\s*%")


def seconds(value: object) -> float:
    """A duration in seconds from a number or text like `500ms`, `30s`, `5m`, `1h`."""
    if isinstance(value, str) and (match := _DURATION.fullmatch(value)):
        number, unit = float(match[1]), match[2]
        return number / 1000 if unit == "ms" else number * _UNITS[unit]
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 2**40:
        return float(value)
    raise Wrong(f"{shown(value)} is not a duration", "write seconds, or `500ms`, `30s`, `5m`, `1h`")


def ttl(value: object) -> int:
    """A TTL in whole seconds (RFC 2181 section 8)."""
    length = seconds(value)
    if length != int(length):
        raise Wrong(f"{shown(value)} is not whole seconds", "write a ttl such as `30s`")
    if length > MAX_TTL:
        raise Wrong(f"the ttl {shown(value)} is out of range", f"write at most {MAX_TTL} seconds")
    return int(length)


def address(value: object) -> Address:
    """An IPv4 or IPv6 address."""
    try:
        if isinstance(value, str):
            return IPv6Address(value) if ":" in value else IPv4Address(value)
    except AddressValueError:
        pass
    raise Wrong(
        f"{shown(value)} is not an IP address", "write one such as `192.0.2.10` or `2001:db8::10`"
    )


def unicast(value: object) -> Address:
    """An address that clients can be sent to."""
    found = address(value)
    if isinstance(found, IPv4Address):
        good = 0 < int(found) < _FIRST_MULTICAST
    else:
        good = not (found.is_unspecified or found.is_multicast or found.scope_id)
    if not good:
        raise Wrong(f"no client can reach {shown(value)}", "write a unicast address")
    return found


def location(value: object) -> Location:
    """A point from `[latitude, longitude]` in degrees, or the centroid of a geo code."""
    if isinstance(value, list):
        return _point(value)
    if isinstance(value, str):
        found = centroid(geo_code(value))
        if found is None:
            raise Wrong(
                f"the centre of `{value}` is not known",
                "write coordinates, such as `[39.04, -77.49]`",
            )
        return found
    raise Wrong(
        f"{shown(value)} is not a location",
        "write `[latitude, longitude]` or a geo code such as `IE` or `NA-US-VA`",
    )


def geo_code(text: str) -> GeoCode:
    """A place as octoDNS or ISO 3166-2 writes it."""
    try:
        return parse_code(text)
    except ValueError as error:
        problem, _, remedy = str(error).partition("; ")
        fallback = "write one such as `EU`, `EU-GB`, `GB`, `NA-US-CA` or `US-CA`"
        raise Wrong(problem, remedy or fallback) from None


def _point(value: list[object]) -> Location:
    remedy = "write `[latitude, longitude]` in degrees, such as `[39.04, -77.49]`"
    numbers = [
        float(part)
        for part in value
        if isinstance(part, int | float) and not isinstance(part, bool)
    ]
    if len(numbers) != 2 or len(value) != 2:
        raise Wrong("a location has two numbers", remedy)
    latitude, longitude = numbers
    if abs(latitude) <= 90 and abs(longitude) <= 180:
        return Location(latitude, longitude)
    if abs(longitude) <= 90 and abs(latitude) <= 180:
        raise Wrong(
            f"the latitude {latitude:g} is beyond 90 degrees",
            f"latitude comes first: write `[{longitude:g}, {latitude:g}]`",
        )
    which = "latitude" if not abs(latitude) <= 90 else "longitude"
    wrong = latitude if which == "latitude" else longitude
    limit = 90 if which == "latitude" else 180
    raise Wrong(f"the {which} {wrong:g} is beyond {limit} degrees", remedy)


def bias(value: object) -> int:
    """A region's bias, -99 to 99."""
    if type(value) is int and -99 <= value <= 99:
        return value
    raise Wrong(f"{shown(value)} is not a bias", "write a whole number from -99 to 99")


def positive(value: object) -> float:
    """A number above 0."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1e15:
        return float(value)
    raise Wrong(f"{shown(value)} is not a number above 0", "write a number above 0")


def port(value: object) -> int:
    """A TCP port."""
    if type(value) is int and 1 <= value <= 65535:
        return value
    raise Wrong(f"{shown(value)} is not a port", "write a number from 1 to 65535")


def in_a_row(value: object) -> int:
    """How many probes in a row change a verdict. 100 is beyond any use."""
    if type(value) is int and 1 <= value <= 100:
        return value
    raise Wrong(f"{shown(value)} is not a number of probes", "write a whole number from 1 to 100")


def how_many(value: object) -> int:
    """A number of things told by reporters."""
    if type(value) is int and 1 <= value <= MANY:
        return value
    raise Wrong(f"{shown(value)} is not a number of them", f"write a whole number from 1 to {MANY}")


def regions_left(value: object) -> int:
    """A number of regions; there are never more than 1000."""
    if type(value) is int and 0 <= value <= 1000:
        return value
    raise Wrong(f"{shown(value)} is not a number of regions", "write a whole number from 0 on")


def url_path(value: object) -> str:
    """The path of an HTTP request, with the query if there is one (RFC 9112 section 3.2.1)."""
    if isinstance(value, str) and re.fullmatch(r"/[!-~]*", value) and "#" not in value:
        return value
    raise Wrong(
        f"{shown(value)} is not a path",
        "begin it with `/` and percent-encode what is not plain ASCII, such as `/health`",
    )


def probe_host(value: object) -> str:
    """A Host header and TLS server name: a host name without the trailing dot."""
    if isinstance(value, str) and value:
        name = names.absolute(value, ".").removesuffix(".")
        if names.is_hostlike(name):
            return name
    raise Wrong(f"{shown(value)} is not a host name", "write one such as `orders.example.com`")


def statuses(value: object) -> tuple[StatusRange, ...]:
    """Expected HTTP statuses: one or a list of codes and ranges."""
    values = value if isinstance(value, list) else [value]
    if not values:
        raise Wrong("no status is expected", "write one, such as `200`, or remove the key")
    return tuple(_status(one) for one in values)


def _status(value: object) -> StatusRange:
    first = last = 0
    if type(value) is int:
        first = last = value
    elif isinstance(value, str) and (match := _STATUS_RANGE.fullmatch(value)):
        first, last = int(match[1]), int(match[2])
    if not 100 <= first <= last <= 599:
        raise Wrong(
            f"{shown(value)} is not an HTTP status",
            "write a code from 100 to 599 or a range such as `200-299`",
        )
    return StatusRange(first, last)


def body_text(value: object) -> str:
    """The text that a response's body must hold."""
    if isinstance(value, str) and value:
        return value
    raise Wrong(
        f"{shown(value)} is not text to look for in the body",
        "write text, in quotes if it looks like a number",
    )


def min_up(value: object) -> MinUp:
    """How many endpoints a region needs up: a number from 1, or a percentage."""
    if type(value) is int and value >= 1:
        return MinUp(value)
    match = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if match and 1 <= int(match[1]) <= 100:
        return MinUp(int(match[1]), percent=True)
    raise Wrong(
        f"{shown(value)} is not a number of endpoints",
        "write a whole number from 1, or a percentage such as `50%`",
    )


def true_or_false(value: object) -> bool:
    """A truth value."""
    if isinstance(value, bool):
        return value
    raise Wrong(f"{shown(value)} is neither true nor false", "write `true` or `false`")


def fraction(value: object) -> float:
    """A part of a whole, 0 to 1. Whole numbers are refused, as 1 could be meant as 1 %."""
    match = _PART.fullmatch(value) if isinstance(value, str) else None
    if match and float(match[1]) <= 100:
        return float(f"{match[1]}e-2")  # rounded once, unlike a division
    if isinstance(value, float) and 0 <= value < 1:
        return value
    if type(value) is int and 0 < value <= 100:
        raise Wrong(f"{shown(value)} is not a part of a whole", f"write `{value}%`")
    if type(value) is int and value == 0:
        return 0.0
    raise Wrong(f"{shown(value)} is not a part of a whole", "write one from `0%` to `100%`")


def soft(value: object) -> float:
    """The part of a capacity from which on clients go elsewhere: above 0, up to all of it."""
    part = fraction(value)
    if part == 0:
        raise Wrong(
            "with a soft mark of 0 no client is taken", "write one above `0%`, up to `100%`"
        )
    return part


def expiry(value: object) -> float:
    """How long a load is believed."""
    length = seconds(value)
    if not 1 <= length <= MAX_EXPIRY:
        raise Wrong(f"{shown(value)} is out of bounds", "write one from `1s` to `1h`")
    return length


def header_name(value: object) -> str:
    """The name of an HTTP header (RFC 9110 section 5.1)."""
    if isinstance(value, str) and re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}", value):
        return value
    raise Wrong(f"{shown(value)} is not the name of a header", "write one such as `X-GTM-Load`")


def json_pointer(value: object) -> str:
    """A JSON pointer (RFC 6901 section 3) to something inside a document."""
    if isinstance(value, str) and re.fullmatch(r"(?:/(?:[^~/]|~[01])*)+", value):
        return value
    raise Wrong(f"{shown(value)} is not a JSON pointer", "write one such as `/load` or `/a/0/b`")


def times(value: object) -> float:
    """How often something counts: a number from 0 to MAX_TIMES."""
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_TIMES:
        return float(value)
    raise Wrong(
        f"{shown(value)} is not a factor", f"write a number from 0 to {MAX_TIMES}, such as 1.0"
    )


def weight(value: object) -> int:
    """A region's weight."""
    return _weight(value, MAX_WEIGHT)


def endpoint_weight(value: object) -> int:
    """An endpoint's weight."""
    return _weight(value, MAX_ENDPOINT_WEIGHT)


def _weight(value: object, most: int) -> int:
    if type(value) is int and 0 <= value <= most:
        return value
    raise Wrong(f"{shown(value)} is not a weight", f"write a whole number from 0 to {most}")


def region_count(value: object) -> int:
    """How many regions an answer names."""
    return _count(value, "regions")


def address_count(value: object) -> int:
    """How many addresses an answer has."""
    return _count(value, "addresses")


def _count(value: object, of: str) -> int:
    if type(value) is int and value >= 1:
        return value
    raise Wrong(f"{shown(value)} is not a number of {of}", "write a whole number from 1")


def prefix4(value: object) -> int:
    """The length of an IPv4 prefix."""
    return _prefix(value, 32)


def prefix6(value: object) -> int:
    """The length of an IPv6 prefix."""
    return _prefix(value, 128)


def _prefix(value: object, bits: int) -> int:
    if type(value) is int and 1 <= value <= bits:
        return value
    raise Wrong(f"{shown(value)} is not a prefix length", f"write a number from 1 to {bits}")


def serial(value: object) -> int:
    """An SOA serial (RFC 1982: 32 bits)."""
    if type(value) is int and 1 <= value < 2**32:
        return value
    raise Wrong(f"{shown(value)} is not a serial", "write a whole number from 1 to 4294967295")
