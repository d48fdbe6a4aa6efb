"""`gtm keys`: the keys of signed zones. What is looked at; `keysteps.py` has what is done."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gtm.cli.options import Json
from gtm.errors import KeysError

if TYPE_CHECKING:
    from gtm.cli.keyroom import KeyRoom
    from gtm.cli.keysshape import ZoneKeysShape
    from gtm.dnssec.ledger import Ledger

keys = typer.Typer(
    help="The keys of signed zones: make them, see what is safe now, roll them step by step. "
    "The tokens of the API: gtm keys token.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

ZoneName = Annotated[
    str, typer.Argument(metavar="ZONE", help="The zone, by its apex.", show_default=False)
]
SomeZone = Annotated[
    str | None,
    typer.Argument(
        metavar="[ZONE]", help="The zone, by its apex. [dim]Default: all[/]", show_default=False
    ),
]
Zones = Annotated[
    Path | None,
    typer.Option(help="The zone files. [dim]Default: zones[/]", show_default=False),
]
KeysFolder = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        metavar="DIR",
        help="The server's folder of keys. [dim]Default: GTM_KEYS, or keys in GTM_STATE[/]",
        show_default=False,
    ),
]
Config = Annotated[
    Path | None,
    typer.Option(metavar="gtm.yaml", help="The server's settings.", show_default=False),
]
Forced = Annotated[
    bool,
    typer.Option("--force", help="Do it before it is safe; what that breaks is said."),
]


@keys.command("status")
def status(
    zone: SomeZone = None,
    zones: Zones = None,
    folder: KeysFolder = None,
    config: Config = None,
    as_json: Json = False,
) -> None:
    """Show what holds, what comes next and when it is safe, and the DS that the parent must have.

    Example: [bold]gtm keys status gtm.example.com[/]
    """
    from gtm.cli.keyroom import enter

    room = enter(zones, folder, config)
    print_status(room, _found(room, zone), as_json=as_json)


@keys.command("list")
def listing(
    zones: Zones = None, folder: KeysFolder = None, config: Config = None, as_json: Json = False
) -> None:
    """List all keys, a line for each: zone, tag, role, algorithm, and what it does.

    Example: [bold]gtm keys list --keys /var/lib/gtm/keys[/]
    """
    from gtm.cli.keyroom import enter
    from gtm.cli.keysview import key_line
    from gtm.cli.output import say_line

    room = enter(zones, folder, config)
    found = _found(room, None)
    if as_json:
        print_status(room, found, as_json=True)
        return
    for one in found:
        for key in one.keys:
            sys.stdout.write(f"{one.zone} {key_line(key)}\n")
        if one.problem is not None:
            say_line(f"{one.zone}: {one.problem}", stderr=True)
    for name in _without_file(room):
        say_line(f"{name}: it has keys, and no zone file", stderr=True)


@keys.command("ds")
def ds(
    zone: ZoneName,
    zones: Zones = None,
    folder: KeysFolder = None,
    config: Config = None,
    force: Forced = False,
) -> None:
    """Print the DS records that the parent must have: also what validators take as trust anchor.

    Refused while the parent should not have them yet.

    Example: [bold]gtm keys ds gtm.example.com[/]
    """
    from gtm.cli.keyroom import enter
    from gtm.cli.keysview import ds_lines
    from gtm.dnssec.ledger import Kind, Phase

    room = enter(zones, folder, config)
    doing = "give out the DS"
    found = room.zone(zone, doing)
    ledger = room.ledger(found, doing)
    roll = ledger.roll
    if roll is not None and roll.kind is Kind.UNSIGN and not force:
        raise KeysError(
            f"cannot {doing} of {zone}: it is going unsigned; the parent must have none"
        )
    early = roll is not None and (roll.kind, roll.phase) == (Kind.START, Phase.INTRODUCED)
    if early and not force:
        raise KeysError(
            f"cannot {doing} of {zone}: resolvers may still hold unsigned records, and would take "
            f"them for forged; `gtm keys status {zone}` says when it is safe, --force prints it now"
        )
    for line in ds_lines(found, _as_wanted(ledger)):
        sys.stdout.write(f"{line}\n")


def print_status(room: KeyRoom, found: list[ZoneKeysShape], *, as_json: bool) -> None:
    """The state of zones, for people or programs."""
    from gtm.cli.keysshape import ZonesKeysShape
    from gtm.cli.keysview import status_view
    from gtm.cli.output import print_json, show

    if as_json:
        print_json(ZonesKeysShape(time=room.now, zones=found))
    else:
        show(status_view(found, room.now))


def _as_wanted(ledger: Ledger) -> Ledger:
    """The ledger as it is once the DS is wanted, where it is not wanted yet or no more."""
    from dataclasses import replace

    from gtm.dnssec.ledger import Kind, Phase

    roll = ledger.roll
    if roll is not None and roll.kind is Kind.START:
        return replace(ledger, roll=replace(roll, phase=Phase.DS_WANTED))
    if roll is not None and roll.kind is Kind.UNSIGN:
        return replace(ledger, roll=None)
    return ledger


def _found(room: KeyRoom, name: str | None) -> list[ZoneKeysShape]:
    """The zone that is named; else all that are signed or have keys."""
    from gtm.cli.keysview import zone_keys

    if name is not None:
        return [zone_keys(room, room.zone(name, "look at the keys"))]
    having = set(room.keyring.zones())
    zones = (zone for zone in room.zones if zone.dnssec is not None or zone.name in having)
    return [zone_keys(room, zone) for zone in zones]


def _without_file(room: KeyRoom) -> list[str]:
    known = {zone.name for zone in room.zones}
    return [name.rstrip(".") for name in room.keyring.zones() if name not in known]
