"""What is compared with what, and what counts as a right answer."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import dns.message
import dns.name
import dns.zone
import pytest
import yaml

from bench.agreement import nearest_region, right_answers
from bench.comparisons import comparisons
from bench.peers import PEERS, gtm
from bench.questions import message, questions
from bench.workload import WORKLOADS, Steering, host_address, service_address
from bench.world import world

WORLD = world(2_000)
PEERS_LIST = list(PEERS.values())
HOSTS = replace(WORKLOADS["udp"], services=10, hosts=5, networks=2_000)


def test_an_echo_is_left_out_where_it_cannot_run() -> None:
    rows = comparisons()
    assert "echo" in [each.label for each in rows["udp"].contenders(PEERS_LIST)]
    assert "echo" not in [each.label for each in rows["tcp"].contenders(PEERS_LIST)]


@pytest.mark.parametrize("name", ["names", "policies", "signed", "workers"])
def test_labels_are_unique_and_bases_come_among_them(name: str) -> None:
    row = comparisons()[name]
    labels = [each.label for each in row.contenders(PEERS_LIST)]
    assert len(set(labels)) == len(labels)
    assert set(row.bases) <= set(labels)


def test_hosts_of_the_master_file_are_asked_for_instead_of_services(tmp_path: Path) -> None:
    origin = dns.name.from_text("gtm.example.com")
    zone = dns.zone.from_text(
        "@ 60 SOA ns1 hostmaster 1 2 3 4 5\n@ 60 NS ns1\n" + gtm.hosts(HOSTS),
        origin=origin,
    )
    for question in questions(HOSTS, WORLD, 5):
        asked = dns.message.from_wire(message(question, HOSTS)).question[0]
        (rdata,) = zone.find_rdataset(asked.name.relativize(origin), "A")
        assert {rdata.address} == right_answers(question, HOSTS, WORLD)
    assert yaml.safe_load(gtm.zone_file(HOSTS, WORLD))["records_file"] == gtm.HOSTS


def test_hosts_and_services_have_different_addresses() -> None:
    assert host_address(0) > service_address(999_999, 7)


def test_the_nearest_region_is_right_alone_unless_a_share_decides() -> None:
    plain = replace(WORKLOADS["udp-ecs"], services=10, networks=2_000)
    question = next(questions(plain, WORLD, 1))
    nearest = nearest_region(question, WORLD)
    assert right_answers(question, plain, WORLD) == {
        str(service_address(question.service, nearest))
    }
    for steering in (Steering.WEIGHTED, Steering.STICKY, Steering.SPILLED):
        assert len(right_answers(question, replace(plain, steering=steering), WORLD)) == 8


def test_policies_are_written_as_operators_write_them() -> None:
    for steering in (Steering.WEIGHTED, Steering.STICKY):
        zone = yaml.safe_load(gtm.zone_file(replace(HOSTS, steering=steering), WORLD))
        assert zone["apps"]["bench"]["steering"]["policy"] == steering.value
    spilled = yaml.safe_load(gtm.zone_file(replace(HOSTS, steering=Steering.SPILLED), WORLD))
    assert all("capacity" in region for region in spilled["regions"].values())
    assert spilled["apps"]["bench"]["steering"] == "nearest"


def test_the_world_of_a_run_is_the_same_as_ever() -> None:
    """Results of different days can only be compared if it is."""
    rows = "".join(f"{row.start} {row.length} {row.place}\n" for row in WORLD.networks)
    assert zlib.crc32(rows.encode()) == CHECKSUM


CHECKSUM = 4_030_686_700
