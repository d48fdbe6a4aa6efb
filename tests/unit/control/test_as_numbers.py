"""AS numbers that no database has are said; a broken database leaves the one before in use."""

from __future__ import annotations

import os
from pathlib import Path

from structlog.testing import capture_logs

from gtm.geo import open_databases
from gtm.steering.lacking import lacking
from tests.unit.cli.cli_runs import gtm
from tests.unit.control.test_controller import ZONE, Stage
from tests.unit.geo.geo_files import LONDON, Unsigned, write
from tests.worlds import SAMPLE, read_zones, sample_geo

NAMING = ZONE + "geo: {overrides: {AS64500: {regions: eu}, as64501: {location: GB}}}\n"
NOBODY = "but no geo database with AS numbers is loaded: they match nobody"


def asn_file(path: Path, number: int = 64500) -> Path:
    record = {"autonomous_system_number": Unsigned(number, 32)}
    return write(path, {"192.0.2.0/24": record})


def test_names_without_a_database_are_warned_of_with_the_remedy() -> None:
    (said,) = lacking(read_zones({"a.yaml": NAMING}), sample_geo())
    assert "name AS64500 and AS64501, " + NOBODY in said.problem
    assert said.remedy == "give one with --geoip, such as GeoLite2-ASN.mmdb"


def test_numbers_that_the_databases_lack_are_warned_of(tmp_path: Path) -> None:
    geo = open_databases([asn_file(tmp_path / "asn.mmdb")])
    (said,) = lacking(read_zones({"a.yaml": NAMING}), geo)
    assert "name AS64501, but no network of the geo databases belongs to them" in said.problem
    assert lacking(read_zones({"a.yaml": ZONE}), sample_geo()) == ()


def test_check_knows_if_it_is_told_of_the_databases(tmp_path: Path) -> None:
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones" / "a.yaml").write_text(NAMING, encoding="utf-8")
    zones, asn = str(tmp_path / "zones"), str(asn_file(tmp_path / "asn.mmdb"))
    without = gtm("check", zones, "--geoip", str(SAMPLE))
    assert (without.exit_code, NOBODY in without.stdout) == (0, True)
    some = gtm("check", zones, "--geoip", str(SAMPLE), "--geoip", asn)
    assert "AS64501" in some.stdout and "AS64500" not in some.stdout
    assert "AS64500" not in gtm("check", zones).stdout


def test_geo_why_shows_the_as_and_the_database_that_says_so(tmp_path: Path) -> None:
    asn = str(asn_file(tmp_path / "asn.mmdb"))
    text = gtm("geo", "why", "192.0.2.1", "--geoip", str(SAMPLE), "--geoip", asn).stdout
    assert "announced by AS64500, by 192.0.2.0/24 in" in " ".join(text.split())


def test_explain_shows_the_as_and_the_override_that_names_regions(tmp_path: Path) -> None:
    asn = str(asn_file(tmp_path / "asn.mmdb"))
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones" / "a.yaml").write_text(NAMING, encoding="utf-8")
    words = ("explain", "orders.gtm.example.com", "--client", "192.0.2.1")
    files = ("--zones", str(tmp_path / "zones"), "--geoip", str(SAMPLE), "--geoip", asn)
    text = " ".join(gtm(*words, *files).stdout.split())
    assert "eu: by the zone's override for AS64500 (the first that is up of eu" in text
    assert "AS AS64500, by 192.0.2.0/24 in asn.mmdb" in text


async def test_the_log_says_it_at_load_and_a_broken_file_keeps_the_one_before(
    tmp_path: Path,
) -> None:
    stage = Stage(tmp_path)
    stage.write(NAMING)
    asn = asn_file(tmp_path / "asn.mmdb")
    reader = stage.controller.reader
    reader.sources = type(reader.sources)(stage.zones, (SAMPLE, asn))
    with capture_logs() as logs:
        await stage.controller.start()
    assert any("AS64501" in str(line.get("at")) for line in logs)
    before = stage.controller.compiled.geo
    asn.write_bytes(b"broken")
    os.utime(asn, ns=(1, 1))
    await stage.controller.loader.load()
    assert stage.controller.compiled.geo is before
    assert "asn.mmdb" in (stage.controller.reader.geo_error or "")
    write(asn, {"192.0.2.0/24": LONDON, "198.51.100.0/24": {"asn": "AS64501"}})
    await stage.controller.loader.load()
    assert [each.number for each in stage.controller.compiled.geo.systems.numbers] == [64501]
