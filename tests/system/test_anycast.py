"""Anycast prefixes follow a real server, as ExaBGP reads it and as a real BIRD has it.

Needs bird (Debian package bird2) and exabgp (Debian package exabgp).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system.harness import Gtm, needs, serving, until

ANYCAST = Path(__file__).parents[2] / "deploy" / "anycast"
ZONE = """
zone: gtm.example.com
nameservers: {ns1: [127.0.0.1]}
records: {www: {type: A, value: 192.0.2.80}}
"""
QUICK = ["--every", "0.1", "--hold", "0.3", "--timeout", "2"]
# the protocols of the configuration that comes along, and no routers
BIRD = """
log stderr all;
router id 192.0.2.10;
protocol device { }
protocol static gtm4 { disabled; ipv4; route 192.0.2.53/32 blackhole; }
protocol static gtm6 { disabled; ipv6; route 2001:db8::53/128 blackhole; }
"""


@pytest.fixture
def gtm(tmp_path: Path) -> Iterator[Gtm]:
    zones = tmp_path / "zones"
    zones.mkdir()
    (zones / "gtm.yaml").write_text(ZONE, encoding="utf-8")
    with serving(tmp_path, zones) as server:
        yield server


class Announcer:
    """announce.py beside a server; `log` has what it says, standard output first."""

    def __init__(self, gtm: Gtm, folder: Path, *arguments: str) -> None:
        self.log, self.maintenance = folder / "announced", folder / "maintenance"
        words = [sys.executable, str(ANYCAST / "announce.py"), *arguments, *QUICK]
        words += ["--api", f"unix:{gtm.socket}", "--ask", "gtm.example.com"]
        words += ["--server", f"127.0.0.1:{gtm.port}", "--maintenance", str(self.maintenance)]
        with self.log.open("w") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log)

    def words(self) -> list[str]:
        lines = self.log.read_text().splitlines()
        return [line.split()[0] for line in lines if "route 192.0.2.53/32 next-hop self" in line]

    def stop(self) -> None:
        self.process.terminate()
        assert self.process.wait(10) == 0


def test_exabgp_hears_when_to_announce_and_when_to_withdraw(gtm: Gtm, tmp_path: Path) -> None:
    arguments = ["--to", "exabgp", "--prefix", "192.0.2.53/32", "--prefix", "2001:db8::53/128"]
    announcer = Announcer(gtm, tmp_path, *arguments)
    try:
        until("announced", lambda: announcer.words() == ["withdraw", "announce"])
        announcer.maintenance.touch()
        until("withdrawn", lambda: announcer.words()[-1] == "withdraw")
        announcer.maintenance.unlink()
        until("announced again", lambda: announcer.words()[-1] == "announce")
        gtm.stop()
        until("withdrawn without a server", lambda: announcer.words()[-1] == "withdraw")
    finally:
        announcer.stop()
    assert announcer.log.read_text().splitlines()[-1].endswith("withdrawn: told to end")


def test_bird_has_the_routes_while_gtm_answers(gtm: Gtm, tmp_path: Path) -> None:
    bird, birdc = needs("bird", "bird2"), needs("birdc", "bird2")
    control, file = tmp_path / "bird.ctl", tmp_path / "bird.conf"
    file.write_text(BIRD)
    wrapper = tmp_path / "birdc"
    wrapper.write_text(f'#!/bin/sh\nexec {birdc} -s {control} "$@"\n')
    wrapper.chmod(0o755)

    def routes() -> list[str]:
        told = subprocess.run([wrapper, "show", "route"], capture_output=True, text=True).stdout
        return [line.split()[0] for line in told.splitlines() if "blackhole" in line]

    with (tmp_path / "bird.log").open("w") as log:
        words = [bird, "-f", "-c", str(file), "-s", str(control), "-P", str(tmp_path / "bird.pid")]
        running = subprocess.Popen(words, stdout=log, stderr=log)
    arguments = ["--to", "bird", "--prefix", "gtm4", "--prefix", "gtm6", "--birdc", str(wrapper)]
    announcer = None
    try:
        until("BIRD runs", control.exists)
        announcer = Announcer(gtm, tmp_path, *arguments)
        until("both routes", lambda: routes() == ["192.0.2.53/32", "2001:db8::53/128"])
        gtm.stop()
        until("no route", lambda: routes() == [])
    finally:
        if announcer is not None:
            announcer.stop()
        running.terminate()
        running.wait(10)


def test_bird_understands_its_configuration() -> None:
    bird = needs("bird", "bird2")
    done = subprocess.run([bird, "-p", "-c", ANYCAST / "bird.conf"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_exabgp_understands_its_configuration(tmp_path: Path) -> None:
    exabgp = needs("exabgp", "exabgp")
    done = subprocess.run(
        [exabgp, "--test", ANYCAST / "exabgp.conf"], capture_output=True, text=True, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "error" not in (done.stdout + done.stderr).lower()
