"""Draining and forcing a real server: what dig gets, what survives, what is refused."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.edns
import pytest

from tests.system.conftest import AP, EU, US, World
from tests.system.harness import PATIENCE, Gtm, needs, until

LONDON = dns.edns.ECSOption("198.51.100.0", 26)
WHY = ("--reason", "kernel update", "--by", "alice")
SHOP_EU = 'gtm_region_up{app="shop",region="eu-west",zone="gtm.example.com."}'


@contextmanager
def kept_server(folder: Path, zones: Path) -> Iterator[Gtm]:
    """A server with a state directory beside the zones."""
    server = Gtm(folder, zones, "--state", str(folder / "state"))
    try:
        yield server.wait()
    finally:
        if server.process.poll() is None:
            server.process.kill()
            server.process.wait(PATIENCE)


@pytest.fixture
def kept(world: World, tmp_path: Path) -> Iterator[Gtm]:
    world.gtm.stop()
    with kept_server(tmp_path, world.zones) as server:
        yield server


def london(gtm: Gtm) -> str:
    return gtm.address("orders.gtm.example.com", options=[LONDON])


def dig(gtm: Gtm) -> str:
    command = [needs("dig", "bind9-dnsutils"), "@127.0.0.1", "-p", str(gtm.port), "+short"]
    found = subprocess.run(
        [*command, "+subnet=198.51.100.0/26", "orders.gtm.example.com"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    return found.stdout.strip()


def done(gtm: Gtm, *words: str) -> str:
    """What a command prints that goes well."""
    run = gtm.command(*words)
    assert run.returncode == 0, run.stderr
    return run.stdout


def listed(gtm: Gtm) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(done(gtm, "overrides", "--json"))["overrides"]
    return found


def of(gtm: Gtm, event: str) -> list[dict[str, Any]]:
    return [record for record in gtm.records() if record["event"] == event]


def test_a_drained_region_is_left_survives_a_restart_and_comes_back(
    kept: Gtm, world: World, tmp_path: Path
) -> None:
    assert dig(kept) == EU
    said = done(kept, "drain", "region/eu-west", "--for", "2h", *WHY)
    assert said.startswith("region/eu-west is drained by alice until ")
    assert "shop in eu-west up → drained" in said
    assert said.count("\n") == 1
    assert dig(kept) == US
    assert kept.metric(SHOP_EU) == 0
    assert kept.metric('gtm_overrides{act="drain"}') == 1
    (one,) = listed(kept)
    assert (one["author"], one["reason"], one["act"]) == ("alice", "kernel update", "drain")
    assert {(change["app"], change["service"]) for change in one["changes"]} == {
        ("shop", ""),
        ("media", "images.gtm.example.com"),
    }
    shown = done(kept, "status")
    assert "drained by alice until" in shown
    assert "⏏ drained" in shown
    kept.process.kill()
    kept.process.wait(PATIENCE)
    with kept_server(tmp_path, world.zones) as again:
        assert dig(again) == US, "from the first answer on"
        assert [record["target"] for record in of(again, "override_in_force")] == ["region/eu-west"]
        said = done(again, "undrain", "region/eu-west", "--by", "bob")
        assert said.startswith("region/eu-west is no longer drained by alice")
        assert dig(again) == EU
        assert listed(again) == []
        (removed,) = of(again, "override_removed")
        assert (removed["removed_by"], removed["by"]) == ("bob", "alice")


def test_the_last_region_is_refused_unless_it_is_forced(kept: Gtm) -> None:
    done(kept, "drain", "app/shop/us-east", *WHY)
    done(kept, "drain", "app/shop/ap-south", *WHY)
    refused = kept.command("drain", "app/shop/eu-west", *WHY)
    assert refused.returncode == 3
    assert "cannot drain app/shop/eu-west: app shop in gtm.example.com would be left with no " in (
        refused.stderr
    )
    assert london(kept) == EU
    assert len(listed(kept)) == 2
    forced = done(kept, "drain", "app/shop/eu-west", "--force", *WHY)
    assert "forced, although app shop" in forced
    assert len(listed(kept)) == 3
    assert [record["forced"] for record in of(kept, "override_added")] == [False, False, True]


def test_an_end_brings_a_region_back(kept: Gtm) -> None:
    done(kept, "drain", "region/eu-west", "--for", "1s", *WHY)
    assert london(kept) == US
    until("eu-west is back", lambda: london(kept) == EU)
    assert listed(kept) == []
    assert len(of(kept, "override_expired")) == 1
    saved = kept.log.parent / "state" / "overrides.json"
    until("it is gone from the disk", lambda: json.loads(saved.read_text())["overrides"] == [])


def test_forced_up_beats_dead_backends_and_a_newer_word_replaces_an_older(
    kept: Gtm, world: World
) -> None:
    world.backends[EU].kill()
    until("clients of eu-west moved", lambda: london(kept) == US)
    done(kept, "force", "up", "region/eu-west", "--for", "5m", *WHY)
    assert london(kept) == EU
    assert kept.metric(SHOP_EU) == 1
    assert "✓ up (forced)" in done(kept, "status")
    said = done(kept, "force", "down", "region/eu-west", *WHY, "--json")
    assert json.loads(said)["replaced"]["act"] == "up"
    assert london(kept) == US
    assert [one["act"] for one in listed(kept)] == ["down"]
    done(kept, "undrain", "2")
    assert listed(kept) == []


def test_a_damaged_file_is_set_aside_and_said_everywhere(
    kept: Gtm, world: World, tmp_path: Path
) -> None:
    done(kept, "drain", "region/eu-west", *WHY)
    kept.stop()
    saved = tmp_path / "state" / "overrides.json"
    saved.write_bytes(saved.read_bytes()[:-30])
    with kept_server(tmp_path, world.zones) as again:
        assert london(again) == US, "the good copy holds"
        assert again.events("error") == ["overrides_damaged"]
        assert again.metric("gtm_overrides_ok") == 0
        assert "was damaged" in done(again, "status")
        assert list(saved.parent.glob("overrides.json.damaged-*"))


def test_what_can_not_be_done_is_said_in_a_sentence(kept: Gtm) -> None:
    unknown = kept.command("drain", "region/eu-wset", *WHY)
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)
    assert "did you mean region/eu-west?" in unknown.stderr
    assert kept.command("drain", "eu-west", *WHY).returncode == 2
    assert kept.command("drain", "region/eu-west", "--for", "soon", *WHY).returncode == 2
    assert kept.command("drain", "region/eu-west", "--reason", " ", "--by", "a").returncode == 2
    missing = kept.command("undrain", "region/eu-west")
    assert missing.returncode == 2
    assert "there is no override of that target or number; none is in force" in missing.stderr
    assert kept.get("/v1/overrides?number=7", "DELETE")[0] == 404
    assert kept.get("/v1/overrides", "DELETE")[0] == 400
    assert kept.get("/v1/overrides", "POST")[0] == 400
    assert listed(kept) == []
    assert "override_added" not in kept.events()


def test_without_a_state_directory_it_works_and_says_what_is_missing(world: World) -> None:
    drained = world.gtm.command("drain", "region/eu-west", *WHY)
    assert drained.returncode == 0
    assert "serve with --state DIR" in drained.stderr
    assert london(world.gtm) == US
    assert world.gtm.events("warning").count("overrides_not_kept") == 1
    world.gtm.stop()
    refused = world.gtm.command("drain", "region/eu-west", *WHY)
    assert refused.returncode == 3
    assert "cannot reach gtm" in refused.stderr


def test_a_word_holds_over_a_reload_and_for_what_comes_with_it(kept: Gtm, world: World) -> None:
    done(kept, "drain", "region/eu-west", *WHY)
    world.write(world.text.replace("eu-west: [127.0.0.12]", f"eu-west: [{AP}]"))
    until("the new file is served", lambda: kept.status()["epoch"] > 2)
    assert london(kept) == US
    done(kept, "undrain", "region/eu-west")
    until("eu-west is back", lambda: london(kept) == AP)
