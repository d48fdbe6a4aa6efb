"""What the command as a whole promises: help, versions, exit codes, quick starts."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import gtm as package
from tests.unit.cli.cli_runs import gtm
from tests.unit.cli.cli_samples import BAD

COMMANDS = ("serve", "check", "explain", "status", "reload", "demo", "version")


def test_gtm_alone_shows_every_command() -> None:
    result = gtm()
    assert result.exit_code == 0
    for command in COMMANDS:
        assert f" {command} " in result.stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str) -> None:
    assert gtm(command, "--help").exit_code == 0


@pytest.mark.parametrize("words", [["nope"], ["check"], ["check", "a", "--nope"], ["explain", "a"]])
def test_wrong_usage_ends_with_2(words: list[str]) -> None:
    assert gtm(*words).exit_code == 2


def test_version_says_planes_and_python() -> None:
    result = gtm("version")
    assert result.stdout.startswith(f"gtm {package.__version__}\n")
    assert re.search(r"^planes: (native, python|python \(no native: .+\))$", result.stdout, re.M)
    assert gtm("--version").stdout == result.stdout


def test_version_as_json_names_the_planes_that_are_built() -> None:
    found = json.loads(gtm("version", "--json").stdout)
    assert found["version"] == package.__version__
    assert "python" in found["planes"]


def test_help_and_check_do_not_load_the_server() -> None:
    code = (
        "import sys\n"
        "from gtm.cli.main import app\n"
        "app(sys.argv[1:], standalone_mode=False)\n"
        "print(*sorted({'aiohttp', 'gtm.server', 'prometheus_client'} & set(sys.modules)))\n"
    )
    for words in (["version"], ["check", "zones"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *words],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).parents[3],
        )
        assert done.stdout.splitlines()[-1] == ""


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--listen", "foo"], 2, "listen: 'foo' is not an IP address"),
        (["--log-level", "loud"], 2, "log_level"),
        (["--config", "nowhere.yaml"], 2, "cannot read nowhere.yaml: No such file"),
        ([], 2, "there is no directory zones/ here"),
    ],
)
def test_serve_refuses_settings_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str], code: int, told: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = gtm("serve", *words)
    assert result.exit_code == code
    assert told in result.stderr
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize("zones", ["bad.yaml", "nowhere/zones"])
def test_serve_ends_with_1_and_the_mistakes_of_zones_that_do_not_load(
    tmp_path: Path, zones: str
) -> None:
    (tmp_path / "bad.yaml").write_text(BAD, encoding="utf-8")
    code = "from gtm.cli.main import main; main()"
    options = ["--listen", "127.0.0.1:0", "--api", f"unix:{tmp_path}/s", "--geoip", "none"]
    done = subprocess.run(
        [sys.executable, "-c", code, "serve", str(tmp_path / zones), *options],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert str(tmp_path / zones) in done.stderr.splitlines()[-1]
