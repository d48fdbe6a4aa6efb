"""What `gtm check` promises to people, to editors and to programs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gtm.cli.excerpt import excerpt
from gtm.errors import Mistake, ZoneFileError
from gtm.zonefile import load
from tests.unit.cli.cli_runs import gtm
from tests.unit.cli.cli_samples import BAD, GOOD


def written(directory: Path, text: str, name: str = "gtm.yaml") -> Path:
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_good_zone_is_one_line_and_ends_with_0(tmp_path: Path) -> None:
    written(tmp_path, GOOD)
    result = gtm("check", str(tmp_path))
    assert result.exit_code == 0
    assert result.stdout == "gtm.example.com: 1 service in 1 app, 2 regions, 1 record\n"


def test_every_mistake_is_a_line_in_its_exact_form_and_ends_with_1(tmp_path: Path) -> None:
    path = written(tmp_path, BAD)
    with pytest.raises(ZoneFileError) as raised:
        load(path)
    result = gtm("check", str(path))
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [str(mistake) for mistake in raised.value.mistakes]
    assert f"{path}:4:13: regions.eu-west.locaton: " in result.stdout


def test_warnings_are_shown_and_end_with_0(tmp_path: Path) -> None:
    unused = GOOD.replace("tcp: {type", "idle: {type: tcp, port: 9}\n  tcp: {type")
    path = written(tmp_path, unused)
    warnings = load(path).warnings
    result = gtm("check", str(path))
    assert result.exit_code == 0
    for warning in warnings:
        assert f"warning: {warning}\n" in result.stdout


def test_the_long_form_loads_to_an_equal_zone(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    result = gtm("check", str(path), "--expand")
    assert result.exit_code == 0
    again = tmp_path / "again"
    again.mkdir()
    assert load(written(again, result.stdout)).zones == load(path).zones


def test_mistakes_never_stand_where_the_long_form_was_to_go(tmp_path: Path) -> None:
    result = gtm("check", str(written(tmp_path, BAD)), "--expand")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert "locaton" in result.stderr


def test_json_says_what_the_zones_hold(tmp_path: Path) -> None:
    result = gtm("check", str(written(tmp_path, GOOD)), "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 0
    assert found["ok"] is True
    assert found["mistakes"] == []
    assert found["zones"][0]["name"] == "gtm.example.com."
    assert found["zones"][0]["apps"][0]["services"] == ["orders.gtm.example.com."]


def test_json_says_every_mistake_and_ends_with_1(tmp_path: Path) -> None:
    result = gtm("check", str(written(tmp_path, BAD)), "--json")
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert found["ok"] is False
    assert found["zones"] == []
    assert {"file", "line", "column", "key", "problem", "remedy"} == set(found["mistakes"][0])


def test_a_path_that_is_not_there_is_a_mistake(tmp_path: Path) -> None:
    result = gtm("check", str(tmp_path / "nowhere" / "zones"))
    assert result.exit_code == 1
    assert "there is no such file or directory" in result.stdout


def test_long_form_and_json_at_once_are_wrong_usage(tmp_path: Path) -> None:
    result = gtm("check", str(tmp_path), "--json", "--expand")
    assert result.exit_code == 2
    assert result.stderr.startswith("cannot print both")


# --- the line with a caret --------------------------------------------------------------


def shown(path: Path, line: int, column: int, width: int = 80) -> list[str]:
    found = excerpt(Mistake(str(path), line, column, "", "wrong", ""), width)
    assert found is not None
    return found.plain.split("\n")


def test_the_caret_stands_under_the_place(tmp_path: Path) -> None:
    path = written(tmp_path, "zone: a\nttl: x\n")
    assert shown(path, 2, 6) == ["    2 | ttl: x", "      |      ^"]


def test_the_caret_allows_for_wide_characters_before_it(tmp_path: Path) -> None:
    path = written(tmp_path, "漢字: x\n")
    assert shown(path, 1, 5)[1] == "      |       ^"


def test_a_long_line_is_cut_so_that_the_place_is_seen(tmp_path: Path) -> None:
    path = written(tmp_path, "a" * 500 + "X" + "b" * 500)
    line, caret = shown(path, 1, 501)
    assert line[caret.index("^")] == "X"
    assert caret.index("^") < 80


def test_control_characters_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = written(tmp_path, "a\x1b[31m\tb\n")
    assert shown(path, 1, 1)[0] == "    1 | a [31m b"


@pytest.mark.parametrize("line", [0, 99])
def test_a_mistake_without_a_line_has_no_excerpt(tmp_path: Path, line: int) -> None:
    path = written(tmp_path, "zone: a\n")
    assert excerpt(Mistake(str(path), line, 1, "", "wrong", ""), 80) is None


def test_a_file_that_is_gone_has_no_excerpt(tmp_path: Path) -> None:
    assert excerpt(Mistake(str(tmp_path / "gone"), 1, 1, "", "wrong", ""), 80) is None
