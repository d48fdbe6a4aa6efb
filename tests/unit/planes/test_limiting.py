"""The rate limit: what each client network gets over UDP, alike in both planes."""

from __future__ import annotations

from ipaddress import ip_address
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gtm.networks import Networks
from gtm.planes.limiting import BURST, Limit, Limiter, rated
from tests.unit.planes.native_plane import require

NOW = 1.7e9


class Clock:
    """Stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def limiter(limit: Limit, share: int = 1) -> tuple[Limiter, Clock]:
    clock, draws = Clock(), count()
    return Limiter(limit, lambda: next(draws), clock, share), clock


def given_to(limiter: Limiter, host: str, asked: int) -> int:
    return sum(limiter.within(host) for _ in range(asked))


def test_a_network_gets_its_burst_and_then_so_many_answers_a_second() -> None:
    side, clock = limiter(Limit(100))
    assert given_to(side, "192.0.2.1", 1000) == 100 * BURST
    assert given_to(side, "192.0.2.99", 10) == 0
    assert given_to(side, "192.0.3.1", 10) == 10
    clock.now += 1
    assert given_to(side, "192.0.2.1", 1000) == 100
    clock.now += 100
    assert given_to(side, "192.0.2.1", 1000) == 100 * BURST


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.255", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("192.0.2.1", "::ffff:192.0.2.2", True),
        ("2001:db8::1", "2001:db8:0:ff:ffff::1", True),
        ("2001:db8::1", "2001:db8:0:100::1", False),
        ("fe80::1%eth0", "fe80::2", True),
    ],
)
def test_addresses_of_one_24_or_56_are_one_network(one: str, other: str, same: bool) -> None:
    side, _ = limiter(Limit(1))
    assert given_to(side, one, 3) == 2
    assert given_to(side, other, 1) == (0 if same else 1)


def test_workers_share_the_limit() -> None:
    side, _ = limiter(Limit(100), share=4)
    assert given_to(side, "192.0.2.1", 1000) == 25 * BURST


def test_those_on_the_allow_list_are_never_limited() -> None:
    side, _ = limiter(Limit(1))
    assert given_to(side, "127.0.0.1", 100) == given_to(side, "::1", 100) == 100
    side, _ = limiter(Limit(1, allow=Networks.of(["192.0.2.0/25"])))
    assert given_to(side, "192.0.2.1", 100) == 100
    assert given_to(side, "127.0.0.1", 100) == 2


@pytest.mark.parametrize(("slip", "cut"), [(0, 0), (1, 12), (2, 6), (3, 4)])
def test_one_in_so_many_answers_over_the_limit_is_cut(slip: int, cut: int) -> None:
    side, _ = limiter(Limit(1, slip=slip))
    assert sum(side.cuts() for _ in range(12)) == cut


def test_an_answer_that_need_not_be_counted_is_given_back() -> None:
    side, _ = limiter(Limit(1))
    for _ in range(10):
        assert side.within("192.0.2.1")
        side.give_back("192.0.2.1")
    assert given_to(side, "192.0.2.1", 10) == 2


def test_networks_over_the_limit_are_told_once() -> None:
    side, _ = limiter(Limit(1))
    side.note("192.0.2.1", cut=True)
    side.note("192.0.2.9", cut=False)
    side.note("2001:db8::1", cut=False)
    assert side.noted() == [("192.0.2.0/24", 1, 1), ("2001:db8::/56", 0, 1)]
    assert side.noted() == []


def test_a_clock_set_back_limits_nobody_for_long() -> None:
    side, clock = limiter(Limit(100))
    given_to(side, "192.0.2.1", 1000)
    clock.now -= 3600
    assert given_to(side, "192.0.2.1", 1000) == 100 * BURST


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gtm.planes.limiting.REMEMBERED", 64)
    side, clock = limiter(Limit(1))
    given_to(side, "10.0.0.1", 2)
    for number in range(1000):
        clock.now += 0.001
        side.within(str(ip_address(0x0B000000 + (number << 8))))
        assert len(side._hosts) <= 64
        assert len(side._buckets) <= 65


HOSTS = ["192.0.2.1", "192.0.2.77", "192.0.3.1", "2001:db8::1", "2001:db8:0:100::1", "127.0.0.1"]
STEPS = st.tuples(
    st.sampled_from(HOSTS), st.sampled_from([0.0, 0.0, 0.001, 0.3, 2.0, -5.0]), st.integers(0, 99)
)


@given(
    st.lists(STEPS, max_size=60),
    st.sampled_from([1, 3, 10, 1000, 5_000_000]),
    st.sampled_from([0, 1, 2, 5]),
    st.sampled_from([1, 4]),
)
def test_both_planes_judge_alike(
    steps: list[tuple[str, float, int]], per_second: int, slip: int, share: int
) -> None:
    require()
    from gtm import _native

    limit = Limit(per_second, slip=slip)
    clock = Clock()
    last = [0]
    python = Limiter(limit, lambda: last[0], clock, share)
    native = _native.Limiter(rated(limit), share)
    for host, later, random in steps:
        clock.now += later
        last[0] = random
        judged = native.judge(ip_address(host), clock.now, random)
        if python.within(host):
            assert judged == "full"
        else:
            assert judged == ("cut" if python.cuts() else "drop")
