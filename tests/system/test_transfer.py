"""Knot and NSD as secondaries by AXFR, TSIG and NOTIFY; kdig and nsupdate ask too; kill -9.

Debian: apt-get install knot nsd knot-dnsutils bind9-dnsutils.
"""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from tests.system.harness import PATIENCE, Backend, Gtm, free_port, needs, until
from tests.system.secondaries import said, says, secondary, serial

SECRET = base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
KEY = f"hmac-sha256:second:{SECRET}"
ACME = f"hmac-sha256:acme:{SECRET}"

ZONE = """
zone: gtm.example.com
nameservers: {{ns1: [127.0.0.1]}}
tsig:
  second: {{secret_file: {secret}}}
  acme: {{secret_file: {secret}}}
transfer:
  to: [{{key: second}}]
  notify: [{{address: "127.0.0.1:{secondary}", key: second}}]
updates:
  acme: {{names: ["_acme-challenge", "_acme-challenge.*"]}}
regions: {{us: {{location: US}}, eu: {{location: IE}}}}
checks: {{web: {{type: http, port: {web}, interval: 200ms, timeout: 150ms, rise: 2, fall: 2}}}}
apps:
  shop:
    topology: replicated
    check: web
    ramp: 0s
    steering: {{policy: failover, order: [us, eu]}}
    services:
      orders: {{us: [127.0.0.11], eu: [127.0.0.12]}}
records:
  note: {{type: TXT, value: FIRST}}
"""


@dataclass
class Primary:
    """A server whose zone may be copied, and where its secondary is told of changes."""

    folder: Path
    plane: str
    secondary: int
    text: str
    gtm: Gtm
    backends: list[Backend]

    def write(self, text: str) -> None:
        beside = self.folder / "zones" / ".gtm.yaml.swp"
        beside.write_text(text, encoding="utf-8")
        beside.replace(self.folder / "zones" / "gtm.yaml")

    def begin(self) -> None:
        state = str(self.folder / "state")
        self.gtm = Gtm(
            self.folder, self.folder / "zones", "--state", state, "--plane", self.plane
        ).wait()

    def update(self, *lines: str, key: str = ACME) -> subprocess.CompletedProcess[str]:
        head = [f"server 127.0.0.1 {self.gtm.port}", "zone gtm.example.com"]
        script = "\n".join([*head, *lines, "send", "answer", ""])
        command = [needs("nsupdate", "bind9-dnsutils"), "-y", key]
        return subprocess.run(
            command, input=script, capture_output=True, text=True, timeout=60, check=False
        )

    def copied(self, *options: str) -> str:
        command = [needs("kdig", "knot-dnsutils"), "@127.0.0.1", "-p", str(self.gtm.port)]
        command += [*options, "AXFR", "gtm.example.com"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout + done.stderr


@pytest.fixture(params=["python", "native"])
def primary(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Primary]:
    web, secondary = free_port(), free_port()
    backends = [Backend(address, web) for address in ("127.0.0.11", "127.0.0.12")]
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    (tmp_path / "zones").mkdir()
    text = ZONE.format(secret=secret, secondary=secondary, web=web)
    (tmp_path / "zones" / "gtm.yaml").write_text(text)
    state = str(tmp_path / "state")
    gtm = Gtm(tmp_path, tmp_path / "zones", "--state", state, "--plane", request.param)
    made = Primary(tmp_path, request.param, secondary, text, gtm.wait(), backends)
    try:
        yield made
    finally:
        made.gtm.stop()
        for backend in backends:
            backend.kill()


@pytest.fixture(params=["knot", "nsd"])
def copying(request: pytest.FixtureRequest, primary: Primary, tmp_path: Path) -> Iterator[int]:
    """A secondary of the primary; gives its port."""
    port, gtm = primary.secondary, primary.gtm.port
    folder = tmp_path / "secondary"
    has_it = partial(says, port, "note", "TXT", '"FIRST"')
    with secondary(request.param, folder, port, gtm, SECRET, has_it):
        yield port


def test_a_secondary_has_what_is_saved_what_is_updated_and_what_verdicts_change(
    primary: Primary, copying: int
) -> None:
    assert said(copying, "orders", "A") == ["127.0.0.11"]
    assert serial(copying) == serial(primary.gtm.port)

    before = serial(copying)
    primary.write(primary.text.replace("FIRST", "SECOND"))
    until("the file is copied", lambda: said(copying, "note", "TXT") == ['"SECOND"'])
    assert serial(copying) > before

    done = primary.update('update add _acme-challenge.www.gtm.example.com 60 TXT "token"')
    assert "NOERROR" in done.stdout, done
    assert said(primary.gtm.port, "_acme-challenge.www", "TXT") == ['"token"']
    until(
        "the update is copied", lambda: said(copying, "_acme-challenge.www", "TXT") == ['"token"']
    )

    before = serial(copying)
    primary.backends[0].kill()
    until("the verdict is copied", lambda: said(copying, "orders", "A") == ["127.0.0.12"])
    assert serial(copying) > before
    outcomes = [each for each in primary.gtm.records() if each["event"] == "notify"]
    assert outcomes
    assert {each["outcome"] for each in outcomes} <= {
        "answered",
        "no answer",
        "it answered NOTAUTH",
    }


def test_who_has_no_key_gets_nothing(primary: Primary) -> None:
    whole = primary.copied("+tcp", "-y", KEY)
    assert "FIRST" in whole
    assert "127.0.0.11" in whole
    assert "REFUSED" in primary.copied("+tcp")
    assert "REFUSED" in primary.copied("+tcp", "-y", ACME)
    wrong = base64.b64encode(b"another secret of many octets").decode()
    assert "FIRST" not in primary.copied("+tcp", "-y", f"hmac-sha256:second:{wrong}")
    add = 'update add _acme-challenge.gtm.example.com 60 TXT "x"'
    assert "REFUSED" in primary.update(add, key=KEY).stderr
    assert "REFUSED" in primary.update("update add www.gtm.example.com 60 TXT x").stderr
    assert (
        "REFUSED" in primary.update("update add _acme-challenge.gtm.example.com 60 CNAME a.").stderr
    )
    assert said(primary.gtm.port, "_acme-challenge", "TXT") == []


def test_what_was_answered_outlives_a_kill(primary: Primary) -> None:
    for number in range(5):
        assert (
            "NOERROR"
            in primary.update(f"update add _acme-challenge.gtm.example.com 60 TXT {number}").stdout
        )
    before = serial(primary.gtm.port)
    primary.gtm.process.kill()
    primary.gtm.process.wait(PATIENCE)
    primary.begin()
    found = said(primary.gtm.port, "_acme-challenge", "TXT")
    assert sorted(found) == [f'"{number}"' for number in range(5)]
    assert serial(primary.gtm.port) >= before
    assert "NOERROR" in primary.update("update delete _acme-challenge.gtm.example.com TXT").stdout
    assert said(primary.gtm.port, "_acme-challenge", "TXT") == []


def test_prerequisites_and_many_changes_at_once(primary: Primary) -> None:
    taken = "prereq nxrrset _acme-challenge.gtm.example.com TXT"
    add = "update add _acme-challenge.gtm.example.com 60 TXT"
    assert "NOERROR" in primary.update(taken, f"{add} first").stdout
    assert "YXRRSET" in primary.update(taken, f"{add} second").stderr
    many = [
        f"update add _acme-challenge.h{number}.gtm.example.com 60 TXT x" for number in range(99)
    ]
    assert "NOERROR" in primary.update(*many).stdout
    assert said(primary.gtm.port, "_acme-challenge.h98", "TXT") == ['"x"']
