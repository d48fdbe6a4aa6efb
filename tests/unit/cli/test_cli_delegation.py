"""What `gtm delegation` promises: records that a parent zone can take as they are printed."""

from __future__ import annotations

import json
from pathlib import Path

import dns.rdatatype
import dns.zone
import pytest

from tests.unit.cli.cli_runs import gtm
from tests.unit.cli.cli_samples import GOOD

SERVERS = 'nameservers: {ns1: [192.0.2.53, "2001:db8::53"], ns2.example.net.: []}'


@pytest.fixture
def zones(tmp_path: Path) -> str:
    text = GOOD.replace("nameservers: {ns1: [192.0.2.53]}", SERVERS)
    (tmp_path / "gtm.yaml").write_text(text, encoding="utf-8")
    return str(tmp_path)


def test_what_is_printed_is_read_as_a_piece_of_the_parent_zone(zones: str) -> None:
    result = gtm("delegation", "gtm.example.com", "--zones", zones)
    assert (result.exit_code, result.stderr) == (0, "")
    parent = dns.zone.from_text(
        result.stdout, origin="example.com.", relativize=False, check_origin=False
    )
    found = {
        (name.to_text(), dns.rdatatype.to_text(rdata.rdtype), rdata.to_text())
        for name, _, rdata in parent.iterate_rdatas()
    }
    assert found == {
        ("gtm.example.com.", "NS", "ns1.gtm.example.com."),
        ("gtm.example.com.", "NS", "ns2.example.net."),
        ("ns1.gtm.example.com.", "A", "192.0.2.53"),
        ("ns1.gtm.example.com.", "AAAA", "2001:db8::53"),
    }


def test_it_says_that_there_is_no_ds_and_how_to_check(zones: str) -> None:
    text = gtm("delegation", "GTM.example.com.", "--zones", zones).stdout
    assert "; no DS record: the zone is not signed" in text
    assert ";   dig +norecurse SOA gtm.example.com @192.0.2.53" in text
    assert ";   dig +norecurse SOA gtm.example.com @ns2.example.net" in text


def test_one_name_server_alone_is_a_warning_beside_the_records(tmp_path: Path) -> None:
    (tmp_path / "gtm.yaml").write_text(GOOD, encoding="utf-8")
    result = gtm("delegation", "gtm.example.com", "--zones", str(tmp_path))
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: gtm.example.com has one name server")
    assert "warning" not in result.stdout


def test_two_names_of_one_address_are_a_warning(tmp_path: Path) -> None:
    text = GOOD.replace("{ns1: [192.0.2.53]}", "{ns1: [192.0.2.53], ns2: [192.0.2.53]}")
    (tmp_path / "gtm.yaml").write_text(text, encoding="utf-8")
    result = gtm("delegation", "gtm.example.com", "--zones", str(tmp_path))
    assert "192.0.2.53 is the address of several name servers" in result.stderr


def test_json_has_records_and_lines(zones: str) -> None:
    found = json.loads(gtm("delegation", "gtm.example.com", "--zones", zones, "--json").stdout)
    assert found["records"][0] == {
        "name": "gtm.example.com.", "ttl": 3600, "type": "NS", "value": "ns1.gtm.example.com."
    }  # fmt: skip
    assert len(found["lines"]) == len(found["records"]) == 4
    assert found["warnings"] == []


def test_a_zone_that_is_not_there_ends_with_2_and_the_nearest(zones: str) -> None:
    result = gtm("delegation", "gtm.exmple.com", "--zones", zones)
    assert result.exit_code == 2
    assert "no such zone; did you mean `gtm.example.com`?" in result.stderr
