"""Entries as JSON, a line each."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from ipaddress import ip_network

from gtm.dns import names
from gtm.dns.message import HEADER, parse
from gtm.dns.types import Rcode, type_text
from gtm.querylog.entry import PREFIXES, Entry, client

_OPCODES = {1: "IQUERY", 2: "STATUS", 4: "NOTIFY", 5: "UPDATE", 6: "DSO"}  # section 2.2
_CLASSES = {1: "IN", 3: "CH", 4: "HS", 255: "ANY"}  # RFC 6895 section 3.2


def line(entry: Entry, *, whole: bool) -> bytes:
    """The entry in JSON with a line feed. `whole` keeps all of clients' addresses."""
    return json.dumps(described(entry, whole=whole), separators=(",", ":")).encode() + b"\n"


def described(entry: Entry, *, whole: bool) -> dict[str, object]:
    """What is told of an entry. A part that the query lacks is left out."""
    found: dict[str, object] = {
        "time": datetime.fromtimestamp(entry.at, UTC).isoformat(timespec="microseconds"),
        "client": _client(entry, whole),
        "transport": entry.transport.value,
    }
    if entry.port and whole:
        found["port"] = entry.port
    query = parse(entry.query)
    if query is not None and query.name is not None:
        if query.opcode:
            found["opcode"] = _OPCODES.get(query.opcode, str(query.opcode))
        found["name"] = names.to_text(query.name)
        found["type"] = type_text(query.type)
        if query.rrclass != 1:
            found["class"] = _CLASSES.get(query.rrclass, f"CLASS{query.rrclass}")
    if query is not None and query.edns is not None and query.edns.subnet is not None:
        found["subnet"] = _subnet(query.edns.subnet.bits, query.edns.subnet.address, whole)
        found["subnet_source"] = query.edns.subnet.source
    found |= {"rcode": _rcode(entry), "octets": len(entry.answer)}
    if len(entry.answer) > 2 and entry.answer[2] & 0x02:
        found["truncated"] = True
    found |= decision(entry)
    return found


def decision(entry: Entry) -> dict[str, object]:
    """What was decided, and by which epoch."""
    told = {"zone": entry.tally.zone, "service": entry.tally.service, "region": entry.tally.region}
    return {key: value for key, value in told.items() if value} | {"epoch": entry.epoch}


def _client(entry: Entry, whole: bool) -> str:
    address = client(entry.sender, whole=whole)
    return str(address) if whole else f"{address}/{PREFIXES[address.version]}"


def _subnet(bits: int, address: int, whole: bool) -> str:
    """The client subnet: as it came, or no longer than what is kept of clients."""
    if not bits:
        return "none"
    octets = address.to_bytes(bits // 8, "big")
    length = bits if whole else PREFIXES[4 if bits == 32 else 6]
    return str(ip_network((octets, length), strict=False).network_address)


def _rcode(entry: Entry) -> str:
    """The response code; what needs EDNS to be said is known by its counter alone."""
    if entry.tally.rcode:
        return entry.tally.rcode
    try:
        return Rcode(entry.answer[3] & 15).name if len(entry.answer) >= HEADER else ""
    except ValueError:
        return str(entry.answer[3] & 15)
