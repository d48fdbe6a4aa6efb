"""The zone's own records: name servers with glue, and the SOA's fields."""

from __future__ import annotations

from gtm.model import Address, Nameserver, Soa
from gtm.zonefile import names, values
from gtm.zonefile.document import Document, KeyPath
from gtm.zonefile.findings import Findings, Wrong, shown
from gtm.zonefile.shape import SoaShape, ZoneFile


def nameservers(document: Document, shape: ZoneFile, findings: Findings) -> tuple[Nameserver, ...]:
    """The zone's name servers; `ns1` without addresses, with a warning, when none is written."""
    if shape.nameservers is None:
        if document.value_at(("nameservers",)) is None:
            _warn_of_none(document, shape, findings)
        return (Nameserver(names.absolute("ns1", shape.zone), ()),)
    if document.value_at(("nameservers",)) == {}:
        findings.wrong(
            document.at(("nameservers",)),
            "a zone has at least one name server",
            "write `ns1: [address]`, or remove the key",
        )
    return _distinct(document, shape, shape.nameservers, findings)


def _warn_of_none(document: Document, shape: ZoneFile, findings: Findings) -> None:
    findings.warn(
        document.key(("zone",)),
        f"no `nameservers` are written: the zone says ns1.{shape.zone} without an address",
        "write `nameservers: {ns1: [the address this server is reached at]}`",
    )


def _distinct(
    document: Document, shape: ZoneFile, written: dict[str, object], findings: Findings
) -> tuple[Nameserver, ...]:
    found: dict[str, Nameserver] = {}
    for key, value in written.items():
        path: KeyPath = ("nameservers", key)
        try:
            server = _nameserver(document, path, shape.zone, value, findings)
        except Wrong as wrong:
            findings.wrong(document.key(path), wrong.problem, wrong.remedy)
            continue
        if server.name in found:
            problem = f"the name server {server.name} is written twice"
            findings.wrong(document.key(path), problem, "keep one of them")
        found[server.name] = server
    return tuple(found.values())


def _nameserver(
    document: Document, path: KeyPath, zone: str, value: object, findings: Findings
) -> Nameserver:
    name = names.absolute(str(path[-1]), zone)
    if not names.is_hostlike(name):
        raise Wrong(f"{shown(path[-1])} is not a host name", "write one such as `ns1`")
    written = [] if value is None else value if isinstance(value, list) else [value]
    addresses = _addresses(document, path, written, findings)
    if names.is_within(name, zone):
        if not written and zone != ".":  # the root stands in for a zone that could not be read
            raise Wrong(
                f"{name} lies in the zone, so it needs addresses (glue)",
                f"write `{path[-1]}: [address]`, or a name outside the zone with a dot at its end",
            )
        return Nameserver(name, addresses)
    if written:
        findings.warn(
            document.key(path),
            f"{name} lies outside the zone, so its addresses are not used",
            f"write `{path[-1]}: []`",
        )
    return Nameserver(name, ())


def _addresses(
    document: Document, path: KeyPath, written: list[object], findings: Findings
) -> tuple[Address, ...]:
    found: list[Address] = []
    for position, one in enumerate(written):
        spot = document.at((*path, position))
        try:
            address = values.address(one)
        except Wrong as wrong:
            findings.wrong(spot, wrong.problem, wrong.remedy)
            continue
        if address in found:
            findings.wrong(spot, f"{address} is written twice", "keep one of them")
        else:
            found.append(address)
    return tuple(found)


def ttl(document: Document, shape: ZoneFile, findings: Findings) -> tuple[int, int | None]:
    """The TTL of steered answers, and how far health may shorten it (None: not at all)."""
    if isinstance(shape.ttl, int):
        return shape.ttl, None
    least, most = shape.ttl.min, shape.ttl.max
    if least > most:
        problem = f"the least ttl, {least} s, is above the most, {most} s"
        findings.wrong(document.at(("ttl", "min")), problem, f"write at most {most}")
    return most, least


def soa(document: Document, shape: ZoneFile, findings: Findings) -> Soa:
    """The SOA's fields."""
    written: SoaShape = shape.soa
    contact = names.absolute("hostmaster", shape.zone)
    if written.contact is not None:
        try:
            contact = mailbox(written.contact)
        except Wrong as wrong:
            findings.wrong(document.at(("soa", "contact")), wrong.problem, wrong.remedy)
    return Soa(
        contact,
        written.negative_ttl,
        written.refresh,
        written.retry,
        written.expire,
        written.ttl,
    )


def mailbox(text: str) -> str:
    """A mailbox in name form from `user@domain` or from the name form (RFC 1035 section 8).

    Dots of the local part are escaped: `first.last@example.com` is `first\\.last.example.com.`.
    Raises Wrong.
    """
    local, at, domain = text.rpartition("@")
    if at and local and domain:
        escaped = "".join("\\" + c if c in '\\."();@$' else c for c in local)
        text = f"{escaped}.{domain.removesuffix('.')}."
    elif at or not text.endswith(".") or text == ".":
        raise Wrong(
            f"{shown(text)} is not a mailbox",
            "write one such as `hostmaster@example.com`, or its name form with a dot at the end",
        )
    return names.absolute(text, ".")
