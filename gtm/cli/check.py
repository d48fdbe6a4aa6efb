"""`gtm check`: every mistake in every zone file at once, or what the zones hold."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gtm.cli.options import Json
from gtm.errors import Mistake, UsageError, ZoneFileError

if TYPE_CHECKING:
    from gtm.dnssec.keyring import Keyring
    from gtm.model import Zone
    from gtm.zonefile import Loaded


def check(
    zones: Annotated[
        Path,
        typer.Argument(
            metavar="ZONES",
            help="A directory of zone files, or one zone file.",
            show_default=False,
        ),
    ],
    expand: Annotated[
        bool, typer.Option("--expand", help="Print the long form: everything the server sees.")
    ] = False,
    geoip: Annotated[
        list[str] | None,
        typer.Option(
            "--geoip",
            metavar="FILE",
            help="The geo databases that the server is given: AS numbers are then looked for.",
            show_default=False,
        ),
    ] = None,
    keys: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="The server's folder of keys: zones with `dnssec` are then looked up there. "
            "[dim]Default: GTM_KEYS, or keys in GTM_STATE[/]",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check zone files and report every mistake at once.

    Each mistake is a line [bold]file:line:column: key: what is wrong; what to write instead[/].
    Ends with 1 if there is any; warnings alone end with 0. With [bold]--geoip[/] or GTM_GEOIP it
    warns of AS numbers that no database has. Keys of signed zones are looked for where
    [bold]--keys[/], GTM_KEYS or GTM_STATE says.

    Examples: [bold]gtm check zones/[/], [bold]gtm check zones/example.yaml --expand[/]
    """
    from gtm.cli.progress import working
    from gtm.cli.reading import loaded as loaded_from

    if expand and as_json:
        raise UsageError("cannot print both --expand and --json: choose one")
    try:
        with working(f"reading {zones}") as work:
            loaded = loaded_from(zones, work, keys=_keyring(keys))
            loaded = replace(loaded, warnings=(*loaded.warnings, *_lacking(loaded, geoip)))
    except ZoneFileError as error:
        _report_mistakes(error.mistakes, expand=expand, as_json=as_json)
        raise typer.Exit(1) from None
    if as_json:
        _print_json(loaded, ())
    elif expand:
        _print_expanded(loaded)
    else:
        _print_zones(loaded)


def _keyring(keys: Path | None) -> Keyring | None:
    """Where keys are looked for; None where no folder is named: then zones are checked alone."""
    from gtm.dnssec.keyring import Keyring
    from gtm.settings import settle

    folder = settle({"keys": keys}, os.environ, None).keys_folder()
    return None if folder is None else Keyring(folder)


def _lacking(loaded: Loaded, geoip: list[str] | None) -> tuple[Mistake, ...]:
    """What the databases can't tell, where they are named; they are opened only if it matters."""
    from gtm.geo import Geo, open_databases
    from gtm.settings import settle
    from gtm.steering.lacking import lacking

    paths = settle({"geoip": geoip}, os.environ, None).geoip_paths()
    if paths is None or not lacking(loaded.zones, Geo.empty()):
        return ()
    return lacking(loaded.zones, open_databases(paths) if paths else Geo.empty())


def _report_mistakes(mistakes: tuple[Mistake, ...], *, expand: bool, as_json: bool) -> None:
    if as_json:
        _print_json(None, mistakes)
        return
    from gtm.cli.excerpt import excerpt
    from gtm.cli.output import counted, say_line, screen, styled

    # where the long form was to go, mistakes would be taken for it
    console = screen(stderr=expand)
    for mistake in mistakes:
        say_line(styled(mistake), stderr=expand)
        if console.is_terminal and (shown := excerpt(mistake, console.width)) is not None:
            console.print(shown, no_wrap=True, crop=True)
    if console.is_terminal:
        files = len({mistake.file for mistake in mistakes})
        total = f"{counted(len(mistakes), 'mistake')} in {counted(files, 'file')}"
        console.print(total, style="bold red")


def _print_zones(loaded: Loaded) -> None:
    from gtm.cli.output import say_line

    _print_warnings(loaded)
    for zone in loaded.zones:
        say_line(_line(zone))


def _print_warnings(loaded: Loaded, *, stderr: bool = False) -> None:
    from rich.text import Text

    from gtm.cli.output import say_line

    for warning in loaded.warnings:
        text = Text.assemble(("warning: ", "yellow"), str(warning))
        say_line(text, stderr=stderr)


def _print_expanded(loaded: Loaded) -> None:
    from gtm.zonefile.expand import expanded

    _print_warnings(loaded, stderr=True)
    sys.stdout.write("---\n".join(expanded(zone) for zone in loaded.zones))


def _line(zone: Zone) -> str:
    """`gtm.example.com: 4 services in 3 apps, 3 regions, 5 records`."""
    from gtm.cli.output import bare, counted
    from gtm.zonefile.ordinary import record_count

    services = counted(sum(len(app.services) for app in zone.apps), "service")
    apps = counted(len(zone.apps), "app")
    regions = counted(len(zone.regions), "region")
    records = counted(record_count(zone), "record")
    signed = "" if zone.dnssec is None else ", signed"
    return f"{bare(zone.name)}: {services} in {apps}, {regions}, {records}{signed}"


def _print_json(loaded: Loaded | None, mistakes: tuple[Mistake, ...]) -> None:
    from gtm.api.models import MistakeShape
    from gtm.cli.checked import Checked, checked_zone
    from gtm.cli.output import print_json

    zones, warnings = (loaded.zones, loaded.warnings) if loaded else ((), ())
    print_json(
        Checked(
            ok=not mistakes,
            mistakes=[MistakeShape.model_validate(mistake) for mistake in mistakes],
            warnings=[MistakeShape.model_validate(warning) for warning in warnings],
            zones=[checked_zone(zone) for zone in zones],
        )
    )
