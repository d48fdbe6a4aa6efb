"""Feeds: what is believed of whom, and for how long."""

from __future__ import annotations

import pytest

from gtm.errors import GtmError
from gtm.load.feeds import PROBED, Feeds
from gtm.load.sites import Sites
from tests.worlds import read_zones

SHARED = "regions:\n  eu: {location: IE, capacity: 100}\n  us: {location: US, capacity: 100}\n"
ZONE = "zone: {name}\nnameservers: {{ns1: [192.0.2.53]}}\n{more}"


def sites(**zones: str) -> Sites:
    files = {
        f"{name}.yaml": ZONE.format(name=f"{name}.example", more=more)
        for name, more in zones.items()
    }
    return Sites(read_zones({"shared.yaml": SHARED, **files}))


def test_zones_that_share_a_region_share_its_load_and_the_stricter_word_holds() -> None:
    found = sites(a="load: {expire: 10s, stale: ignore}\n", b="")
    eu = found.named("eu", None)
    assert eu.zones == ("a.example.", "b.example.")
    assert (eu.feed.expire, eu.feed.stale.value) == (10.0, "keep")
    assert found.named("eu", "B.example") is eu


@pytest.mark.parametrize(
    ("region", "zone", "words"),
    [
        ("mars", None, "there is no such region; there are eu, us"),
        ("eu", "c.example", "there is no such zone"),
        ("mars", "a.example", "there is no such region"),
    ],
)
def test_a_load_of_nothing_is_refused_in_words(region: str, zone: str | None, words: str) -> None:
    with pytest.raises(GtmError, match="cannot take a load of") as error:
        sites(a="").named(region, zone)
    assert words in str(error.value)


def test_what_a_zone_means_has_to_be_said_where_zones_differ() -> None:
    found = sites(
        a="regions:\n  ap: {location: SG, capacity: 1}\n", b="regions:\n  ap: {location: JP}\n"
    )
    with pytest.raises(GtmError, match=r"a\.example and b\.example describe it differently"):
        found.named("ap", None)
    assert found.named("ap", "b.example").region.capacity is None


def test_the_latest_post_counts_until_it_expires_and_is_remembered_as_stale() -> None:
    eu = sites(a="").named("eu", None)
    feeds = Feeds()
    assert feeds.reports([eu], 0.0) == {}
    feeds.post(eu, None, 5.0, 0.0)
    feeds.post(eu, None, 7.0, 10.0)
    assert (
        feeds.reports([eu], 70.0)[eu.identity].load,
        feeds.reports([eu], 70.0)[eu.identity].fresh,
    ) == (7.0, True)
    late = feeds.reports([eu], 71.0)[eu.identity]
    assert (late.load, late.fresh, late.age) == (7.0, False, 61.0)


def test_parts_of_zones_are_added_up_unless_the_whole_is_known() -> None:
    eu = sites(a="", b="").named("eu", None)
    feeds = Feeds()
    feeds.post(eu, "a.example.", 5.0, 0.0)
    feeds.post(eu, "b.example.", 7.0, 1.0)
    assert feeds.reports([eu], 2.0)[eu.identity].load == 12.0
    feeds.post(eu, None, 20.0, 3.0)
    assert feeds.reports([eu], 4.0)[eu.identity].load == 20.0


def test_probed_loads_are_summed_and_give_way_to_posted_ones() -> None:
    eu = sites(a="").named("eu", None)
    feeds = Feeds()
    feeds.probed(eu, "192.0.2.1", 5.0, 0.0)
    feeds.probed(eu, "192.0.2.2", 7.0, 1.0)
    feeds.probed(eu, "192.0.2.2", 8.0, 2.0)
    report = feeds.reports([eu], 3.0)[eu.identity]
    assert (report.load, report.source, report.age) == (13.0, PROBED, 3.0)
    feeds.post(eu, None, 1.0, 3.0)
    assert feeds.reports([eu], 4.0)[eu.identity].load == 1.0
    feeds.keep([eu], [])
    assert feeds.reports([eu], 64.0)[eu.identity].fresh is False


def test_what_is_gone_is_forgotten() -> None:
    eu = sites(a="").named("eu", None)
    feeds = Feeds()
    feeds.post(eu, None, 5.0, 0.0)
    feeds.keep([], [])
    assert feeds.reports([eu], 0.0) == {}
