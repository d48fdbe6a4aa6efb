"""Every mistake in steering, balance and endpoints is said once, at its place, with a remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.zonefile.zonefile_writing import (
    STEERED,
    STEERED_SERVICES,
    mistakes_of,
    said_of_steered,
)

GEO = "  policy: geo\n  rules:\n"


STEERING = {
    "weights for failover": (
        "{policy: failover, order: us, weights: {us: 1}}",
        "7:45: steering.weights: `weights` says nothing for failover; remove it; it is for "
        "weighted and sticky, and with `within` for nearest and latency",
    ),
    "weights without within": (
        "{weights: {us: 1}}",
        "7:16: steering.weights: `weights` says nothing for nearest without `within`; write "
        "`within:` beside it, or remove it; it is for weighted and sticky, and with `within` for "
        "nearest and latency",
    ),
    "order without failover": (
        "{policy: weighted, order: [us]}",
        "7:34: steering.order: `order` says nothing for weighted; remove it; it is for failover",
    ),
    "trickle without failover": (
        "{trickle: 5%}",
        "7:16: steering.trickle: `trickle` says nothing for nearest; remove it; it is for failover",
    ),
    "rules without geo": (
        "{rules: [{regions: us}]}",
        "7:16: steering.rules: `rules` says nothing for nearest; remove it; it is for geo",
    ),
    "within for weighted": (
        "{policy: weighted, within: 5%}",
        "7:34: steering.within: `within` says nothing for weighted; remove it; it is for nearest "
        "and latency",
    ),
    "draw without a share": (
        "{policy: failover, order: us, draw: query}",
        "7:45: steering.draw: `draw` says nothing for failover without `trickle`; write "
        "`trickle:` beside it, or remove it; it is for weighted, with `within` for nearest and "
        "latency, and with `trickle` for failover",
    ),
    "fence for geo": (
        "{policy: geo, fence: EU, rules: [{regions: us}]}",
        "7:29: steering.fence: `fence` says nothing for geo; remove it; it is for all other "
        "policies, those of the rules too",
    ),
    "several answered by sticky": (
        "{policy: sticky, regions: 2}",
        "7:32: steering.regions: a number of `regions` says nothing for sticky; remove it; it is "
        "for nearest, latency, weighted and failover",
    ),
    "regions for geo": (
        "{policy: geo, regions: [us], rules: [{regions: us}]}",
        "7:29: steering.regions: `regions` says nothing for geo; remove it; it is for nearest, "
        "latency, weighted and sticky; failover has `order`, and geo its rules",
    ),
    "a prefix that nothing hashes": (
        "{prefix: {v4: 24}}",
        "7:16: steering.prefix: `prefix` says nothing for nearest; remove it; it is for sticky, "
        "and for `balance: hash`",
    ),
    "a prefix inside": (
        "{otherwise: {policy: sticky, prefix: {v4: 20}}}",
        "7:44: steering.otherwise.prefix: `prefix` is one for the whole app; write it beside the "
        "app's own policy, in `steering`",
    ),
    "a prefix too long": (
        "{policy: sticky, prefix: {v6: 129}}",
        "7:45: steering.prefix.v6: `129` is not a prefix length; write a number from 1 to 128",
    ),
    "failover alone": (
        "failover",
        "7:15: steering: failover needs `order`; "
        "write `{policy: failover, order: [first, second]}`",
    ),
    "failover with regions": (
        "{policy: failover, regions: [us, ie]}",
        "7:34: steering.regions: failover has `order` for its regions; write `order:` here",
    ),
    "geo without rules": (
        "{policy: geo}",
        "7:24: steering.policy: geo needs `rules`; write "
        "`{policy: geo, rules: [{match: [...], regions: [...]}, ...]}`",
    ),
    "no rules": (
        "{policy: geo, rules: []}",
        "7:36: steering.rules: there are no rules; write `- regions: [...]`",
    ),
    "an empty order": (
        "{policy: failover, order: []}",
        "7:41: steering.order: `order` names no region; write `[first, second]`",
    ),
    "an unknown region in order": (
        "{policy: failover, order: [us, iee]}",
        "7:46: steering.order: there is no region `iee`; write `ie`",
    ),
    "an unknown region in regions": (
        "{regions: [us, iee]}",
        "7:30: steering.regions: there is no region `iee`; write `ie`",
    ),
    "a region that no service has": (
        "{policy: weighted, weights: {us: 1, sg: 2}}",
        "7:51: steering.weights.sg: no service of the app is in sg; remove it, or write one of: "
        "us, ie",
    ),
    "an unknown region with a weight": (
        "{policy: sticky, weights: {usa: 1}}",
        "7:42: steering.weights.usa: there is no region `usa`; write `us`",
    ),
    "a region twice": (
        "{policy: failover, order: [us, ie, us]}",
        "7:50: steering.order: `us` is written twice; keep one of them",
    ),
    "a number for a region": (
        "{policy: failover, order: [us, 5]}",
        "7:46: steering.order: `5` is not the name of a region; write one in quotes",
    ),
    "no regions at all": (
        "{regions: 0}",
        "7:25: steering.regions: `0` is not a number of regions; write a whole number from 1",
    ),
    "a negative weight": (
        "{policy: weighted, weights: {us: -1, ie: 0}}",
        "7:48: steering.weights.us: `-1` is not a weight; write a whole number from 0 to 1000000",
    ),
    "a part of a weight": (
        "{policy: weighted, weights: {us: 0.5}}",
        "7:48: steering.weights.us: `0.5` is not a weight; write a whole number from 0 to 1000000",
    ),
    "weights all 0": (
        "{policy: weighted, weights: {us: 0, ie: 0}}",
        "7:34: steering.weights: all the weights are 0; write one above 0",
    ),
    "a weight of 0 alone": (
        "{policy: sticky, weights: {us: 0}}",
        "7:32: steering.weights: all the weights are 0; regions not named weigh 0 too; "
        "write one above 0",
    ),
    "a weight that regions leaves out": (
        "{policy: weighted, regions: [us], weights: {ie: 1}}",
        "7:59: steering.weights.ie: ie has a weight, but is not among the `regions`; add it there, "
        "or remove it here",
    ),
    "a whole number for a part": (
        "{within: 10}",
        "7:24: steering.within: `10` is not a part of a whole; write `10%`",
    ),
    "too large a part": (
        "{policy: failover, order: us, trickle: 101%}",
        "7:54: steering.trickle: `101%` is not a part of a whole; write one from `0%` to `100%`",
    ),
    "an unknown draw": (
        "{policy: weighted, draw: each}",
        "7:40: steering.draw: `each` is not a draw; write `window` or `query`",
    ),
    "a fence round nothing": (
        "{fence: [AS, NA-CA]}",
        "7:23: steering.fence: no region lies in AS, NA-CA; write a place of one of these: us, ie",
    ),
    "an empty fence": (
        "{fence: []}",
        "7:23: steering.fence: the fence holds no place; write places such as `[EU]`, or remove "
        "the key",
    ),
    "a fence of a network": (
        "{fence: 192.0.2.0/24}",
        "7:23: steering.fence: '192.0.2.0/24' is not a geo code; write one like EU, EU-GB, GB or "
        "NA-US-CA",
    ),
    "a fence finer than what is known": (
        "{regions: [ie], fence: IE-D}",
        "7:38: steering.fence: whether ie lies in EU-IE-D is not known: its location says EU-IE "
        "alone; write the location of ie as a code, such as `US-VA`",
    ),
    "nested five deep": (
        "{otherwise: {otherwise: {otherwise: {otherwise: {otherwise: nearest}}}}}",
        "7:75: steering.otherwise.otherwise.otherwise.otherwise.otherwise: steering is nested "
        "deeper than 4 levels; write fewer `otherwise` and `rules` inside each other",
    ),
    "a misspelt policy inside": (
        "{otherwise: neerest}",
        "7:27: steering.otherwise: `neerest` is not a policy; write `nearest`",
    ),
    "a misspelt policy says nothing of its keys": (
        "{policy: wieghted, weights: {us: 1}, order: [us]}",
        "7:24: steering.policy: `wieghted` is not a policy; write `weighted`",
    ),
    "a policy of a later version": (
        "{otherwise: least_load}",
        "7:27: steering.otherwise: the policy `least_load` is not supported by this version; "
        "write `nearest` or `latency` or `geo` or `weighted` or `failover` or `sticky`",
    ),
    "a key of the app, deep inside": (
        "{policy: failover, order: us, otherwise: {ramp: 30s}}",
        "7:57: steering.otherwise.ramp: `ramp` is a key of the app, beside `steering`; "
        "write it there",
    ),
    "a factor below 0": (
        "{latency_weight: -1}",
        "7:32: steering.latency_weight: `-1` is not a factor; "
        "write a number from 0 to 1000, such as 1.0",
    ),
    "service times where costs do not count": (
        "{policy: weighted, latency_weight: 1}",
        "7:34: steering.latency_weight: `latency_weight` says nothing for weighted; "
        "remove it; it is for nearest and latency",
    ),
    "a key of the app": (
        "{panic: 30%}",
        "7:16: steering.panic: `panic` is a key of the app, beside `steering`; write it there",
    ),
}


@pytest.mark.parametrize("text, said", STEERING.values(), ids=STEERING.keys())
def test_a_mistake_in_steering_gives_one_message(tmp_path: Path, text: str, said: str) -> None:
    assert said_of_steered(tmp_path, f"steering: {text}") == [said]


APPS = {
    "balance: fastest": "7:14: balance: `fastest` is not a balance; "
    "write `all` or `round_robin` or `hash` or `ewma` or `least_load`",
    "balance: roundrobin": "7:14: balance: `roundrobin` is not a balance; write `round_robin`",
    "answers: 0": "7:14: answers: `0` is not a number of addresses; write a whole number from 1",
    "panic: 30": "7:12: panic: `30` is not a part of a whole; write `30%`",
    "draw: query": "7:5: draw: `draw` is a key of `steering`; write it there",
    "weights: {us: 1}": "7:5: weights: `weights` is a key of `steering`; write it there",
    "when_all_down: nothing": "7:20: when_all_down: `nothing` is not an answer of last resort; "
    "write `all` or `last_good` or `nodata` or `servfail` or `[addresses]`",
    "when_all_down: addresses": "7:20: when_all_down: `addresses` is not an answer of last "
    "resort; write `all` or `last_good` or `nodata` or `servfail` or `[addresses]`",
    "when_all_down: [192.0.2.1, x]": "7:32: when_all_down: `x` is not an IP address; "
    "write one such as `192.0.2.10` or `2001:db8::10`",
    "when_all_down: [192.0.2.1, 192.0.2.1]": "7:32: when_all_down: 192.0.2.1 is written twice; "
    "keep one of them",
    "when_all_down: [0.0.0.0]": "7:21: when_all_down: no client can reach `0.0.0.0`; "
    "write a unicast address",
    "when_all_down: []": "7:20: when_all_down: no address is written; write one, or `nodata`",
}


@pytest.mark.parametrize("text, said", APPS.items())
def test_a_mistake_in_an_app_gives_one_message(tmp_path: Path, text: str, said: str) -> None:
    assert said_of_steered(tmp_path, text) == [said]


ENDPOINTS = {
    "{address: 192.0.2.1, weight: -1}": "8:44.weight: `-1` is not a weight; "
    "write a whole number from 0 to 1000",
    "{address: 192.0.2.1, backup: 1}": "8:44.backup: `1` is neither true nor false; "
    "write `true` or `false`",
    "{address: 192.0.2.1, ttl: 1}": "8:36.ttl: `ttl` is not a known key; "
    "write `address` or `weight` or `backup`",
    "{address: 192.0.2.1, weigt: 1}": "8:36.weigt: `weigt` is not a known key; write `weight`",
    "{weight: 1}": "8:15: an endpoint has no address; write `{address: 192.0.2.10}`",
    "[{address: 192.0.2.1, weight: 0}, {address: 192.0.2.2, weight: 0}]": "8:15: every endpoint of "
    "the region has the weight 0 or is a backup; write a weight above 0 for one that is no backup",
    "{address: 192.0.2.1, backup: true}": "8:15: every endpoint of the region is a backup; "
    "remove `backup: true` from those that serve first",
    "[{address: a.example.net., weight: 2}]": "8:42.weight: `weight` says nothing for a host name: "
    "a CNAME stands alone; remove it, or write addresses",
    "{address: a.example.net., backup: true}": "8:41.backup: `backup` says nothing for a host "
    "name: a CNAME stands alone; remove it, or write addresses",
    "[192.0.2.1, {address: 192.0.2.1, weight: 2}]": "8:27: 192.0.2.1 is written twice; "
    "keep one of them",
}


@pytest.mark.parametrize("text, said", ENDPOINTS.items())
def test_a_mistake_in_endpoints_gives_one_message(tmp_path: Path, text: str, said: str) -> None:
    services = f"    services: {{a:\n         {{us: {text}}}}}\n"
    (found,) = said_of_steered(tmp_path, "", services)
    assert found.replace(": services.a.us", "", 1) == said


def test_a_region_whose_place_is_not_known_is_a_mistake_under_a_fence(tmp_path: Path) -> None:
    text = STEERED.replace("location: IE", "location: [53.4, -8.2]")
    text += "    steering: {fence: [EU]}\n" + STEERED_SERVICES
    assert mistakes_of(tmp_path, text) == [
        "a.yaml:7:23: apps.shop.steering.fence: whether ie lies in EU is not known: its location "
        "says coordinates alone; write the location of ie as a code, such as `US-VA`"
    ]


def test_a_location_that_can_not_be_read_says_nothing_of_fences(tmp_path: Path) -> None:
    text = STEERED.replace("location: IE", "location: XX")
    (said,) = mistakes_of(tmp_path, text + "    steering: {fence: [EU]}\n" + STEERED_SERVICES)
    assert "there is no country XX" in said


def test_regions_that_could_not_be_read_are_not_missed_in_steering(tmp_path: Path) -> None:
    (tmp_path / "shared.yaml").write_text("regions: [")
    steering = "    steering: {policy: failover, order: [au]}\n"
    (said,) = mistakes_of(tmp_path, STEERED + steering + STEERED_SERVICES)
    assert said.startswith("shared.yaml")


def test_an_alias_that_holds_itself_is_refused(tmp_path: Path) -> None:
    (said,) = said_of_steered(tmp_path, "steering: &s {otherwise: *s}")
    assert "an alias (`*name`) refers to a value that holds it" in said


def test_mistakes_at_every_depth_are_said_at_once(tmp_path: Path) -> None:
    text = (
        f"steering:\n{GEO}"
        "  - {match: XX, policy: weighted, weights: {us: -1}}\n"
        "  - {match: EU, policy: failvoer, order: [us]}\n"
        "  - {policy: failover, order: [usa], otherwise: {fence: AS}}\n"
    )
    assert [one.split(": ")[0] for one in said_of_steered(tmp_path, text)] == [
        "10:17",
        "10:53",
        "11:29",
        "12:36",
        "12:61",
    ]
