"""Promises of what is written for people: commands, links, zone files and answers hold."""

from __future__ import annotations

import re
import shlex
import textwrap
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
import typer.main
import yaml
from typer.core import TyperGroup

from gtm.checks import Check, Http
from gtm.cli.main import app
from gtm.explain import explain
from gtm.settings import Settings
from gtm.zonefile import load
from gtm.zonefile.levels import LEVELS
from gtm.zonefile.shape import ZoneFile
from gtm.zonefile.shapebase import Shape
from tests.pages.page import Command, steps
from tests.worlds import ROOT, compile_world

WHERE = ("*.md", "docs/*.md", "data/*.md", "deploy/**/*.md")
DOCUMENTS = sorted(path for where in WHERE for path in ROOT.glob(where))
README = ROOT / "README.md"
ZONE_FORMAT = ROOT / "docs" / "zone-format.md"
EXAMPLE = ROOT / "zones" / "example.yaml"

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE = re.compile(r"`([^`\n]+)`")

# What the fragments of docs/zone-format.md leave out.
AROUND = {
    "zone": "zone: gtm.example.com\nnameservers: {ns1: [192.0.2.53]}\n",
    "regions": "regions: {us-east: {location: US-VA}, eu-west: {location: IE}, "
    "ap-south: {location: SG}}\n",
    "checks": "checks: {api: {type: http}}\n",
}
APP = (
    "apps:\n  shop:\n    topology: spread\n{}"
    "    services: {{a: {{us-east: 192.0.2.1, eu-west: 192.0.2.2, ap-south: 192.0.2.3}}}}\n"
)
# Pages that nobody tries: tables, one made by scripts/schema, one by a quarter of an hour of bench.
WITHOUT_SESSION = {"comparison", "zone-keys", "performance"}
EU_WEST = ("198.51.100.10", "2001:db8:2::10", "198.51.100.20", "2001:db8:2::20")


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path, language: str) -> list[str]:
    """The fenced blocks of a document in one language."""
    found = FENCE.findall(path.read_text(encoding="utf-8"))
    return [text for said, text in found if said == language]


# --- links ------------------------------------------------------------------------------


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    text = FENCE.sub("", path.read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", said.lower()).replace(" ", "-") for said in headings}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_relative_links_lead_to_files_and_headings_that_exist(path: Path) -> None:
    for link in LINK.findall(path.read_text(encoding="utf-8")):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), f"{link} in {name_of(path)}"
        assert not anchor or anchor in anchors(target), f"{link} in {name_of(path)}"


def test_the_readme_leads_to_every_page_once() -> None:
    index = README.read_text("utf-8").partition("## Every page")[2]
    links = [link for link in LINK.findall(index) if link.endswith(".md")]
    assert sorted(link for link in links if link.startswith("docs/")) == sorted(
        name_of(page) for page in ROOT.glob("docs/*.md")
    )


@pytest.mark.parametrize("path", sorted(ROOT.glob("docs/*.md")), ids=name_of)
def test_every_page_has_a_session_that_is_played(path: Path) -> None:
    played = any(isinstance(step, Command) for step in steps(path.read_text("utf-8")))
    assert played is (path.stem not in WITHOUT_SESSION)


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_scripts_named_exist_and_can_be_run(path: Path) -> None:
    for script in re.findall(r"\b(scripts/\w+|\.ci/run)(?![\w/])", path.read_text("utf-8")):
        file = ROOT / script
        assert file.is_dir() or file.stat().st_mode & 0o111, f"{script} in {name_of(path)}"


@pytest.mark.parametrize("path", [*ROOT.glob("zones/*.yaml"), ZONE_FORMAT], ids=name_of)
def test_the_schema_line_for_editors_leads_to_the_schema(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for schema in re.findall(r"yaml-language-server: \$schema=(\S+)", text):
        assert (path.parent / schema).resolve() == ROOT / "docs" / "zone.schema.json"


# --- commands ---------------------------------------------------------------------------


def commands_in(path: Path) -> list[list[str]]:
    """The words of every `gtm …` command, of fenced shell lines and of code in the text."""
    text = path.read_text(encoding="utf-8")
    lines = [line for block in FENCE.findall(text) for line in block[1].splitlines()]
    lines += CODE.findall(FENCE.sub("", text))
    found = []
    for line in lines:
        match = re.match(r"(?:\$ |ExecStart=)?(?:/opt/gtm/bin/)?gtm ([a-z].*)", line)
        if match and not line.endswith("."):
            found.append(shlex.split(match[1], comments=True))
    return found


def flags_of(words: list[str]) -> set[str]:
    """The flags of a subcommand of gtm, or of one of a group such as `gtm keys`."""
    command = typer.main.get_command(app)
    for word in words:
        if not isinstance(command, TyperGroup) or word.startswith("-"):
            break
        choices = word.split("|")  # as a page names several at once
        assert set(choices) <= set(command.commands), f"gtm {' '.join(words)}"
        command = command.commands[choices[0]]
    return {flag for parameter in command.params for flag in parameter.opts}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_commands_and_flags_named_exist(path: Path) -> None:
    for words in commands_in(path):
        assert {word for word in words if word.startswith("--")} <= flags_of(words), words


def test_the_readme_names_the_commands_that_start_everything() -> None:
    assert {words[0] for words in commands_in(README)} >= {"check", "serve", "status", "explain"}


BUILDING = {"require_native"}  # what setup.py goes by, and no server


def test_variables_set_in_the_image_are_settings() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    named = {name.lower() for name in re.findall(r"\bGTM_([A-Z_]+)=", text)}
    assert named > BUILDING
    assert named - BUILDING <= set(Settings.model_fields)


# --- zone files -------------------------------------------------------------------------


def whole(fragment: str) -> str:
    """A fragment with the keys it leaves out, so that it can be loaded."""
    keys = yaml.safe_load(fragment) or {}
    if "steering" in keys:
        fragment, keys = APP.format(textwrap.indent(fragment, "    ")), {"apps"}
    return fragment + "".join(text for key, text in AROUND.items() if key not in keys)


@pytest.mark.parametrize("number", range(len(blocks(ZONE_FORMAT, "yaml"))))
def test_zone_files_shown_are_read_without_a_mistake(tmp_path: Path, number: int) -> None:
    (tmp_path / "static.zone").write_text(blocks(ZONE_FORMAT, "")[0], encoding="utf-8")
    file = tmp_path / "shown.yaml"
    file.write_text(whole(blocks(ZONE_FORMAT, "yaml")[number]), encoding="utf-8")
    loaded = load(file)
    assert loaded.zones[0].name == "gtm.example.com."
    assert all("static.zone" in warning.file for warning in loaded.warnings) or number == 0


def test_every_key_of_a_zone_file_is_described() -> None:
    words = set(re.findall(r"[\w.]+", " ".join(CODE.findall(ZONE_FORMAT.read_text("utf-8")))))
    words = {part for word in words for part in word.split(".")}
    shapes: list[type[Shape]] = [ZoneFile, *LEVELS.values()]
    for shape in shapes:
        assert set(shape.keys()) <= words, shape.__name__


def test_defaults_of_checks_are_the_ones_described() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)`", ZONE_FORMAT.read_text("utf-8"), re.M))
    text = AROUND["zone"] + AROUND["regions"] + "checks: {api: {type: https}}\n"
    text += "apps: {a: {topology: spread, check: api, services: {s: {us-east: 192.0.2.1}}}}\n"
    check = compile_world({"zone.yaml": text}).zones[0].apps[0].check
    assert isinstance(check, Check) and isinstance(check.probe, Http)
    described = (rows["interval"], rows["timeout"], rows["rise"], rows["fall"], rows["path"])
    times = (f"{check.schedule.interval:g}s", f"{check.schedule.timeout:g}s")
    actual = (*times, f"{check.judgement.rise}", f"{check.judgement.fall}", check.probe.path)
    assert described == actual


# --- answers ----------------------------------------------------------------------------


def questions() -> list[tuple[str, str, tuple[str, ...]]]:
    """Name, client and answer of every `dig +short … +subnet=…` that the README shows."""
    found = []
    for block in blocks(README, "console"):
        for part in block.split("$ ")[1:]:
            line, *answer = part.strip().splitlines()
            match = re.search(r"\+short (\S+) \+subnet=(\S+)", line)
            if match:
                found.append((match[1], match[2], tuple(sorted(answer))))
    return found


@pytest.mark.parametrize(("name", "network", "answer"), questions())
def test_answers_shown_are_answered(name: str, network: str, answer: tuple[str, ...]) -> None:
    files = {"example.yaml": EXAMPLE.read_text(encoding="utf-8")}
    client = ip_address(ip_network(network).network_address)
    answers = set()
    for down in ((), EU_WEST):
        said = explain(compile_world(files, down), name, "A", client, 0.0).answer
        answers.add(tuple(sorted(line.split(" ", 4)[4] for line in said)))
    assert answer in answers
