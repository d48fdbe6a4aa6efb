"""Several checks as one: their verdict against a count of all possibilities, and its words."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.checks import AnyCheck, Check, Combine, Combined, Http, Icmp, Target, Tcp
from gtm.model import State, Verdict
from gtm.steering.watched import (
    Look,
    Tree,
    Watched,
    believed,
    gateway,
    measured,
    parts_of,
    targets_in,
    watched,
)

WEB = Check("web", Http(), 80)
MYSQL = Check("mysql", Tcp(), 3306)
NODES = tuple(Check(f"db{n}", Tcp(), 5432, f"192.0.2.{n}") for n in (1, 2, 3))
QUORUM = Combined("dbs", Combine.QUORUM, NODES, 2)
STATES = (State.UP, State.DOWN, State.UNKNOWN)


def of(check: AnyCheck) -> Watched:
    return watched(check, "192.0.2.10", "orders.example")


def look_of(states: dict[str, State], since: float = 5.0) -> Look:
    """Verdicts by the check's name; others are up."""

    def look(target: Target) -> Verdict:
        state = states.get(target.check.name, State.UP)
        return Verdict(state, f"{state.value} says the probe", since)

    return look


def test_a_single_check_is_its_target_with_the_target_s_own_verdict() -> None:
    found = of(WEB)
    assert found == Target(WEB, "192.0.2.10", "orders.example")
    assert believed(found, look_of({"web": State.DOWN})).reason == "down says the probe"
    assert targets_in(found) == (found,)
    assert list(parts_of(found, look_of({}))) == []


def test_all_names_the_part_that_failed() -> None:
    both = Combined("both", Combine.ALL, (WEB, MYSQL), 2)
    verdict = believed(of(both), look_of({"mysql": State.DOWN}))
    assert (verdict.state, verdict.reason) == (State.DOWN, "all: mysql: down says the probe")
    verdict = believed(of(both), look_of({"mysql": State.UNKNOWN}))
    assert (verdict.state, verdict.reason) == (State.UNKNOWN, "all: mysql: unknown says the probe")
    assert believed(of(both), look_of({})) == Verdict(State.UP, "2 of 2 checks up", 5.0)


def test_a_quorum_counts_and_says_who_is_missing() -> None:
    one = believed(of(QUORUM), look_of({"db2": State.DOWN}))
    assert (one.state, one.reason) == (State.UP, "2 of 3 up, 2 needed: db2: down says the probe")
    two = believed(of(QUORUM), look_of({"db2": State.DOWN, "db3": State.DOWN}))
    assert two.state is State.DOWN
    assert two.reason == "1 of 3 up, 2 needed: db2: down says the probe (and 1 more)"


def test_parts_of_parts_are_named_from_the_top_down() -> None:
    deep = Combined("deep", Combine.ALL, (WEB, QUORUM), 2)
    look = look_of({"db1": State.DOWN, "db3": State.DOWN})
    verdict = believed(of(deep), look)
    assert verdict.reason == (
        "all: dbs: 1 of 3 up, 2 needed: db1: down says the probe (and 1 more)"
    )
    parts = list(parts_of(of(deep), look))
    assert [(part.name, part.depth, part.verdict.state) for part in parts] == [
        ("web", 1, State.UP),
        ("dbs", 1, State.DOWN),
        ("db1", 2, State.DOWN),
        ("db2", 2, State.UP),
        ("db3", 2, State.DOWN),
    ]


@pytest.mark.parametrize("kind", Combine)
@pytest.mark.parametrize("states", list(product(STATES, repeat=3)))
def test_the_verdict_is_what_holds_however_the_unknown_ones_turn_out(
    kind: Combine, states: tuple[State, ...]
) -> None:
    needed = {Combine.ALL: 3, Combine.ANY: 1, Combine.QUORUM: 2}[kind]
    check = Combined("c", kind, NODES, needed)
    named = dict(zip(("db1", "db2", "db3"), states, strict=True))
    outcomes = {
        sum(each is State.UP for each in ends) >= needed
        for ends in product(
            *([one] if one is not State.UNKNOWN else [State.UP, State.DOWN] for one in states)
        )
    }
    known = State.UP if outcomes == {True} else State.DOWN
    expected = known if len(outcomes) == 1 else State.UNKNOWN
    assert believed(of(check), look_of(named)).state is expected


@given(st.lists(st.floats(0, 100), min_size=3, max_size=3))
def test_it_holds_since_the_part_that_made_the_difference(moments: list[float]) -> None:
    tree = of(QUORUM)
    since = dict(zip(NODES, moments, strict=True))
    up = believed(tree, lambda target: Verdict(State.UP, "well", since[target.check]))
    down = believed(tree, lambda target: Verdict(State.DOWN, "ill", since[target.check]))
    assert up.since == sorted(moments)[1]  # with the second that came up
    assert down.since == sorted(moments)[1]  # with the second that went down


def test_a_check_with_an_address_asks_that_whatever_it_is_used_for() -> None:
    one, other = (watched(QUORUM, address, "x") for address in ("192.0.2.77", "192.0.2.78"))
    assert targets_in(one) == targets_in(other)
    alone = Check("gw", Icmp(), None, "192.0.2.254")
    assert gateway(alone) == Target(alone, "192.0.2.254")


def test_speed_is_told_by_the_first_part_that_asks_http_of_the_endpoint() -> None:
    far = Check("far", Http(), 80, "198.51.100.1")
    found = of(Combined("c", Combine.ALL, (far, MYSQL, WEB), 3))
    assert isinstance(found, Tree)
    assert measured(found) == Target(WEB, "192.0.2.10", "orders.example")
    assert measured(of(QUORUM)) == targets_in(of(QUORUM))[0]
    assert measured(None) is None
