"""What is said of networks and AS numbers: overrides, and settings that services have."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from gtm.model import AsNumber, Balance, GeoOverride, MinUp, Policy
from gtm.zonefile.clients import clients_of
from gtm.zonefile.findings import Wrong
from tests.unit.zonefile.zonefile_writing import STEERED, mistakes_of, warnings_of, zone_of

SERVED = STEERED + "    services: {a: {us: 192.0.2.1, ie: 192.0.2.2}}\n"


@pytest.mark.parametrize("text", ["AS64500", "as64500", "aS0064500"])
def test_an_as_number_may_be_written_in_either_case_and_with_zeros(text: str) -> None:
    assert clients_of(text) == AsNumber(64500)


@pytest.mark.parametrize("number", [1, 64496, 64512, 65534, 65551, 4200000000, 4294967294])
def test_private_and_documentation_numbers_are_numbers(number: int) -> None:
    assert clients_of(f"AS{number}") == AsNumber(number)


@pytest.mark.parametrize(
    ("text", "problem", "remedy"),
    [
        ("AS0", "AS0 stands for networks that nobody may announce", "write the number"),
        ("AS23456", "AS23456 stands in for numbers above 65535", "write the number"),
        ("AS65535", "AS65535 is reserved", "write the number"),
        ("AS4294967295", "AS4294967295 is reserved", "write the number"),
        ("AS4294967296", "they end at 4294967294", "write one such as `AS64500`"),
        ("AS1.10", "is not written as AS numbers are here", "write `AS65546`"),
        ("ASN64500", "is not written as AS numbers are here", "write `AS64500`"),
        ("AS 64500", "is not written as AS numbers are here", "write `AS64500`"),
        ("64500", "is neither a network nor an AS number", "or `AS64500`"),
        ("GB", "is neither a network nor an AS number", "write one such as"),
    ],
)
def test_what_is_no_as_number_is_refused_with_a_remedy(
    text: str, problem: str, remedy: str
) -> None:
    with pytest.raises(Wrong) as wrong:
        clients_of(text)
    assert problem in wrong.value.problem
    assert remedy in wrong.value.remedy


# --- overrides --------------------------------------------------------------------------


def overrides(text: str) -> str:
    return f"{SERVED}geo:\n  overrides:\n    {text}\n"


def test_overrides_name_places_regions_or_both(tmp_path: Path) -> None:
    text = overrides("AS64500: {regions: [ie, us]}\n    192.0.2.0/24: {location: GB, regions: us}")
    one, two = zone_of(tmp_path, text).overrides
    assert one == GeoOverride(AsNumber(64500), None, ("ie", "us"))
    assert (two.clients, two.regions) == (ip_network("192.0.2.0/24"), ("us",))
    assert two.location is not None and two.location.country == "GB"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "AS64500: {location: GB}\n    as64500: {regions: us}",
            "11:5: geo.overrides.as64500: AS64500 has an override at a.yaml:10:5 too, "
            "written `AS64500`; make one of them",
        ),
        (
            "2001:db8::/32: {location: GB}\n    2001:0db8::/32: {location: FR}",
            "11:5: geo.overrides.2001:0db8::/32: 2001:db8::/32 has an override at a.yaml:10:5 too, "
            "written `2001:db8::/32`; make one of them",
        ),
        (
            "192.0.2.0/24: {location: GB}\n    192.0.2.0/24: {location: FR}",
            "11:5: geo.overrides.192.0.2.0/24: the key is written twice, first at a.yaml:10:5; "
            "keep one of them",
        ),
        (
            "AS64500: {}",
            "10:14: geo.overrides.AS64500: the override says nothing; "
            "write `location:` or `regions:`",
        ),
        (
            "AS64500: {regions: [eu, us]}",
            "10:25: geo.overrides.AS64500.regions: there is no region `eu`; "
            "write one of: us, ie, sg",
        ),
        (
            "AS64500: {regions: [us, us]}",
            "10:29: geo.overrides.AS64500.regions: `us` is written twice; keep one of them",
        ),
        (
            "AS64500: {regions: []}",
            "10:24: geo.overrides.AS64500.regions: `regions` names no region; "
            "write `[first, second]`",
        ),
        (
            "AS64500: {region: us}",
            "10:15: geo.overrides.AS64500.region: `region` is not a known key; write `regions`",
        ),
    ],
)
def test_a_mistake_in_overrides_gives_one_message(tmp_path: Path, text: str, said: str) -> None:
    assert mistakes_of(tmp_path, overrides(text)) == [f"a.yaml:{said}"]


def test_regions_without_a_service_are_warned_of(tmp_path: Path) -> None:
    assert warnings_of(tmp_path, overrides("AS64500: {regions: sg}")) == [
        "a.yaml:10:24: geo.overrides.AS64500.regions: no service is in sg: "
        "the override leads nobody there; write regions of services: us, ie"
    ]


# --- otherwise --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("steering", "idle"),
    [
        ("{policy: failover, order: [us], otherwise: {policy: failover, order: [us]}}", True),
        ("{policy: nearest, otherwise: nearest}", True),
        ("{policy: nearest, fence: EU, otherwise: {policy: failover, order: [ie]}}", True),
        ("{policy: nearest, fence: EU, otherwise: nearest}", False),
        ("{policy: failover, order: [us], otherwise: {policy: failover, order: [us, ie]}}", False),
        ("{policy: geo, rules: [{match: EU, regions: ie}, {regions: us}], otherwise: nearest}", 0),
        (
            "{policy: geo, rules: [{match: EU, regions: [ie, us]}, {regions: [us, ie]}], "
            "otherwise: nearest}",
            True,
        ),
    ],
)
def test_an_otherwise_that_leads_in_a_circle_is_warned_of(
    tmp_path: Path, steering: str, idle: bool
) -> None:
    services = "    services: {a: {us: 192.0.2.1, ie: 192.0.2.2}}\n"
    said = warnings_of(tmp_path, f"{STEERED}    steering: {steering}\n{services}")
    assert len(said) == int(idle)
    assert all("`otherwise` leads only to regions that are tried before it" in one for one in said)


# --- settings of services ---------------------------------------------------------------


def service(settings: str, topology: str = "spread") -> str:
    return (
        STEERED.replace("spread", topology)
        + "    min_up: 1\n    answers: 2\n    services:\n"
        + f"      a: {{us: 192.0.2.1, ie: [192.0.2.2, 192.0.2.3], {settings}}}\n"
    )


def test_a_services_settings_stand_in_place_of_its_apps(tmp_path: Path) -> None:
    own = "steering: {policy: failover, order: [ie]}, min_up: 50%, balance: hash, ttl: 5m"
    (app,) = zone_of(tmp_path, service(own)).apps
    (found,) = app.services
    settled = app.settled_for(found)
    assert (settled.steering.policy, settled.min_up) == (Policy.FAILOVER, MinUp(50, percent=True))
    assert (settled.balance, settled.answers, found.ttl) == (Balance.HASH, 2, 300)
    assert list(found.endpoints) == ["us", "ie"]


def test_without_settings_the_app_holds(tmp_path: Path) -> None:
    (app,) = zone_of(tmp_path, SERVED).apps
    assert app.settled_for(app.services[0]) is app


def test_a_block_is_one_decision(tmp_path: Path) -> None:
    steering, ttl = mistakes_of(tmp_path, service("steering: sticky, ttl: 30", "replicated"))
    assert "steering: a service of a replicated app has no `steering` of its own" in steering
    assert "ttl: a service of a replicated app has no `ttl` of its own" in ttl
    assert all("put the service into an app of its own" in one for one in (steering, ttl))
    for allowed in ("check: http", "min_up: 1", "answers: 1", "balance: hash"):
        assert mistakes_of(tmp_path, service(allowed, "replicated")) == []


def test_a_region_can_have_the_name_of_no_setting(tmp_path: Path) -> None:
    text = "zone: a.example\nnameservers: {ns1: [192.0.2.53]}\nregions: {ttl: {location: IE}}\n"
    (said,) = mistakes_of(tmp_path, text)
    assert "a region can't be called `ttl`: it is an option of services" in said
