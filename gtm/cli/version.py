"""`gtm version`: what runs here."""

from __future__ import annotations

import platform

import typer

from gtm import __version__
from gtm.cli.options import Json


def version(as_json: Json = False) -> None:
    """Show the version, the planes built in, and the Python version.

    Examples: [bold]gtm version[/], [bold]gtm version --json[/]
    """
    from gtm.planes.choice import why_not_native

    why_not = why_not_native()
    if as_json:
        import json

        built = ["python"] if why_not else ["native", "python"]
        found = {"version": __version__, "planes": built, "python": platform.python_version()}
        typer.echo(json.dumps(found, indent=2))
        return
    typer.echo(f"gtm {__version__}")
    typer.echo(f"planes: python (no native: {why_not})" if why_not else "planes: native, python")
    typer.echo(f"Python {platform.python_version()}")
