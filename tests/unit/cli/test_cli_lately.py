"""What happened lately is told as stories: the widest thing once, and no beginnings."""

from __future__ import annotations

from gtm.cli.lately import lately
from tests.unit.cli.cli_samples import NOW, happening

STARTED = NOW - 7200


def test_a_region_that_goes_down_is_one_story() -> None:
    region = happening("region", "down", NOW - 9, "orders: refused")
    rest = [happening(kind, "down", NOW - 10, "refused") for kind in ("service", "endpoint")]
    assert lately([*rest, region], STARTED) == [region]


def test_what_is_apart_in_place_time_or_direction_is_told_apart() -> None:
    region = happening("region", "down", NOW - 100, "orders: refused")
    others = [
        happening("endpoint", "down", NOW - 100, "refused", region="eu"),
        happening("endpoint", "down", NOW - 10, "refused"),
        happening("service", "up", NOW - 100, "1 of 1 endpoints up", before="down"),
    ]
    assert lately([*others, region], STARTED) == [*others, region]


def test_first_verdicts_after_a_start_are_no_news_but_failures_are() -> None:
    failed = happening("endpoint", "down", NOW - 9, "refused", before="unknown")
    began = [
        happening("region", "unknown", NOW - 10, "not probed yet"),
        happening("endpoint", "up", NOW - 9, "HTTP 200", before="unknown"),
    ]
    assert lately([failed, *began], NOW - 11) == [failed]
    assert lately([failed, *began], STARTED) == [failed, *began]
