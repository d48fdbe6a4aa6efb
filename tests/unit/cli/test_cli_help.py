"""`--help` is enough for the everyday: it fits 80 columns, and each command has examples."""

from __future__ import annotations

import re

import pytest
from typer.main import get_command

from gtm.cli.main import app
from tests.unit.cli.cli_runs import gtm
from tests.unit.cli.test_cli_errors import COMMANDS, NAMES

GROUPS = ("geo", "keys", "import")
SHOWN = [(path, command) for path, command in COMMANDS if not command.hidden]


@pytest.mark.parametrize("name", ["", *GROUPS, *(" ".join(path) for path, _ in SHOWN)])
def test_help_fits_80_columns_and_says_usage_first(name: str) -> None:
    found = gtm(*name.split(), "--help", environment={"COLUMNS": "80"})
    assert found.exit_code == 0
    lines = found.stdout.splitlines()
    assert lines[0].startswith(f"usage: gtm {name}".rstrip())
    assert "[bold]" not in found.stdout
    assert "[/]" not in found.stdout


@pytest.mark.parametrize("path", [path for path, _ in SHOWN], ids=" ".join)
def test_every_command_has_an_example_that_is_its_own(path: tuple[str, ...]) -> None:
    shown = gtm(*path, "--help").stdout
    assert "\nExamples\n" in shown, f"gtm {' '.join(path)} has none"
    examples = shown.split("\nExamples\n")[1].split("\n\n")[0].splitlines()
    assert all(f"gtm {' '.join(path)}" in one for one in examples), examples


@pytest.mark.parametrize(("path", "command"), SHOWN, ids=[n for n in NAMES if n != "complete"])
def test_every_option_says_what_it_is_for(path: tuple[str, ...], command: object) -> None:
    for one in command.params:  # type: ignore[attr-defined]  # click's, which has no public type
        if one.param_type_name == "option":
            assert one.help, f"gtm {' '.join(path)} {one.opts}"


def test_gtm_alone_has_all_commands_in_groups() -> None:
    shown = gtm().stdout
    assert [line for line in shown.splitlines() if re.fullmatch(r"[A-Z][a-z ]+", line)] == [
        "Begin",
        "Look",
        "Act",
        "Plan and set up",
        "More",
        "Options",
    ]
    for name, command in get_command(app).commands.items():  # type: ignore[attr-defined]  # a group
        assert (f"\n  {name} " in shown) != command.hidden
