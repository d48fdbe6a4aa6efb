"""Which files are read: directories, single files, shared files, mounted ConfigMaps."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from gtm.errors import ZoneFileError
from gtm.zonefile import load
from tests.unit.zonefile.zonefile_writing import HEAD, a_serial, load_text, mistakes_of, warnings_of

SHARED = "regions: {us-east: {location: [39.04, -77.49]}}\nchecks: {web: {type: http}}\n"
USER = """\
zone: {zone}
nameservers: {{ns1: [192.0.2.53]}}
apps: {{a: {{topology: spread, check: web, services: {{x: {{us-east: 192.0.2.1}}}}}}}}
"""


def said_of(path: Path) -> str:
    with pytest.raises(ZoneFileError) as caught:
        load(path)
    (mistake,) = caught.value.mistakes
    return str(mistake)


def test_a_directory_holds_zones_by_name_with_what_they_share(tmp_path: Path) -> None:
    (tmp_path / "shared.yml").write_text(SHARED)
    (tmp_path / "notes.txt").write_text("not a zone")
    (tmp_path / ".hidden.yaml").write_text("zone: [")
    (tmp_path / "2.yaml").write_text(USER.format(zone="a.example"))
    loaded = load_text(tmp_path, USER.format(zone="b.example"), "1.yaml")
    assert [zone.name for zone in loaded.zones] == ["a.example.", "b.example."]
    assert all(set(zone.regions) == {"us-east"} for zone in loaded.zones)
    check = loaded.zones[0].apps[0].check
    assert check is not None and check.name == "web"
    assert loaded.files == tuple(
        str(tmp_path / name) for name in ("1.yaml", "2.yaml", "shared.yml")
    )


def test_one_zone_file_is_loaded_with_the_shared_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "shared.yaml").write_text(SHARED)
    (tmp_path / "a.yaml").write_text(USER.format(zone="a.example"))
    (tmp_path / "broken.yaml").write_text("ttl: [\nzone: b.example\n")
    (tmp_path / "flow.yaml").write_text("{zone: c.example, ttl: x}\n")
    alone = load(tmp_path / "a.yaml", modified=a_serial)
    (tmp_path / "broken.yaml").unlink()
    (tmp_path / "flow.yaml").unlink()
    assert alone.zones == load(tmp_path, modified=a_serial).zones


def test_the_serial_is_when_the_newest_file_was_changed(tmp_path: Path) -> None:
    (tmp_path / "shared.yaml").write_text(SHARED)
    (tmp_path / "a.yaml").write_text(USER.format(zone="a.example") + "records_file: r.zone\n")
    (tmp_path / "r.zone").write_text("www A 192.0.2.1\n")
    times = {"shared.yaml": 10.0, "a.yaml": 5.0, "r.zone": 11.9}
    (zone,) = load(tmp_path, modified=lambda path: times[path.name]).zones
    assert zone.serial == 11
    assert [Path(file).name for file in zone.files] == ["a.yaml", "shared.yaml", "r.zone"]


def test_a_serial_that_is_written_stands(tmp_path: Path) -> None:
    assert load_text(tmp_path, HEAD + "soa: {serial: 7}\n").zones[0].serial == 7


def test_a_mounted_config_map_is_followed_once(tmp_path: Path) -> None:
    data = tmp_path / "..2026_01_01"
    data.mkdir()
    (data / "a.yaml").write_text(HEAD + "records_file: r.zone\n")
    (data / "r.zone").write_text("www A 192.0.2.1\n")
    (tmp_path / "..data").symlink_to(data.name)
    for name in ("a.yaml", "r.zone"):
        (tmp_path / name).symlink_to(f"..data/{name}")
    loaded = load(tmp_path)
    assert len(loaded.zones) == 1
    assert loaded.files == (str(tmp_path / "a.yaml"), str(tmp_path / "r.zone"))


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "there is no such file or directory; " in said_of(tmp_path / "zones")
    assert "there is no such file or directory; " in said_of(tmp_path / "a.yaml")


def test_a_link_to_nothing_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("gone")
    assert "there is no such file" in said_of(tmp_path)


NOT_REGULAR = (
    "this is not a regular file: reading a FIFO, a socket or a device could wait for ever; "
    "write the text into a file, or remove it"
)


def test_a_fifo_is_refused_without_waiting_for_a_writer(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "b.yaml")
    os.mkfifo(tmp_path / "r.zone")
    text = HEAD + "records_file: r.zone\n"
    assert mistakes_of(tmp_path, text) == [f"b.yaml: {NOT_REGULAR}", f"r.zone: {NOT_REGULAR}"]
    assert said_of(tmp_path / "b.yaml") == f"{tmp_path / 'b.yaml'}: {NOT_REGULAR}"
    (tmp_path / "r.zone").unlink()
    (tmp_path / "r.zone").touch()
    assert said_of(tmp_path / "a.yaml") == f"{tmp_path / 'b.yaml'}: {NOT_REGULAR}"


def test_a_device_and_a_socket_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.yaml").symlink_to("/dev/zero")
    assert said_of(tmp_path) == f"{tmp_path / 'a.yaml'}: {NOT_REGULAR}"
    (tmp_path / "a.yaml").unlink()
    monkeypatch.chdir(tmp_path)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("a.yaml")
        assert said_of(tmp_path) == f"{tmp_path / 'a.yaml'}: {NOT_REGULAR}"


def test_a_directory_as_master_file_is_a_mistake(tmp_path: Path) -> None:
    (tmp_path / "r.zone").mkdir()
    (said,) = mistakes_of(tmp_path, HEAD + "records_file: r.zone\n")
    assert said == "r.zone: this is a directory; write the path of a file"


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "r.zone").open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    (said,) = mistakes_of(tmp_path, HEAD + "records_file: r.zone\n")
    assert said == "r.zone: the file is larger than 64 MiB; split the zone"


def test_a_directory_without_zones_is_a_mistake(tmp_path: Path) -> None:
    assert "the directory holds no zone files; write a file" in said_of(tmp_path)
    (tmp_path / "shared.yaml").write_text(SHARED)
    assert "there is no zone here" in said_of(tmp_path)
    assert "there is no zone here" in said_of(tmp_path / "shared.yaml")


def test_a_name_defined_in_two_files_names_both_places(tmp_path: Path) -> None:
    (tmp_path / "shared.yaml").write_text(SHARED)
    (tmp_path / "more.yaml").write_text("checks: {web: {type: https}}\n")
    assert mistakes_of(tmp_path, HEAD) == [
        "a.yaml:4:3: regions.us-east: `us-east` is defined in shared.yaml:1:11 too; "
        "keep one of them, or give one another name",
        "shared.yaml:2:10: checks.web: `web` is defined in more.yaml:1:10 too; "
        "keep one of them, or give one another name",
    ]


def test_a_zone_in_two_files_names_both_places(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(HEAD)
    assert mistakes_of(tmp_path, HEAD) == [
        "b.yaml:1:7: zone: the zone gtm.example.com. is defined at a.yaml:1:7 too; "
        "keep one of them: a zone is one file"
    ]


def test_a_zone_inside_another_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(HEAD.replace("zone: ", "zone: eu."))
    names = [zone.name for zone in load_text(tmp_path, HEAD).zones]
    assert names == ["eu.gtm.example.com.", "gtm.example.com."]


@pytest.mark.parametrize("written", ["/etc/passwd", "../a.zone", "", "x/../../y"])
def test_a_master_file_lies_beside_the_zone_file(tmp_path: Path, written: str) -> None:
    (said,) = mistakes_of(tmp_path, HEAD + f'records_file: "{written}"\n')
    assert "is not beside the zone file" in said


def test_missing_name_servers_are_a_warning(tmp_path: Path) -> None:
    (said,) = warnings_of(tmp_path, "zone: a.example\n")
    assert said.startswith("a.yaml:1:1: zone: no `nameservers` are written")
    assert load(tmp_path).zones[0].nameservers[0].name == "ns1.a.example."


def test_a_region_that_a_replicated_app_can_never_use_is_a_warning(tmp_path: Path) -> None:
    services = "{a: {us-east: 192.0.2.1, eu-west: 192.0.2.2}, b: {us-east: 192.0.2.3%s}}"
    text = HEAD + "apps: {shop: {topology: replicated, services: " + services + "}}\n"
    (said,) = warnings_of(tmp_path, text % "")
    assert "apps.shop.services.b: the service is not in eu-west" in said
    assert warnings_of(tmp_path, text % ", optional: true") == []
