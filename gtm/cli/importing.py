"""`gtm import`: other servers' zones as zone YAML."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gtm.errors import GtmError, UsageError

if TYPE_CHECKING:
    from gtm.importing import Draft

app = typer.Typer(
    help="Turn another server's zone into zone YAML.", no_args_is_help=True, rich_markup_mode="rich"
)

Source = Annotated[Path, typer.Argument(metavar="FILE", help="What to import.")]
ZoneName = Annotated[
    str | None, typer.Option(metavar="NAME", help="The zone, where the file does not say it.")
]
Output = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Where to write it. [dim]Default: standard output[/]"),
]


@app.command("octodns")
def octodns(file: Source, zone: ZoneName = None, output: Output = None) -> None:
    """Import an octoDNS zone file. Dynamic records become services, pools regions.

    Example: [bold]gtm import octodns config/example.com.yaml[/]
    """
    from gtm.importing import from_octodns

    name = zone or file.name.removesuffix(".yaml").rstrip(".")
    _import(file, output, lambda text: from_octodns(text, f"{name}."))


@app.command("bind")
def bind(file: Source, zone: ZoneName = None, output: Output = None) -> None:
    """Import an RFC 1035 master file, as BIND, NSD and Knot have them.

    Example: [bold]gtm import bind /etc/bind/db.example.com --zone example.com[/]
    """
    from gtm.importing import from_master_file

    _import(file, output, lambda text: from_master_file(text, zone and f"{zone.rstrip('.')}."))


@app.command("gdnsd")
def gdnsd(file: Source, zone: ZoneName = None, output: Output = None) -> None:
    """Import a zone of gdnsd, by its configuration: maps become rules, datacenters regions.

    Example: [bold]gtm import gdnsd /etc/gdnsd/config --zone example.com[/]
    """
    from gtm.importing import from_gdnsd

    path = _zone_file(file, zone)
    text = _read(path)
    name = path.name.rstrip(".").replace("@", "/")
    _import(file, output, lambda config: from_gdnsd(config, text, f"{name}."))


def _zone_file(config: Path, zone: str | None) -> Path:
    """The zone's file beside gdnsd's configuration; the only one, unless told."""
    folder = config.parent / "zones"
    if zone is not None:
        return folder / zone.rstrip(".")
    found = sorted(each for each in folder.glob("*") if each.is_file())
    if len(found) != 1:
        names = ", ".join(each.name for each in found) or "none"
        raise UsageError(f"cannot tell which zone to import: there are {names}; name it: --zone")
    return found[0]


def _import(file: Path, output: Path | None, convert: Callable[[str], Draft]) -> None:
    from gtm.cli.progress import working

    with working(f"reading {file.name}"):
        draft = convert(_read(file))
        text = draft.text(file.name)
    if output is None:
        sys.stdout.write(text)
    else:
        try:
            output.write_text(text, encoding="utf-8")
        except OSError as error:
            raise GtmError(f"cannot write {output}: {error.strerror or error}") from error
    for note in draft.notes:
        sys.stderr.write(f"note: {note}\n")


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise GtmError(f"cannot read {path}: {why}") from error
