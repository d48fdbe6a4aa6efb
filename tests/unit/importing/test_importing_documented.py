"""docs/import.md shows what comes of what it shows."""

from __future__ import annotations

from pathlib import Path

from gtm.importing import from_gdnsd

PAGE = Path(__file__).parents[3] / "docs" / "import.md"
ZONE = "@ SOA ns1 hostmaster 1 7200 1800 259200 900\n@ NS ns1\nns1 A 127.0.0.53\n"


def test_the_page_shows_what_comes_of_its_example() -> None:
    _, config, _, text, _ = PAGE.read_text().split("A zone of gdnsd with")[1].split("```")
    draft = from_gdnsd(config, f"{ZONE}api 60 DYNA metafo!api\n", "example.com.")
    assert draft.text("config") == text.removeprefix("yaml\n")
