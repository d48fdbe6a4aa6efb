"""What `gtm keys` promises: nothing is done before it is safe, and what is next is always said."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gtm.cli import keyroom
from tests.unit.cli.cli_runs import Run, gtm
from tests.unit.cli.cli_samples import GOOD

HOUR = 3600.0
NAME = "gtm.example.com"


class Desk:
    """An operator at a terminal, and the clock on the wall."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.now = 2_000_000_000.0
        self.write("dnssec: {}\n")
        monkeypatch.setattr(keyroom, "time", SimpleNamespace(time=lambda: self.now))
        monkeypatch.setattr(keyroom, "_saved", lambda zone: 0.0)

    def write(self, text: str) -> None:
        (self.folder / "gtm.yaml").write_text(GOOD + text, encoding="utf-8")

    def __call__(self, *words: str) -> Run:
        where = ("--zones", str(self.folder), "--keys", str(self.folder / "keys"))
        return gtm("keys", *words, *where)

    def done(self, *words: str) -> str:
        result = self(*words)
        assert (result.exit_code, result.stderr) == (0, "")
        return result.stdout

    def refused(self, *words: str) -> str:
        result = self(*words)
        assert (result.exit_code, result.stdout) == (1, "")
        return result.stderr

    def state(self) -> dict[str, Any]:
        (zone,) = json.loads(self.done("status", NAME, "--json"))["zones"]
        assert isinstance(zone, dict)
        return zone

    def tags(self) -> list[int]:
        return [key["tag"] for key in self.state()["keys"]]

    def wait(self) -> None:
        """Until what comes next is safe, to the second."""
        safe = self.state()["safe_at"]
        self.now = safe - 1
        assert "it is safe in 1 s, at 2033-" in self.refused("next", NAME)
        self.now = safe

    def secured(self) -> None:
        """A zone with its first keys, and their DS at the parent."""
        self.done("generate", NAME)
        self.wait()
        self.done("next", NAME)
        self.done("ds-seen", NAME)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    return Desk(tmp_path, monkeypatch)


def test_first_keys_wait_until_no_resolver_holds_unsigned_records(desk: Desk) -> None:
    assert "safe in 2 h" in desk.done("generate", NAME)
    assert "--force prints it now" in desk.refused("ds", NAME)
    early = desk.done("ds", NAME, "--force")
    desk.wait()
    assert "give the parent the DS below" in desk.done("next", NAME)
    (line,) = desk.done("ds", NAME).splitlines()
    assert line.startswith(f"{NAME}. 86400 IN DS {desk.tags()[0]} 13 2 ")
    assert early == f"{line}\n"
    assert "nothing is under way" in desk.done("ds-seen", NAME)


def test_a_csk_is_rolled_in_steps(desk: Desk) -> None:
    desk.secured()
    (old,) = desk.tags()
    desk.done("roll", NAME)
    _, new = desk.tags()
    assert f" {old} 13 2 " in desk.done("ds", NAME)
    desk.wait()
    assert "in place of the old one" in desk.done("next", NAME)
    assert f" {new} 13 2 " in desk.done("ds", NAME)
    assert "it is the parent's turn" in desk.refused("next", NAME)
    desk.done("ds-seen", NAME)
    desk.wait()
    desk.done("next", NAME)
    assert desk.tags() == [new]


def test_a_zsk_is_rolled_without_the_parent(desk: Desk) -> None:
    desk.write("dnssec: {split: true}\n")
    desk.secured()
    before = {key["role"]: key["tag"] for key in desk.state()["keys"]}
    ds = desk.done("ds", NAME)
    desk.done("roll", NAME, "--zsk")
    for _ in range(2):
        desk.wait()
        desk.done("next", NAME)
    after = {key["role"]: key["tag"] for key in desk.state()["keys"]}
    assert (after["ksk"] == before["ksk"], after["zsk"] == before["zsk"]) == (True, False)
    assert desk.done("ds", NAME) == ds


def test_an_algorithm_is_rolled_the_conservative_way(desk: Desk) -> None:
    desk.secured()
    assert "its keys are ecdsa-p256 already" in desk.refused("roll", NAME, "--algorithm")
    desk.write("dnssec: {algorithm: ed25519}\n")
    assert "says ed25519 now; add --algorithm" in desk.refused("roll", NAME)
    assert "signs the records, is not published" in desk.done("roll", NAME, "--algorithm")
    desk.wait()
    desk.done("next", NAME)
    desk.wait()
    desk.done("next", NAME)
    desk.done("ds-seen", NAME)
    desk.wait()
    desk.done("next", NAME)
    desk.wait()
    desk.done("next", NAME)
    assert [key["algorithm"] for key in desk.state()["keys"]] == [15]


def test_a_forced_step_says_what_it_breaks(desk: Desk) -> None:
    desk.secured()
    desk.done("roll", NAME)
    result = desk("next", NAME, "--force")
    assert result.exit_code == 0
    assert result.stderr.startswith("warning: resolvers that hold the DNSKEY set from before")


def test_what_nothing_depends_on_is_taken_back(desk: Desk) -> None:
    desk.secured()
    before = desk.tags()
    desk.done("roll", NAME)
    desk.done("cancel", NAME)
    assert desk.tags() == before
    assert "nothing is under way" in desk.refused("cancel", NAME)


def test_going_unsigned_takes_the_ds_away_first(desk: Desk) -> None:
    desk.secured()
    assert "have the parent remove its DS" in desk.done("unsign", NAME)
    assert "going unsigned" in desk.refused("ds", NAME)
    assert " 13 2 " in desk.done("ds", NAME, "--force")
    desk.done("ds-gone", NAME)
    desk.wait()
    assert "take `dnssec` out of the zone file" in desk.done("next", NAME)
    desk.write("")
    assert "its file has no `dnssec`" in desk.done("status", NAME)
    desk.write("dnssec: {}\n")
    desk.done("generate", NAME)


def test_next_without_a_zone_takes_the_steps_that_are_safe(desk: Desk) -> None:
    desk.done("generate", NAME)
    assert desk.done("next") == ""
    desk.now = desk.state()["safe_at"]
    assert desk.done("next") == (
        f"{NAME}: the zone is signed everywhere; the parent may have its DS\n"
    )
    assert desk.done("next") == ""


def test_keys_are_made_once(desk: Desk) -> None:
    desk.done("generate", NAME)
    assert f"it has keys; to change them: gtm keys roll {NAME}" in desk.refused("generate", NAME)


def test_keys_of_a_secret_mount_are_left_to_who_mounts_them(desk: Desk) -> None:
    desk.done("generate", NAME)
    (desk.folder / "keys" / NAME / "keys.json").unlink()
    assert "each is published and signs everything" in desk.done("status", NAME)
    assert "they are changed by adding and removing files" in desk.refused("roll", NAME)
    assert "are files that gtm did not make" in desk.refused("generate", NAME)


def test_a_key_that_can_not_be_used_is_never_replaced_unasked(desk: Desk) -> None:
    folder = desk.folder / "keys" / NAME
    folder.mkdir(parents=True)
    (folder / "key.pem").write_text("not a key")
    (folder / "key.pem").chmod(0o600)
    assert "holds no key: it is not PKCS#8" in desk.refused("generate", NAME)


def test_list_has_a_line_for_each_key(desk: Desk) -> None:
    desk.write("dnssec: {split: true}\n")
    desk.done("generate", NAME)
    ksk, zsk = desk.done("list").splitlines()
    assert " KSK ecdsa-p256 of 2033-05-18, signs the DNSKEY set" in ksk
    assert " ZSK ecdsa-p256 of 2033-05-18, signs the records" in zsk


def test_no_folder_of_keys_says_how_to_name_it(desk: Desk) -> None:
    result = gtm("keys", "status", "--zones", str(desk.folder))
    assert result.exit_code == 1
    assert "name the server's folder with --keys DIR, GTM_KEYS or GTM_STATE" in result.stderr


def test_keys_stand_in_the_state_directory_by_themselves(desk: Desk) -> None:
    state = str(desk.folder / "state")
    result = gtm(
        "keys", "generate", NAME, "--zones", str(desk.folder), environment={"GTM_STATE": state}
    )
    assert result.exit_code == 0
    assert (desk.folder / "state" / "keys" / NAME / "keys.json").is_file()


def test_a_zone_without_dnssec_takes_no_step(desk: Desk) -> None:
    desk.write("")
    desk.done("generate", NAME)
    assert "its zone file has no `dnssec`, so nothing is signed" in desk.refused("next", NAME)


def test_the_delegation_has_the_ds_once_it_is_safe(desk: Desk) -> None:
    where = ("--zones", str(desk.folder), "--keys", str(desk.folder / "keys"))
    assert "; no DS record: there is no key in" in gtm("delegation", NAME, *where).stdout
    desk.done("generate", NAME)
    assert "; no DS record yet: `gtm keys status" in gtm("delegation", NAME, *where).stdout
    desk.wait()
    desk.done("next", NAME)
    text = gtm("delegation", NAME, *where).stdout
    assert f"86400 IN DS   {desk.tags()[0]} 13 2 " in text
    assert "no DS" not in text
    found = json.loads(gtm("delegation", NAME, *where, "--json").stdout)
    assert [one["type"] for one in found["records"]][-2:] == ["DS", "A"]


def test_check_looks_for_keys_where_a_folder_is_named(desk: Desk) -> None:
    zones = str(desk.folder)
    assert ", signed" in gtm("check", zones).stdout
    result = gtm("check", zones, "--keys", str(desk.folder / "keys"))
    assert result.exit_code == 1
    assert "cannot sign gtm.example.com: there is no key in" in result.stdout
    desk.done("generate", NAME)
    assert gtm("check", zones, "--keys", str(desk.folder / "keys")).exit_code == 0
