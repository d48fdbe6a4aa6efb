"""The data that gtm ships."""

from ipaddress import ip_address, ip_network

import pytest

from gtm.geo import bundled
from gtm.geo.database import Geo, open_databases
from gtm.geo.networks import UNKNOWN
from tests.unit.geo.geo_files import ROOT

# isort: split
from sample import sample_bytes

DOCUMENTATION = [
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "198.18.0.0/15",
    "2001:db8::/32",
]


@pytest.fixture(scope="module")
def geo() -> Geo:
    return open_databases(bundled())


@pytest.fixture(scope="module")
def world() -> Geo:
    return open_databases(bundled()[1:])


def test_the_sample_database_is_what_its_script_builds_from_the_table() -> None:
    assert bundled()[0].read_bytes() == sample_bytes()


def test_the_bundled_files_are_those_of_data() -> None:
    assert [path.name for path in bundled()] == ["sample.mmdb", "world-country.mmdb"]
    assert all(path.samefile(ROOT / "data" / path.name) for path in bundled())


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("81.2.69.142", "EU-GB"),
        ("8.8.8.8", "NA-US"),
        ("2001:4860:4860::8888", "NA-US"),
        ("133.11.0.1", "AS-JP"),
        ("193.0.6.139", "EU-NL"),
        ("2001:67c:2e8:22::c100:68b", "EU-NL"),
        ("200.160.2.3", "SA-BR"),
        ("196.216.2.6", "AF-MU"),
    ],
)
def test_well_known_addresses_are_in_their_countries(geo: Geo, address: str, code: str) -> None:
    location = geo.find(ip_address(address)).location
    assert location is not None
    assert location.code() == code


@pytest.mark.parametrize("text", DOCUMENTATION)
def test_the_world_leaves_documentation_networks_to_the_sample(world: Geo, text: str) -> None:
    network = ip_network(text)
    ranges = world.v4 if network.version == 4 else world.v6
    value, first, last = ranges.find(int(network.network_address))
    assert value == UNKNOWN
    assert first <= int(network.network_address)
    assert last >= int(network.broadcast_address)


@pytest.mark.parametrize(
    "text", ["10.0.0.0/8", "127.0.0.0/8", "192.168.0.0/16", "fc00::/7", "::1/128"]
)
def test_private_addresses_are_nowhere(geo: Geo, text: str) -> None:
    assert geo.find(ip_network(text).network_address).location is None


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("192.0.2.1", "NA-US-VA"),
        ("198.51.100.1", "EU-GB-ENG"),
        ("198.51.100.17", "EU-GB-SCT"),
        ("198.51.100.70", "EU-IE-L"),
        ("203.0.113.1", "AS-SG"),
        ("2001:db8:2000::1", "EU-IE-L"),
    ],
)
def test_the_sample_has_cities_on_documentation_networks(geo: Geo, address: str, code: str) -> None:
    location = geo.find(ip_address(address)).location
    assert location is not None
    assert location.code() == code


def test_the_sample_covers_nothing_but_documentation_networks() -> None:
    sample = open_databases(bundled()[:1])
    allowed = [ip_network(text) for text in DOCUMENTATION]
    for version, ranges in ((4, sample.v4), (6, sample.v6)):
        for first, last, value in ranges:
            inside = any(
                network.version == version
                and int(network.network_address) <= first
                and last <= int(network.broadcast_address)
                for network in allowed
            )
            assert inside or value == UNKNOWN


def test_the_shipped_world_is_small() -> None:
    assert bundled()[1].stat().st_size < 6_000_000
