"""Shells are told what can be typed next."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from gtm.cli.completing import FILES, candidates
from gtm.cli.completion import SCRIPTS, Shell, named
from gtm.cli.main import app
from tests.unit.cli.cli_runs import gtm
from tests.unit.cli.cli_samples import a_status, an_app, region

ROOT: Any = get_command(app)
KNOWN = {
    "regions": ["eu-west", "us-east"],
    "apps": ["shop"],
    "zones": ["gtm.example.com"],
    "targets": ["region/eu-west", "app/shop/eu-west"],
}


def words(*typed: str) -> list[str]:
    return [one.word for one in candidates(ROOT, typed, KNOWN.__getitem__)]


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        (("dri",), ["drill"]),
        (("drill", "--reg"), ["--region"]),
        (("drill", "--region", ""), ["eu-west", "us-east"]),
        (("drill", "--region", "eu"), ["eu-west"]),
        (("drill", "--yes", "--region", "us"), ["us-east"]),
        (("history", "--app", ""), ["shop"]),
        (("drain", "region/"), ["region/eu-west"]),
        (("drain", "region/eu-west", "--for", "2h", "app"), []),
        (("force", ""), ["up", "down"]),
        (("force", "up", "app"), ["app/shop/eu-west"]),
        (("keys", "ro"), ["roll"]),
        (("import", "b"), ["bind"]),
        (("completion", "z"), ["zsh"]),
        (("explain", "a.example", "AA"), ["AAAA"]),
        (("check", "zo"), [FILES]),
        (("simulate", "zones", "--geoip", ""), [FILES]),
        (("explain", "a.example", "--zones", ""), [FILES]),
        (("nope", ""), []),
    ],
)
def test_what_can_follow(typed: tuple[str, ...], wanted: list[str]) -> None:
    found = words(*typed)
    assert found == wanted or (typed == ("nope", "") and "status" in found)


def test_nothing_typed_is_all_commands_and_none_that_is_hidden() -> None:
    found = words("")
    assert {"serve", "status", "top", "drill"} <= set(found)
    assert "complete" not in found


def test_every_option_of_every_command_says_what_it_is_for() -> None:
    for name in ROOT.commands:
        for one in candidates(ROOT, [name, "--"], KNOWN.__getitem__):
            assert one.meaning, f"gtm {name} {one.word}"


def test_names_come_from_a_running_server() -> None:
    status = a_status(an_app([region("eu-west"), region("us-east")], []))
    assert named(status, "regions") == ["eu-west", "us-east"]
    assert named(status, "apps") == ["shop"]
    assert named(status, "zones") == ["gtm.example.com"]
    assert "app/shop/us-east" in named(status, "targets")


def test_without_a_server_there_are_no_names_and_no_words() -> None:
    found = gtm("complete", "--", "drill", "--region", "", environment={"GTM_API": "unix:/nowhere"})
    assert (found.exit_code, found.stdout, found.stderr) == (0, "", "")


@pytest.mark.parametrize("shell", list(Shell))
def test_a_script_is_printed_for_each_shell(shell: Shell) -> None:
    found = gtm("completion", shell.value)
    assert found.stdout == SCRIPTS[shell]
    assert "gtm complete" in found.stdout


@pytest.mark.parametrize("shell", list(Shell))
def test_the_shell_understands_its_script(shell: Shell, tmp_path: Path) -> None:
    program = shutil.which(shell.value)
    if program is None:
        pytest.skip(f"{shell.value} is not installed: apt-get install {shell.value}")
    script = tmp_path / "script"
    script.write_text(SCRIPTS[shell], encoding="utf-8")
    found = subprocess.run([program, "-n", str(script)], capture_output=True, text=True)
    assert (found.returncode, found.stderr) == (0, "")


def test_bash_completes_by_it(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed: apt-get install bash")
    program = tmp_path / "gtm"
    program.write_text(
        f'#!/bin/sh\nexec {sys.executable} -c "from gtm.cli.main import main; main()" "$@"\n'
    )
    program.chmod(0o755)
    asked = 'COMP_WORDS=(gtm drill --dr); COMP_CWORD=2; _gtm; echo "${COMPREPLY[@]}"'
    found = subprocess.run(
        [bash, "-c", f"{SCRIPTS[Shell.BASH]}\n{asked}"],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    assert found.stdout == "--dry-run\n", found.stderr
