"""Every policy, as written, means what the model says, and its long form means the same."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path

import pytest

from gtm.checks import Check, LoadField
from gtm.errors import ZoneFileError
from gtm.model import (
    EVERYONE,
    AllDown,
    App,
    Balance,
    Draw,
    Endpoint,
    GeoCode,
    LoadFeed,
    Policy,
    Rule,
    Stale,
    Steering,
    WhenAllDown,
)
from gtm.zonefile import expand, load
from gtm.zonefile.expand import expanded
from tests.unit.zonefile.zonefile_writing import STEERED, load_text, warnings_of

SERVICES = "    services: {a: {us: 192.0.2.1, ie: 192.0.2.2, sg: 192.0.2.3}}\n"


def written(text: str, services: str = SERVICES) -> str:
    return STEERED + "".join(f"    {line}\n" for line in text.splitlines()) + services


def app_of(directory: Path, text: str) -> App:
    """The only app; its long form is loaded too and has to be equal."""
    (app,) = load_text(directory, text).zones[0].apps
    again = directory / "again"
    again.mkdir()
    assert load_text(again, expand(directory)).zones[0].apps == (app,)
    return app


def first(*order: str) -> Steering:
    return Steering(Policy.FAILOVER, order=order)


STEERING = {
    "nothing": ("", Steering()),
    "steering: nearest": ("steering: nearest", Steering()),
    "nearest": (
        "steering: {within: 10%, weights: {us: 70, sg: 0}, regions: 2, fence: [US, EU],\n"
        "           draw: query}",
        Steering(
            weights=(("us", 70), ("sg", 0)),
            within=0.1,
            answered=2,
            fence=(GeoCode("NA", "US"), GeoCode("EU")),
            draw=Draw.QUERY,
        ),
    ),
    "some regions": ("steering: {regions: [sg, us]}", Steering(regions=("sg", "us"))),
    "one region": ("steering: {regions: sg}", Steering(regions=("sg",))),
    "service times": ("check: http\nsteering: {latency_weight: 1.5}", Steering(latency_weight=1.5)),
    "service times of a policy inside": (
        "check: http\nsteering: {policy: failover, order: us, otherwise: {latency_weight: 1}}",
        Steering(Policy.FAILOVER, order=("us",), otherwise=Steering(latency_weight=1.0)),
    ),
    "latency": (
        "steering: {policy: latency, within: 0.25}",
        Steering(Policy.LATENCY, within=0.25),
    ),
    "weighted": (
        "steering: {policy: weighted, weights: {us: 70, sg: 30}}",
        Steering(Policy.WEIGHTED, weights=(("us", 70), ("sg", 30))),
    ),
    "equal shares": ("steering: weighted", Steering(Policy.WEIGHTED)),
    "failover": (
        "steering: {policy: failover, order: [us, ie], trickle: 5%, draw: query,\n"
        "           otherwise: nearest}",
        Steering(
            Policy.FAILOVER,
            order=("us", "ie"),
            trickle=0.05,
            draw=Draw.QUERY,
            otherwise=Steering(),
        ),
    ),
    "sticky": (
        "steering: {policy: sticky, regions: [us, ie], weights: {ie: 2}, prefix: {v4: 20}}",
        Steering(Policy.STICKY, ("us", "ie"), (("ie", 2),), prefix4=20),
    ),
    "the prefix of a sticky policy inside": (
        "steering: {prefix: {v6: 48}, otherwise: sticky}",
        Steering(prefix6=48, otherwise=Steering(Policy.STICKY)),
    ),
    "the prefix of endpoints by hash": (
        "balance: hash\nsteering: {prefix: {v4: 16, v6: 32}}",
        Steering(prefix4=16, prefix6=32),
    ),
    "a fence round a region": (
        "steering: {fence: EU, otherwise: {policy: failover, order: us}}",
        Steering(fence=(GeoCode("EU"),), otherwise=first("us")),
    ),
    "geo": (
        "steering:\n"
        "  policy: geo\n"
        "  rules:\n"
        "    - {match: [GB, 203.0.113.0/24], policy: weighted, weights: {ie: 3, us: 1}}\n"
        '    - {match: "2001:db8::/32", regions: sg}\n'
        "    - {match: NA-US-CA, regions: [us, sg], trickle: 1%, otherwise: nearest}\n"
        '    - {match: "NO", policy: geo, rules: [{match: 198.51.100.0/24, regions: us},\n'
        '                                         {match: "*", policy: nearest}]}\n'
        "    - regions: [ie, us]\n",
        Steering(
            Policy.GEO,
            rules=(
                Rule(
                    (GeoCode("EU", "GB"), ip_network("203.0.113.0/24")),
                    Steering(Policy.WEIGHTED, weights=(("ie", 3), ("us", 1))),
                ),
                Rule((ip_network("2001:db8::/32"),), first("sg")),
                Rule(
                    (GeoCode("NA", "US", "CA"),),
                    Steering(
                        Policy.FAILOVER, order=("us", "sg"), trickle=0.01, otherwise=Steering()
                    ),
                ),
                Rule(
                    (GeoCode("EU", "NO"),),
                    Steering(
                        Policy.GEO,
                        rules=(
                            Rule((ip_network("198.51.100.0/24"),), first("us")),
                            Rule((EVERYONE,), Steering()),
                        ),
                    ),
                ),
                Rule((EVERYONE,), first("ie", "us")),
            ),
        ),
    ),
    "nested four deep": (
        "steering: {otherwise: {otherwise: {otherwise: {otherwise: sticky}}}}",
        Steering(
            otherwise=Steering(
                otherwise=Steering(otherwise=Steering(otherwise=Steering(Policy.STICKY)))
            )
        ),
    ),
}


@pytest.mark.parametrize("text, means", STEERING.values(), ids=STEERING.keys())
def test_steering_reaches_the_model_and_its_long_form_too(
    tmp_path: Path, text: str, means: Steering
) -> None:
    assert app_of(tmp_path, written(text)).steering == means
    said = warnings_of(tmp_path, written(text))
    assert all("`otherwise` leads only to regions that are tried before" in one for one in said)


LAST_RESORTS = {
    "": WhenAllDown(),
    "when_all_down: all": WhenAllDown(),
    "when_all_down: last_good": WhenAllDown(AllDown.LAST_GOOD),
    "when_all_down: nodata": WhenAllDown(AllDown.NODATA),
    "when_all_down: servfail": WhenAllDown(AllDown.SERVFAIL),
    'when_all_down: [192.0.2.9, "2001:db8::9"]': WhenAllDown(
        AllDown.ADDRESSES, (IPv4Address("192.0.2.9"), IPv6Address("2001:db8::9"))
    ),
    "when_all_down: 192.0.2.9": WhenAllDown(AllDown.ADDRESSES, (IPv4Address("192.0.2.9"),)),
}


@pytest.mark.parametrize("text, means", LAST_RESORTS.items())
def test_the_last_resort_reaches_the_model(tmp_path: Path, text: str, means: WhenAllDown) -> None:
    assert app_of(tmp_path, written(text)).when_all_down == means


def test_balance_answers_and_panic_reach_the_model(tmp_path: Path) -> None:
    app = app_of(tmp_path, written("balance: round_robin\nanswers: 2\npanic: 33.3%"))
    assert (app.balance, app.answers, app.panic) == (Balance.ROUND_ROBIN, 2, 0.333)


def test_balance_answers_and_panic_have_defaults(tmp_path: Path) -> None:
    app = app_of(tmp_path, written(""))
    assert (app.balance, app.answers, app.panic) == (Balance.ALL, None, 0.0)


def test_weights_and_backups_of_endpoints_reach_the_model(tmp_path: Path) -> None:
    services = (
        "    services: {a: {us: [192.0.2.1, {address: 192.0.2.2, weight: 0},\n"
        "      {address: 192.0.2.3, weight: 5, backup: true}], ie: {address: a.example.net.}}}\n"
    )
    app = app_of(tmp_path, written("balance: hash", services))
    assert app.services[0].endpoints["us"] == (
        Endpoint(IPv4Address("192.0.2.1")),
        Endpoint(IPv4Address("192.0.2.2"), 0),
        Endpoint(IPv4Address("192.0.2.3"), 5, backup=True),
    )
    assert app.services[0].endpoints["ie"] == (Endpoint("a.example.net."),)


@pytest.mark.parametrize("part", ["0%", "0.1%", "7%", "12.345678%", "99.9%", "100%", "0.3", "1e-9"])
def test_parts_of_a_whole_are_the_same_in_the_long_form(tmp_path: Path, part: str) -> None:
    app_of(tmp_path, written(f"panic: {part}"))


def test_an_alias_may_stand_for_steering_used_twice(tmp_path: Path) -> None:
    text = (
        "steering: {policy: failover, order: us, otherwise: &n {within: 1%, otherwise: sticky}}\n"
    )
    other = (
        "  b: {topology: spread, steering: {fence: EU, otherwise: *n},"
        " services: {b: {us: 192.0.2.1, ie: 192.0.2.2}}}\n"
    )
    one, two = load_text(tmp_path, written(text) + other).zones[0].apps
    assert one.steering.otherwise is not None
    assert one.steering.otherwise == two.steering.otherwise


# --- warnings ---------------------------------------------------------------------------


def test_what_a_capacity_needs_is_said_once_a_file(tmp_path: Path) -> None:
    text = (
        "zone: a.example\nnameservers: {ns1: [192.0.2.53]}\n"
        "regions:\n  us: {location: US}\n  ie: {location: IE, capacity: 10}\n"
        "  sg: {location: SG, capacity: 10}\n"
    )
    assert warnings_of(tmp_path, text) == [
        "a.yaml:5:22: regions.ie.capacity: nothing spills until loads are known, and no `load:` "
        "here says that they will be; post them to /v1/load, or answer probes with the header "
        "X-GTM-Load, and write `load: {expire: 60s}` in the zone; or write "
        "`load: {pointer: /load}` in a check"
    ]
    fed = text + "load: {expire: 60s}\n"
    assert warnings_of(tmp_path, fed) == []
    read = text + "checks: {up: {type: http, load: {pointer: /load}}}\n"
    assert warnings_of(tmp_path, read) == []


def test_what_load_says_is_read_and_written_out(tmp_path: Path) -> None:
    text = (
        "zone: a.example\nnameservers: {ns1: [192.0.2.53]}\n"
        "load: {expire: 90s, stale: ignore}\n"
        "regions:\n  us: {location: US, capacity: 10, soft: 65%}\n"
        "  ie: {location: IE, capacity: 5}\n"
        "checks: {up: {type: http, load: {pointer: /a/0}}, in: {type: http, load: {header: L}}}\n"
        "apps:\n  b:\n    topology: spread\n    check: up\n    steering: least_load\n"
        "    services: {b: {us: 192.0.2.1, ie: 192.0.2.2}}\n"
        "  c: {topology: spread, check: in, services: {c: {us: 192.0.2.1}}}\n"
    )
    zone = load_text(tmp_path, text).zones[0]
    assert zone.load == LoadFeed(90.0, Stale.IGNORE)
    assert (zone.regions["us"].soft, zone.regions["ie"].soft) == (0.65, 0.8)
    assert [app.check.load for app in zone.apps if isinstance(app.check, Check)] == [
        LoadField(pointer="/a/0"),
        LoadField(header="L"),
    ]
    assert zone.apps[0].steering.policy is Policy.LEAST_LOAD
    assert load_text(tmp_path, expanded(zone)).zones[0] == zone


@pytest.mark.parametrize(
    ("region", "said"),
    [
        ("soft: 50%", "`soft` is a part of the capacity, and there is none"),
        ("capacity: 1, soft: 0%", "with a soft mark of 0 no client is taken"),
        ("capacity: 1, soft: 80", "`80` is not a part of a whole"),
        ("capacity: 0", "`0` is not a number above 0"),
    ],
)
def test_marks_that_say_nothing_are_mistakes(tmp_path: Path, region: str, said: str) -> None:
    text = (
        "zone: a.example\nnameservers: {ns1: [192.0.2.53]}\n"
        f"regions: {{us: {{location: US, {region}}}}}\n"
    )
    with pytest.raises(ZoneFileError) as error:
        load_text(tmp_path, text)
    assert [mistake.problem for mistake in error.value.mistakes] == [said]


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("{}", "it does not say where the load stands"),
        ("{header: A, pointer: /a}", "the load stands in one place"),
        ("{pointer: load}", "`load` is not a JSON pointer"),
        ("{pointer: /a~2}", "`/a~2` is not a JSON pointer"),
        ("{header: A B}", "`A B` is not the name of a header"),
    ],
)
def test_places_where_no_load_can_stand_are_mistakes(tmp_path: Path, field: str, said: str) -> None:
    text = (
        "zone: a.example\nnameservers: {ns1: [192.0.2.53]}\n"
        f"checks: {{up: {{type: http, load: {field}}}}}\n"
    )
    with pytest.raises(ZoneFileError) as error:
        load_text(tmp_path, text)
    assert [mistake.problem for mistake in error.value.mistakes] == [said]


def test_weights_that_balance_has_no_use_for_are_warned_of_once(tmp_path: Path) -> None:
    services = (
        "    services:\n      a:\n        us: [{address: 192.0.2.1, weight: 2}, 192.0.2.2]\n"
        "        ie: [{address: 192.0.2.1, weight: 2}, 192.0.2.2]\n"
    )
    assert warnings_of(tmp_path, written("", services)) == [
        "a.yaml:9:13: apps.shop.services.a.us: the weights say nothing while `balance` "
        "is `all`; write `balance: round_robin` or `balance: hash` for the app, or remove the "
        "weights"
    ]
    assert warnings_of(tmp_path, written("balance: hash", services)) == []


def test_equal_weights_and_those_of_backups_are_not_warned_of(tmp_path: Path) -> None:
    services = (
        "    services: {a: {us: [{address: 192.0.2.1, weight: 2},"
        " {address: 192.0.2.2, weight: 1, backup: true}]}}\n"
    )
    assert warnings_of(tmp_path, written("", services)) == []


LOST = "    services:\n      a: {us: 192.0.2.1}\n      b: {ie: 192.0.2.2}\n"


def test_a_service_in_no_region_that_clients_are_led_to_is_warned_of(tmp_path: Path) -> None:
    text = written("steering: {policy: failover, order: us}", LOST)
    assert warnings_of(tmp_path, text) == [
        "a.yaml:10:7: apps.shop.services.b: the steering leads clients to regions that the "
        "service is not in: they get no address, save those of `when_all_down`; write its "
        "endpoints there, or `otherwise: nearest` into the steering"
    ]
    with_otherwise = "steering: {policy: failover, order: us, otherwise: nearest}"
    assert warnings_of(tmp_path, written(with_otherwise, LOST)) == []


def test_a_rule_that_leads_some_clients_away_from_a_service_is_warned_of(tmp_path: Path) -> None:
    rules = "steering: {policy: geo, rules: [{match: EU, regions: ie}, {policy: nearest}]}"
    (said,) = warnings_of(tmp_path, written(rules, LOST))
    assert "services.a: the steering leads some clients to regions" in said


def test_a_word_of_a_rule_that_never_matches_is_warned_of(tmp_path: Path) -> None:
    rules = (
        "steering:\n  policy: geo\n  rules:\n    - {match: EU, regions: ie}\n"
        "    - {match: [NA, GB], regions: us}\n    - regions: us\n"
    )
    assert warnings_of(tmp_path, written(rules)) == [
        "a.yaml:11:24: apps.shop.steering.rules.match: GB can never match: the rule at "
        "a.yaml:10:11 takes all of GB before it; write it before that, or remove it"
    ]


def test_the_designs_own_example_of_a_spread_app_loads(tmp_path: Path) -> None:
    text = STEERED.replace("sg: {location: SG}", "sg: {location: SG, bias: -20}") + (
        "    steering: {policy: weighted, weights: {us: 70, sg: 30}}\n"
        "    services:\n"
        "      search:\n"
        "        us: [192.0.2.30]\n"
        "        sg: [{address: 203.0.113.30, weight: 2},"
        " {address: 203.0.113.31, weight: 1, backup: true}]\n"
        "      images:\n"
        "        ie: [images.eu.cdn.example.net.]\n"
    )
    (tmp_path / "a.yaml").write_text(text)
    assert not load(tmp_path).warnings, "images is reached: regions without a weight are the last"


NO_SERVICE_TIME = (
    "a.yaml:{}: apps.shop.steering: `latency_weight` says nothing: no check of the app tells "
    "service times; write a `check` of type http or https, or remove it"
)


def test_service_times_that_no_check_tells_are_warned_of(tmp_path: Path) -> None:
    for check, spot in (("", "7:15"), ("check: {type: tcp, port: 80}\n", "8:15")):
        text = written(f"{check}steering: {{latency_weight: 1}}")
        assert warnings_of(tmp_path, text) == [NO_SERVICE_TIME.format(spot)]


def test_response_times_that_no_check_tells_are_warned_of(tmp_path: Path) -> None:
    assert warnings_of(tmp_path, written("balance: ewma")) == [
        "a.yaml:7:14: apps.shop.balance: the app has no check, so no endpoint is known to be "
        "faster than another; write a `check`, or `balance: round_robin`"
    ]
    assert warnings_of(tmp_path, written("check: {type: tcp, port: 80}\nbalance: ewma")) == []


@pytest.mark.parametrize("balance", [Balance.EWMA, Balance.LEAST_LOAD])
def test_measured_balances_reach_the_model(tmp_path: Path, balance: Balance) -> None:
    app = app_of(tmp_path, written(f"check: http\nbalance: {balance.value}\nanswers: 2"))
    assert (app.balance, app.answers) == (balance, 2)
