"""DNS names in the form the model keeps them: absolute, lower case, with the trailing dot."""

from __future__ import annotations

import re

import dns.exception
import dns.name
import idna

from gtm.zonefile.findings import Wrong, shown

# Presentation length of a name of plain labels whose wire form is 255 octets (RFC 1035 2.3.4).
MAX_PLAIN_LENGTH = 254

# Stands in for the name of a zone that can't be read, so that the rest of the file still can be.
ANY_ZONE = object()

_PLAIN = re.compile(r"(?:[a-z0-9_-]{1,63}\.)+")
_HOST_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?")


def absolute(text: str, zone: str) -> str:
    """The name that `text` stands for in `zone`: relative unless it ends with a dot.

    "" is the zone itself. Labels outside ASCII become A-labels (IDNA 2008, RFC 5891).
    Raises Wrong.
    """
    if not text:
        return zone
    full = text if text.endswith(".") and not text.endswith("\\.") else _joined(text, zone)
    if _PLAIN.fullmatch(full) and len(full) <= MAX_PLAIN_LENGTH:
        return full
    return parsed(full).canonicalize().to_text()


def parsed(text: str) -> dns.name.Name:
    """A name in presentation form, read with all its escapes. Raises Wrong."""
    ascii_text = to_ascii(text)
    try:
        return dns.name.from_text(ascii_text, origin=None)
    except dns.name.LabelTooLong:
        problem, remedy = "has a label over 63 octets", "shorten the label"
    except dns.name.NameTooLong:
        problem, remedy = "is longer than 255 octets", "shorten the name"
    except dns.name.EmptyLabel:
        problem, remedy = "has an empty label", "remove the extra dot"
    except (dns.exception.DNSException, ValueError):
        problem, remedy = "has a bad escape", r"write `\.` for a dot and `\\` for a backslash"
    raise Wrong(f"the name {shown(text)} {problem}", remedy)


def to_ascii(text: str) -> str:
    """The text with every label outside ASCII as A-label. Raises Wrong."""
    if text.isascii():
        return text
    return ".".join(label if label.isascii() else _a_label(label) for label in text.split("."))


def zone_name(value: object) -> str:
    """The apex of a zone, which is absolute with or without its trailing dot. Raises Wrong."""
    remedy = "write the name that the parent zone delegates, such as `gtm.example.com`"
    if value is ANY_ZONE:
        return "."
    if not isinstance(value, str):
        raise Wrong(f"{shown(value)} is not a domain name", remedy)
    if value in ("", "."):
        raise Wrong("the root can't be a zone here", remedy)
    name = absolute(value, ".")
    if not is_hostlike(name):
        raise Wrong(f"{shown(value)} is not a domain name", remedy)
    return name


def host_name(text: str) -> str:
    """A host name, absolute with or without its trailing dot; it must hold a dot inside.

    Raises Wrong.
    """
    remedy = "write an IP address, or a whole host name such as `images.cdn.example.net.`"
    name = absolute(text, ".")
    if name.count(".") < 2 or not is_hostlike(name):
        raise Wrong(f"{shown(text)} is neither an address nor a host name", remedy)
    return name


def is_hostlike(name: str) -> bool:
    """Whether every label is letters, digits, hyphens and underscores, as services have them."""
    return all(_HOST_LABEL.fullmatch(label) for label in name.removesuffix(".").split("."))


def is_within(name: str, zone: str) -> bool:
    """Whether the name is the zone's apex or lies under it. Both are absolute."""
    if name == zone or zone == ".":
        return True
    if "\\" in name:
        return dns.name.from_text(name).is_subdomain(dns.name.from_text(zone))
    return name.endswith("." + zone)


def parents(name: str, zone: str) -> list[str]:
    """The names strictly between `name` and the apex of `zone`, longest first."""
    labels = _labels(name)
    count = len(labels) - len(_labels(zone))
    return [".".join(labels[skip:]) + "." for skip in range(1, count)]


def _labels(name: str) -> list[str]:
    if name == ".":
        return []
    if "\\" in name:
        return [label.decode() for label in _escaped_labels(name)]
    return name[:-1].split(".")


def _escaped_labels(name: str) -> list[bytes]:
    labels = dns.name.from_text(name).labels[:-1]
    return [dns.name.Name([label]).to_text().encode() for label in labels]


def _joined(text: str, zone: str) -> str:
    return f"{text}." if zone == "." else f"{text}.{zone}"


def _a_label(label: str) -> str:
    try:
        return idna.encode(label, uts46=True).decode()
    except idna.IDNAError:
        raise Wrong(
            f"the label {shown(label)} is not a valid internationalised name (IDNA 2008)",
            "write the A-label (`xn--…`)",
        ) from None
