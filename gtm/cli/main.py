"""The `gtm` command: its subcommands, and how every failure is said.

Heavy modules are imported inside the commands, so that `gtm --help` and `gtm check` are quick.
"""

from __future__ import annotations

import os
import sys
from collections.abc import MutableMapping
from functools import partial
from io import TextIOWrapper
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from gtm.cli.check import check
from gtm.cli.completion import complete, completion
from gtm.cli.credentials import asking
from gtm.cli.delegation import delegation
from gtm.cli.demo import demo
from gtm.cli.drain import drain
from gtm.cli.drill import drill
from gtm.cli.ending import ORDERLY, ended, fault
from gtm.cli.explain import explain
from gtm.cli.force import force
from gtm.cli.geo import geo
from gtm.cli.helping import with_help
from gtm.cli.history import history
from gtm.cli.importing import app as importing
from gtm.cli.keysteps import keys
from gtm.cli.latency import latency
from gtm.cli.output import complain
from gtm.cli.overrides import overrides
from gtm.cli.reload import reload
from gtm.cli.serve import serve
from gtm.cli.simulate import simulate
from gtm.cli.status import status
from gtm.cli.tokens import tokens
from gtm.cli.top import top
from gtm.cli.undrain import undrain
from gtm.cli.updates import updates
from gtm.cli.version import version
from gtm.errors import GtmError

FIRST_FREE = 3  # the first file descriptor that is not standard input, output or error


class Commands(TyperGroup):
    """The subcommands; what gtm refuses ends as a sentence and an exit code, not a traceback."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        """As typer makes it, from all that was registered."""
        super().__init__(*arguments, **more)
        with_help(self)

    def main(self, *arguments: Any, **more: Any) -> Any:
        """Runs a command line, and ends this process with its exit code."""
        alone = more.pop("standalone_mode", True)
        run = partial(super().main, *arguments, **{**more, "standalone_mode": False})
        if alone:
            sys.exit(ended(run))
        return run()

    def invoke(self, ctx: Any) -> Any:
        """Runs the subcommand that was named."""
        try:
            return super().invoke(ctx)
        except GtmError as error:
            complain(error)
            raise typer.Exit(error.exit_code) from None
        except ORDERLY:
            raise
        except Exception as error:
            if ctx.invoked_subcommand == "serve":
                raise
            raise typer.Exit(fault(error)) from None


app = typer.Typer(
    name="gtm",
    cls=Commands,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 the input is wrong, 2 wrong usage, "
    "3 the server can't be reached or refused.",
)


@app.callback(invoke_without_command=True)
def gtm(
    context: typer.Context,
    show_version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.")
    ] = False,
) -> None:
    """Geo traffic manager: DNS that answers an API hostname with the nearest healthy region.

    Begin with [bold]gtm demo[/]; then write a zone file, [bold]gtm check[/] it and
    [bold]gtm serve[/] it.
    """
    if show_version:
        version(as_json=False)
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command("demo")(demo)
app.command("check")(check)
app.command("serve")(serve)
app.command("status")(asking(status))
app.command("top")(asking(top))
app.command("history")(asking(history))
app.command("explain")(asking(explain))
app.command("drain")(asking(drain))
app.command("undrain")(asking(undrain))
app.command("force")(asking(force))
app.command("overrides")(asking(overrides))
app.command("drill")(asking(drill))
app.command("latency")(asking(latency))
app.command("updates")(asking(updates))
app.command("simulate")(asking(simulate))
app.add_typer(geo, name="geo")
app.command("delegation")(delegation)
app.add_typer(keys, name="keys")
keys.add_typer(tokens, name="token")
app.add_typer(importing, name="import")
app.command("reload")(asking(reload))
app.command("completion")(completion)
app.command("complete", hidden=True)(complete)
app.command("version")(version)


def main() -> None:
    """The entry point. A terminal that lacks a character gets a `?` in its place, not an error."""
    open_standard_files()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    settle_colours(os.environ)
    app()


def open_standard_files() -> None:
    """Has /dev/null stand for what of standard input, output and error was closed.

    Else the next file or socket gets their numbers, and what is printed goes into it.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) < FIRST_FREE:
        os.set_inheritable(number, True)
    os.close(number)
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+" if name == "stdin" else "w"))  # noqa: SIM115, PTH123


def settle_colours(environment: MutableMapping[str, str]) -> None:
    """Has CLICOLOR, CLICOLOR_FORCE and FORCE_COLOR=0 mean what they mean elsewhere.

    NO_COLOR beats all (no-color.org), then what forces colour (bixense.com/clicolors).
    """
    forced = environment.get("CLICOLOR_FORCE", "0") not in ("", "0")
    if environment.get("FORCE_COLOR") == "0":
        del environment["FORCE_COLOR"]
        environment.setdefault("NO_COLOR", "1")
    elif forced:
        environment.setdefault("FORCE_COLOR", "1")
    elif environment.get("CLICOLOR") == "0" and not environment.get("FORCE_COLOR"):
        environment.setdefault("NO_COLOR", "1")
