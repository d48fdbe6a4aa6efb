"""Whatever a file holds, loading it ends with zones or with a ZoneFileError."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gtm.errors import ZoneFileError
from gtm.zonefile import load
from gtm.zonefile.findings import Findings
from gtm.zonefile.master import MasterFile
from tests.unit.zonefile.test_zonefile_example import EVERYTHING

LINES = EVERYTHING.splitlines(keepends=True)
WORDS = [
    "[",
    "]",
    "{",
    "}",
    ": ",
    "- ",
    "&a ",
    "*a",
    "!!int ",
    "<<: ",
    "\t",
    "~",
    "-1",
    "1e9",
    ".nan",
    "null",
    "true",
    '"',
    "'",
    "\\",
    "é",
    "\n",
    "  ",
    "192.0.2.1",
    "*.",
    "..",
    "a" * 64,
    "%",
    "|\n",
    "0x1",
    "geo",
    "failover",
    "spread",
    "us-east",
    "0",
    "9" * 40,
]


def loads_or_says_why(directory: Path, data: bytes) -> None:
    (directory / "a.yaml").write_bytes(data)
    (directory / "r.zone").write_bytes(data)
    try:
        load(directory)
    except ZoneFileError as error:
        assert error.mistakes
        for mistake in error.mistakes:
            assert mistake.problem and mistake.remedy
            assert "\n" not in str(mistake)


quietly = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@quietly
@given(data=st.binary(max_size=300))
def test_random_bytes(tmp_path: Path, data: bytes) -> None:
    loads_or_says_why(tmp_path, data)


@quietly
@given(data=st.data())
def test_a_zone_file_with_words_put_in_anywhere(tmp_path: Path, data: st.DataObject) -> None:
    text = EVERYTHING
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.integers(0, 12))
        text = text[:start] + data.draw(st.sampled_from(WORDS)) + text[end:]
    loads_or_says_why(tmp_path, text.encode())


@quietly
@given(lines=st.lists(st.sampled_from(LINES), max_size=40))
def test_lines_of_a_zone_file_in_any_order(tmp_path: Path, lines: list[str]) -> None:
    loads_or_says_why(tmp_path, "".join(lines).encode())


KEYS = ["a", "us-east", "type", "optional", "topology", "services", "steering", "policy", "rules"]
KEYS += ["match", "regions", "order", "weights", "fence", "otherwise", "when_all_down", "weight"]
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=3)
    ),
    max_leaves=6,
)
PLACES = [
    "ttl",
    "nameservers",
    "soa",
    "regions",
    "checks",
    "apps",
    "geo",
    "latency",
    "records",
    "records_file",
    "zone",
    "alerts",
]


@quietly
@given(place=st.sampled_from(PLACES), value=VALUES, depth=st.integers(0, 3))
def test_any_value_at_any_key(tmp_path: Path, place: str, value: object, depth: int) -> None:
    import yaml

    for _ in range(depth):
        value = {"shop": value}
    text = yaml.safe_dump({"zone": "a.example", place: value}, allow_unicode=True)
    loads_or_says_why(tmp_path, text.encode())


@quietly
@example("$TTL")
@example("a TXT (\n")
@example("a TYPE1 \\# 4 00000000")
@given(st.text(alphabet='aA@.$ \t\n()";\\01TXHPSMN#=*', max_size=80))
def test_any_master_file(text: str) -> None:
    findings = Findings()
    for prefix in ("", "a A ", "a HTTPS 1 . ", "a TXT ", "a SRV 1 2 3 "):
        list(MasterFile("r.zone", "a.example.", findings).read(prefix + text))
