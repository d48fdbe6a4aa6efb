"""Whatever goes wrong with whatever command: one line, what to do, never a traceback."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import typer
from typer.main import get_command

from gtm.cli.ending import ended
from gtm.cli.main import app, settle_colours
from gtm.errors import GtmError
from tests.unit.cli.cli_runs import Run, gtm

ROOT: Any = get_command(app)


def leaves(command: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """Every command that does something, by its words."""
    inside = getattr(command, "commands", None)
    if not inside:
        return [(path, command)]
    return [leaf for name, one in inside.items() for leaf in leaves(one, (*path, name))]


COMMANDS = leaves(ROOT)
NAMES = [" ".join(path) for path, _ in COMMANDS]

# commands that ask a running server, with what they must be given
ASKING = {
    "status": (),
    "top": ("--once",),
    "history": (),
    "overrides": (),
    "reload": (),
    "explain": ("a.example", "--client", "192.0.2.1"),
    "drain": ("region/eu-west", "--reason", "x", "--by", "alice"),
    "undrain": ("3", "--by", "alice"),
    "force": ("up", "region/eu-west", "--reason", "x", "--by", "alice"),
    "drill": ("--region", "eu-west", "--yes", "--by", "alice"),
    "latency": (),
    "updates": ("gtm.example.com",),
}
# commands that read files, with what they must be given; FILE is one that can't be read
READING = {
    "check": ("FILE",),
    "simulate": ("FILE", "--down", "eu-west"),
    "delegation": ("gtm.example.com", "--zones", "FILE"),
    "explain": ("a.example", "--client", "192.0.2.1", "--zones", "FILE"),
    "geo why": ("192.0.2.1", "--geoip", "FILE"),
    "import octodns": ("FILE",),
    "import bind": ("FILE",),
    "import gdnsd": ("FILE", "--zone", "a.example"),
    "keys status": ("--zones", "FILE", "--keys", "/nowhere"),
    "keys list": ("--zones", "FILE", "--keys", "/nowhere"),
    "demo": ("--zones", "FILE"),
}


def is_a_line_with_a_remedy(found: Run, code: int) -> None:
    said = (found.stderr or found.stdout).strip()
    assert found.exit_code == code, said
    assert len(said.splitlines()) == 1, said
    assert "Traceback" not in said
    assert "fault of gtm's own" not in said


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=NAMES)
def test_an_unknown_option_is_a_line(path: tuple[str, ...], command: Any) -> None:
    if command.hidden:
        return
    found = gtm(*path, "--no-such-option")
    is_a_line_with_a_remedy(found, 2)
    assert found.stderr.startswith(f"cannot run gtm {' '.join(path)}: no such option")
    assert f"see gtm {' '.join(path)} --help" in found.stderr


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=NAMES)
def test_a_slip_in_an_option_is_understood(path: tuple[str, ...], command: Any) -> None:
    longs = [word for one in command.params for word in one.opts if word.startswith("--")]
    for word in longs[:3]:
        slipped = word[:-1] if len(word) > 6 else f"{word}x"
        if command.hidden or slipped in longs:
            continue
        assert "did you mean --" in gtm(*path, slipped).stderr


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=NAMES)
def test_too_many_words_are_a_line(path: tuple[str, ...], command: Any) -> None:
    if not command.hidden:
        is_a_line_with_a_remedy(gtm(*path, *["x"] * 9), 2)


@pytest.mark.parametrize(
    ("words", "meant"),
    [(("statsu",), "status"), (("geo", "wy"), "why"), (("keys", "rol"), "roll")],
)
def test_a_slip_in_a_command_is_understood(words: tuple[str, ...], meant: str) -> None:
    found = gtm(*words)
    is_a_line_with_a_remedy(found, 2)
    assert f"did you mean {meant}?" in found.stderr


@pytest.mark.parametrize("name", ASKING)
def test_no_server_is_a_line(name: str, tmp_path: Path) -> None:
    found = gtm(*name.split(), *ASKING[name], environment={"GTM_API": f"unix:{tmp_path}/gtm.sock"})
    is_a_line_with_a_remedy(found, 3)
    assert "gtm serve" in found.stderr


@pytest.mark.parametrize("name", ASKING)
def test_an_api_that_can_not_be_one_is_a_line(name: str) -> None:
    found = gtm(*name.split(), *ASKING[name], environment={"GTM_API": "unix:"})
    is_a_line_with_a_remedy(found, 2)


@pytest.mark.parametrize("name", READING)
@pytest.mark.parametrize("what", ["missing", "a folder without anything", "no text"])
def test_a_file_that_can_not_be_read_is_a_line(name: str, what: str, tmp_path: Path) -> None:
    path = tmp_path / "zone.yaml"
    if what == "no text":
        path.write_bytes(b"\xff\xfe\x00\x80")
    elif what != "missing":
        path.mkdir()
    words = [str(path) if word == "FILE" else word for word in READING[name]]
    found = gtm(*name.split(), *words, environment={"GTM_STATE": str(tmp_path / "state")})
    assert found.exit_code in (1, 2, 3), found.stdout
    said = (found.stderr or found.stdout).strip()
    assert said
    assert "Traceback" not in said
    assert "fault of gtm's own" not in said
    assert len(said.splitlines()) <= 2  # mistakes in a zone have a line each


def raising(error: BaseException) -> Any:
    def run() -> None:
        raise error

    return run


def test_a_number_that_is_none_is_said_in_plain_words() -> None:
    asked = {"history --limit x": "no whole number", "top --every 0": "the least is 0.5"}
    for words, said in asked.items():
        run = gtm(*words.split())
        assert run.exit_code == 2
        assert said in run.stderr
        assert "Input should" not in run.stderr


def test_control_c_ends_without_a_word() -> None:
    assert ended(raising(KeyboardInterrupt())) == 130
    assert ended(raising(typer.Abort())) == 130


def test_a_fault_of_our_own_is_a_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gtm.cli.client.server", lambda *_: raising(KeyError("a\nb"))())
    found = gtm("status")
    assert found.exit_code == 1
    assert len(found.stderr.splitlines()) == 1
    assert "GTM_TRACEBACK=1" in found.stderr


def test_an_error_of_the_machine_is_said_in_its_words(monkeypatch: pytest.MonkeyPatch) -> None:
    error = OSError(28, "No space left on device", "/tmp/x")
    monkeypatch.setattr("gtm.cli.client.server", lambda *_: raising(error)())
    found = gtm("status", environment={"GTM_API": "unix:/nowhere"})
    assert found.stderr == "cannot go on: no space left on device /tmp/x\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {}),
        ({"CLICOLOR": "0"}, {"CLICOLOR": "0", "NO_COLOR": "1"}),
        ({"CLICOLOR": "1"}, {"CLICOLOR": "1"}),
        ({"CLICOLOR_FORCE": "1"}, {"CLICOLOR_FORCE": "1", "FORCE_COLOR": "1"}),
        ({"CLICOLOR_FORCE": "0"}, {"CLICOLOR_FORCE": "0"}),
        ({"FORCE_COLOR": "0"}, {"NO_COLOR": "1"}),
        ({"FORCE_COLOR": "1", "CLICOLOR": "0"}, {"FORCE_COLOR": "1", "CLICOLOR": "0"}),
    ],
)
def test_colour_is_settled_by_what_others_go_by(
    before: dict[str, str], after: dict[str, str]
) -> None:
    settle_colours(before)
    assert before == after


def test_every_error_has_an_exit_code_of_the_documented_ones() -> None:
    kinds = [GtmError]
    while kinds:
        kind = kinds.pop()
        assert kind.exit_code in (1, 2, 3)
        kinds += kind.__subclasses__()


def test_a_path_without_zones_is_said_before_what_else_is_wrong(tmp_path: Path) -> None:
    found = gtm("serve", f"{tmp_path}/nope", "--listen", "192.0.2.1:1")  # no address of ours
    is_a_line_with_a_remedy(found, 1)
    assert "cannot serve" in found.stderr
