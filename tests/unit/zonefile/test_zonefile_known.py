"""What one load hands to the next: the same endpoints, and never what is wrong now."""

from __future__ import annotations

from pathlib import Path

import pytest

from gtm.errors import ZoneFileError
from gtm.zonefile import KnownEndpoints, load

ZONE = """zone: a.example
nameservers: {ns1: [127.0.0.1]}
regions: {r1: {location: IE}, r2: {location: SG}}
apps:
  shop:
    topology: spread
    min_up: 1
    services:
      orders: {r1: [127.0.0.1], r2: 127.0.0.2}
"""


def test_a_load_that_knows_the_last_one_gives_what_one_that_knows_nothing_gives(
    tmp_path: Path,
) -> None:
    path, known = tmp_path / "a.yaml", KnownEndpoints()
    path.write_text(ZONE)
    first = load(path, known=known, modified=lambda path: 1.0)
    path.write_text(ZONE.replace("127.0.0.2", "127.0.0.3"))
    second = load(path, known=known, modified=lambda path: 1.0)
    assert second.zones == load(path, modified=lambda path: 1.0).zones
    was, now = (each.zones[0].apps[0].services[0].endpoints for each in (first, second))
    assert now["r1"][0] is was["r1"][0]
    assert now["r2"] != was["r2"]


def test_what_was_right_before_is_judged_by_what_holds_now(tmp_path: Path) -> None:
    path, known = tmp_path / "a.yaml", KnownEndpoints()
    path.write_text(ZONE)
    load(path, known=known)
    path.write_text(ZONE.replace("min_up: 1", "min_up: 2"))
    with pytest.raises(ZoneFileError) as failed:
        load(path, known=known)
    assert ["2" in mistake.problem for mistake in failed.value.mistakes] == [True, True]
    path.write_text(ZONE)
    assert load(path, known=known).zones[0].apps[0].services[0].endpoints.keys() == {"r1", "r2"}
