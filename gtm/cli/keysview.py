"""What `gtm keys` says: to people as lines, to programs as shapes."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from gtm.cli.keyroom import KeyRoom
from gtm.cli.keysshape import KeyShape, ZoneKeysShape
from gtm.cli.output import bare, span
from gtm.dns.names import to_wire
from gtm.dnssec import dnskey
from gtm.dnssec.keyfile import Unusable
from gtm.dnssec.ledger import Entry, Ledger, parent_keys
from gtm.dnssec.outlook import doing, outlook
from gtm.dnssec.timing import Timing
from gtm.model import Algorithm, Dnssec, Zone

_ALGORITHMS = {one.number: one.value for one in Algorithm}
_UNSIGNED = Timing(0, 0, 0, 0.0)  # of a zone without `dnssec`: no step is taken by it


def moment(at: float, now: float) -> str:
    """A time for a person: `now`, or `in 58 min, at 2026-11-21 21:00:03 UTC`."""
    if at <= now:
        return "now"
    return f"in {span(at - now)}, at {clock(at)}"


def clock(at: float) -> str:
    """A point in time, as everybody on earth reads it."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def zone_keys(room: KeyRoom, zone: Zone) -> ZoneKeysShape:
    """A zone's keys as they are now."""
    name = bare(zone.name)
    signed = zone.dnssec is not None
    folder = str(room.keyring.place(zone.name))
    try:
        ledger = room.keyring.read(zone.name).ledger
    except Unusable as unusable:
        return ZoneKeysShape(
            zone=name,
            signed=signed,
            folder=folder,
            problem=str(unusable),
            doing="",
            now="",
            next="",
            command="",
            safe_at=None,
            breaks="",
            keys=[],
            ds=[],
        )
    found = outlook(ledger, room.timing(zone, "look at keys") if signed else _UNSIGNED, name)
    return ZoneKeysShape(
        zone=name,
        signed=signed,
        folder=folder,
        problem=None,
        doing=found.doing,
        now=found.now,
        next=found.next,
        command=found.command,
        safe_at=found.at if signed else None,
        breaks=found.breaks,
        keys=[_key(entry, ledger) for entry in ledger.keys],
        ds=ds_lines(zone, ledger),
    )


def ds_lines(zone: Zone, ledger: Ledger) -> list[str]:
    """The DS records that the parent has to have, as lines of a master file."""
    dnssec = zone.dnssec or Dnssec()
    wire = to_wire(zone.name)
    found = (dnskey.ds(wire, one) for one in parent_keys(ledger, dnssec))
    return [f"{zone.name} {dnssec.parent_ttl} IN DS {dnskey.ds_to_text(one)}" for one in found]


def _key(entry: Entry, ledger: Ledger) -> KeyShape:
    return KeyShape(
        tag=entry.tag,
        role=entry.role.value,
        algorithm=dnskey.algorithm(entry.dnskey),
        stage=entry.stage.value,
        created=entry.created,
        doing=doing(entry.stage, ledger, signs=entry.role.signs, secures=entry.role.secures),
        dnskey=dnskey.to_text(entry.dnskey),
    )


def status_view(zones: list[ZoneKeysShape], now: float) -> RenderableType:
    """What holds in each zone, what comes next and when, and what the parent must have."""
    if not zones:
        return Text("no zone is signed and no zone has keys; write `dnssec: {}` in a zone file")
    return Group(*(_zone_view(zone, now) for zone in zones))


def _zone_view(zone: ZoneKeysShape, now: float) -> RenderableType:
    title = Text(zone.zone, "bold")
    if zone.doing:
        title.append(f": {zone.doing}", "default")
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    if not zone.signed:
        table.add_row("  zone", Text("its file has no `dnssec`, so it is not signed", "yellow"))
    if zone.problem is not None:
        table.add_row("  keys", Text(zone.problem, "red"))
    for key in zone.keys:
        table.add_row("  key", key_line(key))
    if zone.now:
        table.add_row("  now", zone.now)
    if zone.next:
        table.add_row("  next", zone.next)
    if zone.command:
        table.add_row("", _command(zone, now))
    for line in zone.ds:
        table.add_row("  DS", line)
    return Group(title, table)


def _command(zone: ZoneKeysShape, now: float) -> Text:
    command = Text(zone.command, "bold")
    if zone.safe_at is not None:
        style = "green" if zone.safe_at <= now else "yellow"
        command.append(f"  safe {moment(zone.safe_at, now)}", style)
    return command


def key_line(key: KeyShape) -> str:
    """`24711 CSK ecdsa-p256 of 2026-11-21, signs the DNSKEY set and the records`."""
    made = f" of {clock(key.created)[:10]}" if key.created else ""
    algorithm = _ALGORITHMS.get(key.algorithm, str(key.algorithm))
    return f"{key.tag} {key.role.upper()} {algorithm}{made}, {key.doing}"
