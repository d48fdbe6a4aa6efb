"""The picture of a drill."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from gtm.drill import Marks, Seen, timeline
from gtm.drill.svg import LEFT, PLOT_WIDTH, Drawing, Mark, svg

SVG = "{http://www.w3.org/2000/svg}"


def drawing(seen: list[Seen], marks: Marks, title: str = "Drill of eu") -> Drawing:
    line = timeline(("eu", "us"), seen, marks)
    shown = [Mark(0.0, "forced down"), Mark(0.1, "gone", soft=True), Mark(5.0, "taken back")]
    return Drawing(title, "10 queries", line, shown, (0.0, 5.0), ("eu", "us"))


def answers() -> list[Seen]:
    return [
        Seen(at / 10, 0, frozenset({"us"} if 0 <= at < 50 else {"eu"})) for at in range(-30, 100)
    ]


def test_it_is_xml_with_a_band_for_each_region_and_words_for_each_mark() -> None:
    tree = ET.fromstring(svg(drawing(answers(), Marks(-3.0, 0.1, 5.0, 5.1, 10.0))))
    bands = [one.find(f"{SVG}title") for one in tree.iter(f"{SVG}polygon")]
    assert [band.text for band in bands if band is not None] == ["eu", "us"]
    words = [one.text for one in tree.iter(f"{SVG}text")]
    assert {"forced down", "gone", "taken back", "eu", "us", "0 s", "100%"} <= set(words)


def test_it_says_in_words_what_it_shows() -> None:
    tree = ET.fromstring(svg(drawing(answers(), Marks(-3.0, 0.1, 5.0, 5.1, 10.0))))
    assert tree.get("aria-label") == "Drill of eu. 10 queries"


def test_names_cannot_break_it() -> None:
    text = svg(drawing(answers(), Marks(-3.0, 0.1, 5.0, 5.1, 10.0), title='<&">'))
    assert '<&">' not in text
    assert ET.fromstring(text).findtext(f"{SVG}title") == '<&">'


@given(st.floats(-10, -0.1), st.floats(0.1, 5000), st.lists(st.floats(-10, 5000), max_size=20))
def test_all_points_lie_in_the_plot(began: float, ended: float, moments: list[float]) -> None:
    seen = [Seen(at, 0, frozenset({"eu"})) for at in moments]
    tree = ET.fromstring(svg(drawing(seen, Marks(began, 0.0, ended / 2, ended / 2, ended))))
    for band in tree.iter(f"{SVG}polygon"):
        for point in (band.get("points") or "").split():
            x = float(point.split(",")[0])
            assert LEFT - 0.1 <= x <= LEFT + PLOT_WIDTH + 0.1
