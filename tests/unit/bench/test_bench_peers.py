"""What the peers are told, and that all are told the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bench.main import choose_comparisons, choose_peers, main
from bench.peers import gdnsd, gtm
from bench.peers.base import Setup
from bench.workload import WORKLOADS, service_address, service_key
from bench.world import world

WORKLOAD = replace(WORKLOADS["udp"], services=3, networks=100)
WORLD = world(100)


def test_gtm_gets_one_spread_app_without_a_check_and_every_service_in_every_region() -> None:
    zone = yaml.safe_load(gtm.zone_file(WORKLOAD, WORLD))
    app = zone["apps"]["bench"]
    assert app["topology"] == "spread"
    assert "check" not in app
    assert list(zone["regions"]) == [region.name for region in WORLD.regions]
    assert set(app["services"]) == {service_key(service) for service in range(3)}
    assert app["services"][service_key(2)]["us-west"] == [str(service_address(2, 1))]


def test_gtm_is_served_on_loopback_with_the_database_and_the_chosen_plane(tmp_path: Path) -> None:
    setup = Setup(WORKLOAD, WORLD, Path("/data/world.mmdb"), tmp_path, 5301)
    command = " ".join(gtm.Gtm("native").prepare(setup).command)
    assert "--listen 127.0.0.1:5301" in command
    assert "--geoip /data/world.mmdb" in command
    assert "--plane native" in command


def test_gdnsd_gets_the_same_regions_and_addresses(tmp_path: Path) -> None:
    setup = Setup(WORKLOAD, WORLD, Path("/data/world.mmdb"), tmp_path, 5302)
    text = gdnsd.configuration(setup)
    for index, region in enumerate(WORLD.regions):
        assert f"{region.name} => [ {region.latitude}, {region.longitude} ]" in text
        for service in range(3):
            assert f"{region.name} => {service_address(service, index)}" in text
    records = gdnsd.zone_file(WORKLOAD)
    assert all(f"{service_key(service)} 30 DYNA" in records for service in range(3))


def test_no_address_serves_twice() -> None:
    pairs = [service_address(service, region) for service in range(100) for region in range(8)]
    assert len(set(pairs)) == len(pairs)


def test_peers_and_workloads_are_chosen_by_name_in_order() -> None:
    assert [peer.name for peer in choose_peers("echo, gtm")] == ["echo", "gtm"]
    assert [row.name for row in choose_comparisons(["udp-ecs", "udp"])] == ["udp-ecs", "udp"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--peers", "bind"], "cannot find peer 'bind'"),
        (["--workload", "smoke"], "cannot find workload 'smoke'"),
        (["--seconds", "3600", "--peers", "echo"], "at most 60 s"),
        (["--runs", "0", "--peers", "echo"], "cannot measure 0 runs"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_the_reason(
    arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert why in capsys.readouterr().err
