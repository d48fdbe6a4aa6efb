"""`gtm version`: what runs here."""

from __future__ import annotations

import platform

import typer

from gtm import __version__
from gtm.cli.options import Json

PLANES = {"python": True, "native": False}
"""What answers packets, and whether this build has it."""


def version(as_json: Json = False) -> None:
    """Show the version, the planes built in, and the Python version."""
    if as_json:
        import json

        built = [plane for plane, there in PLANES.items() if there]
        found = {"version": __version__, "planes": built, "python": platform.python_version()}
        typer.echo(json.dumps(found, indent=2))
        return
    planes = ", ".join(
        plane if there else f"{plane} (not built)" for plane, there in PLANES.items()
    )
    typer.echo(f"gtm {__version__}")
    typer.echo(f"planes: {planes}")
    typer.echo(f"Python {platform.python_version()}")
