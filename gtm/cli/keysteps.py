"""`gtm keys`: what is done to keys, step by step. Each step is refused until it is safe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gtm.cli.keys import Config, Forced, KeysFolder, SomeZone, ZoneName, Zones, print_status
from gtm.cli.keys import keys as keys
from gtm.errors import UsageError

if TYPE_CHECKING:
    from gtm.cli.keyroom import KeyRoom
    from gtm.dnssec.ledger import Entry, Kind, Ledger, Role
    from gtm.dnssec.timing import Timing
    from gtm.model import Dnssec, Zone

    Step = Callable[[Ledger, float, Timing], Ledger]


@keys.command("generate")
def generate(
    zone: ZoneName, zones: Zones = None, folder: KeysFolder = None, config: Config = None
) -> None:
    """Make the first keys of a zone, as its `dnssec` says: one, or a KSK and a ZSK.

    A running server takes them up by itself. The DS goes to the parent later, when
    [bold]gtm keys status[/] says so.

    Example: [bold]gtm keys generate gtm.example.com[/]
    """
    from gtm.cli.keyroom import enter
    from gtm.dnssec.rollover import Refused, begun
    from gtm.model import Dnssec

    room = enter(zones, folder, config)
    doing = "make keys"
    found = room.zone(zone, doing)
    dnssec = found.dnssec or Dnssec()

    def take(before: Ledger | None, entries: list[Entry], timing: Timing) -> Ledger:
        if before is not None and not _is_over(before):
            raise Refused(f"it has keys; to change them: gtm keys roll {zone}")
        return begun(entries, room.now, timing)

    room.roll(found, doing, dnssec.algorithm, _roles(dnssec), take)
    _show(room, found)


@keys.command("roll")
def roll(
    zone: ZoneName,
    zsk: Annotated[bool, typer.Option("--zsk", help="The ZSK alone: no DS changes.")] = False,
    ksk: Annotated[bool, typer.Option("--ksk", help="The KSK alone.")] = False,
    algorithm: Annotated[
        bool, typer.Option("--algorithm", help="All keys, to the algorithm in the zone file.")
    ] = False,
    zones: Zones = None,
    folder: KeysFolder = None,
    config: Config = None,
) -> None:
    """Begin to replace keys: by default all of them, by new ones as the zone file says.

    Then [bold]gtm keys status[/] says what comes next, [bold]gtm keys next[/] does it, and
    [bold]gtm keys ds-seen[/] tells that the parent has the new DS.

    Examples: [bold]gtm keys roll gtm.example.com[/], [bold]gtm keys roll gtm.example.com --zsk[/]
    """
    from gtm.cli.keyroom import enter
    from gtm.dnssec.ledger import Kind, Role

    named = [kind for kind, given in ((Kind.ZSK, zsk), (Kind.KSK, ksk)) if given]
    named += [Kind.ALGORITHM] if algorithm else []
    if len(named) > 1:
        raise UsageError(f"cannot roll the keys of {zone}: choose one of --zsk, --ksk, --algorithm")
    kind = named[0] if named else Kind.ALL
    room = enter(zones, folder, config)
    found = room.zone(zone, "roll the keys")
    room.timing(found, "roll the keys")
    dnssec = found.dnssec
    assert dnssec is not None  # noqa: S101  # `timing` has raised otherwise
    roles = {Kind.ZSK: (Role.ZSK,), Kind.KSK: (Role.KSK,)}.get(kind) or _roles(dnssec)
    begin = _begins(room, zone, kind, dnssec)
    room.roll(found, "roll the keys", dnssec.algorithm, roles, begin)
    _show(room, found)


def _begins(
    room: KeyRoom, name: str, kind: Kind, dnssec: Dnssec
) -> Callable[[Ledger | None, list[Entry], Timing], Ledger]:
    """The first step of a roll-over, refused where the zone file's algorithm asks for another."""
    from gtm.dnssec import dnskey
    from gtm.dnssec.ledger import Kind
    from gtm.dnssec.rollover import Refused, introduced

    def take(before: Ledger | None, entries: list[Entry], timing: Timing) -> Ledger:
        if before is None:
            raise Refused(f"it has no keys; make them: gtm keys generate {name}")
        same = all(dnskey.algorithm(one.dnskey) == dnssec.algorithm.number for one in before.keys)
        if same and kind is Kind.ALGORITHM:
            raise Refused(f"its keys are {dnssec.algorithm.value} already, as the zone file says")
        if not same and kind is not Kind.ALGORITHM and before.roll is None:
            raise Refused(f"the zone file says {dnssec.algorithm.value} now; add --algorithm")
        return introduced(before, kind, entries, room.now, timing)

    return take


@keys.command("next")
def following(
    zone: SomeZone = None,
    zones: Zones = None,
    folder: KeysFolder = None,
    config: Config = None,
    force: Forced = False,
) -> None:
    """Take the next step of what is under way. Refused, with the time left, until it is safe.

    Without a zone it takes the steps that are safe in all zones, and refuses nothing: for cron.

    Examples: [bold]gtm keys next gtm.example.com[/], [bold]gtm keys next[/]
    """
    from gtm.cli.keyroom import enter
    from gtm.dnssec.rollover import advanced

    room = enter(zones, folder, config)
    if zone is None:
        _everywhere(room, force=force)
        return
    doing = "change the keys"
    found = room.zone(zone, doing)
    if force:
        _say_what_breaks(room, found)
    room.step(found, doing, lambda now, timing: advanced(now, room.now, timing, force=force))
    _show(room, found)


@keys.command("ds-seen")
def ds_seen(
    zone: ZoneName, zones: Zones = None, folder: KeysFolder = None, config: Config = None
) -> None:
    """Say that all servers of the parent give the DS that is wanted, and no other.

    Look at each of them first: [bold]dig +norecurse DS gtm.example.com @ns.example.com[/]

    Example: [bold]gtm keys ds-seen gtm.example.com[/]
    """
    from gtm.dnssec import rollover

    _parent_says(zone, zones, folder, config, rollover.ds_seen)


@keys.command("ds-gone")
def ds_gone(
    zone: ZoneName, zones: Zones = None, folder: KeysFolder = None, config: Config = None
) -> None:
    """Say that no server of the parent gives a DS any more, on the way to an unsigned zone.

    Example: [bold]gtm keys ds-gone gtm.example.com[/]
    """
    from gtm.dnssec import rollover

    _parent_says(zone, zones, folder, config, rollover.ds_gone)


@keys.command("unsign")
def unsign(
    zone: ZoneName, zones: Zones = None, folder: KeysFolder = None, config: Config = None
) -> None:
    """Begin to make a zone unsigned: CDS asks the parent to remove its DS (RFC 8078).

    The signatures stay until no resolver can expect them; only then is `dnssec` taken out of the
    zone file.

    Example: [bold]gtm keys unsign gtm.example.com[/]
    """
    from gtm.dnssec.rollover import unsigning

    _step(zone, zones, folder, config, "unsign", unsigning)


@keys.command("cancel")
def cancel(
    zone: ZoneName, zones: Zones = None, folder: KeysFolder = None, config: Config = None
) -> None:
    """Take back what was begun, where nothing depends on it yet.

    Example: [bold]gtm keys cancel gtm.example.com[/]
    """
    from gtm.dnssec.rollover import cancelled

    _step(zone, zones, folder, config, "take back", lambda ledger, now, timing: cancelled(ledger))


# --- parts ------------------------------------------------------------------------------


def _parent_says(
    zone: str, zones: Path | None, folder: Path | None, config: Path | None, told: Step
) -> None:
    _step(zone, zones, folder, config, "change the keys", told)


def _step(
    name: str,
    zones: Path | None,
    folder: Path | None,
    config: Path | None,
    doing: str,
    take: Step,
) -> None:
    from gtm.cli.keyroom import enter

    room = enter(zones, folder, config)
    found = room.zone(name, doing)
    room.step(found, doing, lambda now, timing: take(now, room.now, timing))
    _show(room, found)


def _everywhere(room: KeyRoom, *, force: bool) -> None:
    """Every step that is safe now; what is not is left for another time."""
    from gtm.cli.keysview import zone_keys
    from gtm.cli.output import bare
    from gtm.dnssec.rollover import advanced

    if force:
        raise UsageError("cannot force the steps of all zones: name one")
    for zone in room.zones:
        if zone.dnssec is None:
            continue
        at = zone_keys(room, zone).safe_at
        if at is not None and at <= room.now:
            room.step(zone, "change the keys", lambda now, timing: advanced(now, room.now, timing))
            typer.echo(f"{bare(zone.name)}: {zone_keys(room, zone).now}")


def _say_what_breaks(room: KeyRoom, zone: Zone) -> None:
    from gtm.cli.keysview import zone_keys
    from gtm.cli.output import say_line

    found = zone_keys(room, zone)
    if found.safe_at is not None and found.safe_at > room.now:
        say_line(f"warning: {found.breaks}", stderr=True)


def _is_over(ledger: Ledger) -> bool:
    """Whether the zone has come to the end of going unsigned: its keys are of no use any more."""
    from gtm.dnssec.ledger import Phase

    return ledger.roll is not None and ledger.roll.phase is Phase.UNSECURED


def _roles(dnssec: Dnssec) -> tuple[Role, ...]:
    from gtm.dnssec.ledger import Role

    return (Role.KSK, Role.ZSK) if dnssec.split else (Role.CSK,)


def _show(room: KeyRoom, zone: Zone) -> None:
    from gtm.cli.keysview import zone_keys

    print_status(room, [zone_keys(room, zone)], as_json=False)
