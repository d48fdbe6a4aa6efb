"""The dashboard's files as they stand: whole, of nobody else, legible, and on the same map."""

import csv
import json
import re
from itertools import pairwise
from pathlib import Path

import pytest

from gtm.dashboard.assets import TYPES, read

ROOT = Path(__file__).parents[3]
STATIC = ROOT / "gtm" / "dashboard" / "static"
OURS = [path for path in sorted(STATIC.rglob("*")) if path.suffix in {".js", ".css", ".html"}]
OURS = [path for path in OURS if "vendored" not in path.parts]
WORLD = json.loads((STATIC / "world.json").read_text(encoding="utf-8"))
# specks of land that the map leaves out, and Antarctica
NOT_DRAWN = {"AQ", "BQ", "BV", "CC", "CX", "GI", "TK", "TV", "UM"}


def test_every_file_is_served() -> None:
    there = {str(path.relative_to(STATIC)) for path in STATIC.rglob("*") if path.suffix in TYPES}
    assert set(read().files) == there


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_what_a_file_asks_for_is_there_and_is_ours(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for named in re.findall(r'(?:from|import|import\()\s*"(\./[^"]+)"', text):
        assert (path.parent / named).is_file(), named
    for named in re.findall(r'url\("([^"]+)"\)', text):
        assert (path.parent / named).is_file(), named
    assert re.findall(r"(?:https?:)?//(?!www\.w3\.org/)[a-z0-9.-]+\.[a-z]{2,}/", text) == []


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_the_policy_forbids_nothing_that_a_file_does(path: Path) -> None:
    """No inline scripts, styles or handlers, and no markup made of text."""
    text = path.read_text(encoding="utf-8")
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert word not in text, word
    if path.suffix == ".html":
        assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text) == []


def _schemes() -> dict[str, dict[str, str]]:
    text = (STATIC / "base.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root[^{]*\{([^}]*)\}", text)
    light, dark, switched = (dict(re.findall(r"--([\w-]+):\s*([^;]+);", one)) for one in blocks)
    assert dark == switched, "dark by the system and dark by the switch are the same"
    return {"light": light, "dark": light | dark}


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    r, g, b = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["card", "paper", "raised", "hover"])
def test_text_can_be_read(scheme: str, ground: str) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    colours = _schemes()[scheme]
    for word in ("ink", "soft", "quiet", "accent", "up", "down", "drain", "unknown"):
        assert _contrast(colours[word], colours[ground]) >= 4.5, word


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_words_on_a_wash_of_their_colour_can_be_read(scheme: str) -> None:
    colours = _schemes()[scheme]
    for word in ("up", "down", "drain", "unknown"):
        assert _contrast(colours[word], colours[f"{word}-wash"]) >= 4.5, word
    assert _contrast(colours["accent"], colours["accent-wash"]) >= 4.5
    assert _contrast(colours["accent-ink"], colours["accent"]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_regions_stand_out_from_the_page(scheme: str) -> None:
    """WCAG 2.2, 1.4.11 asks for 3 to 1 where colour alone says it; here name and share do too."""
    colours = _schemes()[scheme]
    for number in range(1, 13):
        assert _contrast(colours[f"region-{number}"], colours["card"]) >= 2.5, number


def test_every_country_that_clients_can_be_in_is_drawn() -> None:
    with (ROOT / "gtm" / "geo" / "countries.csv").open(encoding="utf-8", newline="") as file:
        known = {row["code"] for row in csv.DictReader(file)}
    assert known - set(WORLD["countries"]) == NOT_DRAWN
    assert set(WORLD["countries"]) - known == {""}


def _points(path: str) -> list[list[tuple[int, int]]]:
    outlines = []
    for ring in path.split("z")[:-1]:
        found = re.fullmatch(r"M(-?\d+,-?\d+)l(.+)", ring)
        assert found is not None, ring[:40]
        start, steps = found.groups()
        numbers = [int(one) for one in re.findall(r"-?\d+", steps)]
        x, y = (int(one) for one in start.split(","))
        points = [(x, y)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            points.append((x, y))
        outlines.append(points)
    return outlines


def test_no_outline_leaves_the_map_or_runs_across_it() -> None:
    width, height = WORLD["width"], WORLD["height"]
    for code, path in WORLD["countries"].items():
        for points in _points(path):
            assert all(-12 <= x <= width + 12 and -12 <= y <= height + 12 for x, y in points), code
            assert all(abs(a[0] - b[0]) < width / 4 for a, b in pairwise(points)), code


def test_a_path_is_read_as_browsers_read_it() -> None:
    assert _points("M5,6l1-2 -3,4z") == [[(5, 6), (6, 4), (3, 8)]]
