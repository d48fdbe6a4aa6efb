"""The latency feed: medians of bounded samples, laid beside what the zone file says."""

from __future__ import annotations

import random
import statistics
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.feeds.cell import KEPT, REPORTERS, Cell
from gtm.feeds.client import Client, at_address, in_area
from gtm.feeds.latency import CELLS, FASTEST, PAUSE, SLOWEST, LatencyFeed
from gtm.model import GeoCode, LatencyRules, Location, MeasuredLatency, Zone
from gtm.zonefile.values import geo_code
from tests.unit.feeds.feed_worlds import read, zone_text

GB = GeoCode("EU", "GB")
ENGLAND = GeoCode("EU", "GB", "ENG")
RULES = LatencyRules()
DAY = 86400.0


def feed_with(
    count: int = 30, ms: float = 41.0, by: str = "gw-1", networks: int = 5
) -> LatencyFeed:
    feed = LatencyFeed()
    feed_more(feed, count, ms, by, networks)
    return feed


def feed_more(
    feed: LatencyFeed, count: int, ms: float, by: str = "gw-1", networks: int = 5, now: float = 0.0
) -> None:
    for number in range(count):
        feed.add(by, Client((GB,), 1 + number % networks), "r0", ms, now)


def zone(latency: str = "", rules: str = "") -> Zone:
    return read(zone_text(rest=f"latency: {{{latency}}}\nlatency_feed: {{{rules}}}\n"))


def used(feed: LatencyFeed, under: Zone, now: float = 0.0, clock: float = 0.0) -> float | None:
    """What steering goes by between Great Britain and r0."""
    feed.follow([under], now, clock)
    laid = feed.laid_over(under)
    found = [known.milliseconds.get("r0") for known in laid.latency if known.area == GB]
    return found[0] if found else None


# --- one cell ---------------------------------------------------------------------------


@given(st.lists(st.floats(0.1, 1000), min_size=30, max_size=KEPT))
def test_one_reporter_alone_gives_the_median_of_its_samples(values: list[float]) -> None:
    cell = Cell()
    for number, value in enumerate(values):
        cell.add("gw-1", value, 0.0, 1 + number % 3, 1)
    found = cell.estimate(RULES, 0.0)
    assert found is not None
    assert found.milliseconds == pytest.approx(statistics.median(values))
    assert (found.samples, found.reporters) == (len(values), 1)


def test_the_latest_samples_of_a_reporter_are_kept() -> None:
    cell = Cell()
    for number in range(10 * KEPT):
        cell.add("gw-1", float(number + 1), 0.0, number % 7 + 1, 1)
    found = cell.estimate(RULES, 0.0)
    assert found is not None
    assert found.samples == KEPT
    assert found.milliseconds == statistics.median(range(9 * KEPT + 1, 10 * KEPT + 1))


def test_a_reporter_too_many_takes_the_place_of_the_one_not_heard_for_longest() -> None:
    cell = Cell()
    for number in range(REPORTERS + 5):
        cell.add(f"gw-{number}", 10.0, 0.0, 1, 1)
    assert list(cell.rings) == [f"gw-{number}" for number in range(5, REPORTERS + 5)]


def test_one_reporter_alone_needs_several_client_networks_and_two_do_not() -> None:
    cell = Cell()
    for _ in range(40):
        cell.add("gw-1", 10.0, 0.0, 7, 1)
    assert cell.estimate(RULES, 0.0) is None
    cell.add("gw-2", 10.0, 0.0, 7, 1)
    assert cell.estimate(RULES, 0.0) is not None
    assert cell.estimate(replace(RULES, reporters=3), 0.0) is None


def test_what_a_cell_lacks_is_said() -> None:
    cell = Cell()
    for _ in range(20):
        cell.add("gw-1", 10.0, 0.0, 7, 1)
    heard = cell.heard(RULES, 0.0)
    assert (heard.samples, heard.reporters, heard.lacking) == (20, 1, "20 of 30 samples")
    cell.add("gw-1", 10.0, 0.0, 7, 15)
    assert cell.heard(RULES, 0.0).lacking == "1 of 3 networks"
    assert cell.heard(replace(RULES, reporters=2), 0.0).lacking == "1 of 2 reporters"
    for _ in range(20):
        cell.add("gw-2", 100.0, 0.0, 8, 1)
    assert cell.heard(RULES, 0.0).lacking == "the two reporters contradict each other"
    assert cell.heard(RULES, 1.0 + DAY).lacking == "0 of 30 samples"


def test_samples_expire() -> None:
    cell = Cell()
    for number in range(40):
        cell.add("gw-1", 10.0, 100.0, 1 + number, 1)
    assert cell.estimate(RULES, 100.0 + DAY) is not None
    assert cell.estimate(RULES, 101.0 + DAY) is None


# --- what steering goes by --------------------------------------------------------------


def test_a_value_is_there_once_there_are_enough_samples() -> None:
    feed = feed_with(29)
    assert used(feed, zone()) is None
    feed_more(feed, 1, 41.0)
    assert used(feed, zone()) == 41.0


def test_what_the_file_says_comes_first_and_the_feed_stands_beside_it() -> None:
    feed, under = feed_with(), zone("EU-GB: {r0: 12}, NA: {r1: 3}")
    feed.follow([under], 0.0, 0.0)
    assert feed.laid_over(under) is under
    other = zone("EU-GB: {r1: 12}")
    feed.follow([other], 0.0, 0.0)
    (laid,) = feed.laid_over(other).latency
    assert dict(laid.milliseconds) == {"r1": 12, "r0": 41.0}
    assert dict(laid.said) == {"r0": "median of 30 samples"}


def test_laying_over_again_is_as_laying_over_once_and_taking_away_leaves_the_file() -> None:
    feed, under = feed_with(), zone("EU-GB: {r1: 12}, NA: {r1: 3}")
    feed.follow([under], 0.0, 0.0)
    once = feed.laid_over(under)
    assert feed.laid_over(once).latency == once.latency
    assert LatencyFeed().laid_over(once).latency == under.latency


def test_a_change_below_a_tenth_moves_nobody() -> None:
    feed, under = feed_with(), zone()
    assert used(feed, under) == 41.0
    feed_more(feed, KEPT, 44.0)
    assert not feed.follow([under], 0.0, 2 * PAUSE)
    assert used(feed, under, clock=2 * PAUSE) == 41.0
    feed_more(feed, KEPT, 46.0)
    assert feed.follow([under], 0.0, 2 * PAUSE) == {(GB, "r0")}
    assert used(feed, under, clock=2 * PAUSE) == 46.0


def test_a_value_whose_samples_have_expired_is_given_up() -> None:
    feed, under = feed_with(), zone(rules="expire: 1h")
    assert used(feed, under) == 41.0
    assert used(feed, under, now=3601.0, clock=3601.0) is None


def test_two_that_begin_to_contradict_each_other_leave_the_value_as_it_was() -> None:
    feed, under = feed_with(), zone()
    assert used(feed, under) == 41.0
    feed_more(feed, 40, 900.0, by="mad")
    assert used(feed, under, clock=1000.0) == 41.0


def test_a_feed_that_is_not_to_be_used_is_not() -> None:
    assert used(feed_with(), zone(rules="use: false")) is None


def test_a_mad_reporter_does_not_move_what_several_measured() -> None:
    feed, under = LatencyFeed(), zone()
    for by, ms in (("gw-1", 40.0), ("gw-2", 42.0), ("gw-3", 44.0)):
        feed_more(feed, 20, ms, by=by)
    for number in range(5000):
        feed.add("mad", Client((GB,), number + 1), "r0", 0.001, 0.0, count=1_000_000)
    value = used(feed, under)
    assert value is not None
    assert 40.0 <= value <= 44.0


def test_samples_are_clipped_to_what_a_round_trip_can_be() -> None:
    assert used(feed_with(ms=1e-9), zone()) == FASTEST
    assert used(feed_with(ms=3e6), zone()) == SLOWEST


# --- memory -----------------------------------------------------------------------------


def test_a_reporter_who_names_every_area_pushes_out_nothing_that_several_measured() -> None:
    feed = feed_with(by="gw-1")
    feed_more(feed, 30, 41.0, by="gw-2")
    for number in range(3 * CELLS):
        feed.add("mad", Client((GeoCode("AN", f"{number}"),)), "r0", 5.0, 0.0)
    assert len(feed) == CELLS
    assert feed.evicted == 2 * CELLS + 1
    assert used(feed, zone()) == 41.0


@given(st.integers(0, 2**32))
def test_whatever_comes_memory_is_bounded(seed: int) -> None:
    draw = random.Random(seed)
    feed = LatencyFeed()
    for _ in range(500):
        area = GeoCode("EU", f"{draw.randrange(5)}")
        feed.add(f"gw-{draw.randrange(40)}", Client((area,)), "r0", 5.0, 0.0, draw.randrange(1, 9))
    for _, cell in feed.cells():
        assert len(cell.rings) <= REPORTERS
        assert all(len(ring.at) <= KEPT for ring in cell.rings.values())


# --- where a sample belongs ---------------------------------------------------------------


def test_a_client_counts_for_its_subdivision_and_its_country_but_for_no_continent() -> None:
    there = Location(51.5, -0.1, "EU", "GB", "ENG")
    found = at_address("203.0.113.7", lambda address: there)
    assert found is not None
    assert found.areas == (ENGLAND, GB)
    assert in_area("EU-GB-ENG").areas == (ENGLAND, GB)
    assert in_area("EU").areas == (geo_code("EU"),)


def test_clients_of_one_small_network_are_one_network() -> None:
    there = Location(51.5, -0.1, "EU", "GB")
    numbers = {
        found.network
        for text in ("203.0.113.7", "203.0.113.200", "203.0.113.0/24", "203.0.113.64/26")
        if (found := at_address(text, lambda address: there)) is not None
    }
    assert len(numbers) == 1


def test_a_client_whose_country_is_not_known_says_nothing() -> None:
    assert at_address("203.0.113.7", lambda address: None) is None
    assert at_address("203.0.113.7", lambda address: Location(1, 2)) is None


@pytest.mark.parametrize("text", ["", "x", "203.0.113.7/8", "fe80::1%eth0", "0.0.0.0/0", "1" * 99])
def test_what_names_no_client_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"neither|wider|scope"):
        at_address(text, lambda address: None)


def test_measured_latency_is_the_same_whatever_words_it_has() -> None:
    one, other = MeasuredLatency(GB, {"r0": 1.0}, {"r0": "a"}), MeasuredLatency(GB, {"r0": 1.0})
    assert one == other
