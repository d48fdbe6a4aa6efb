"""Knot as a secondary by AXFR, TSIG and NOTIFY; kdig and nsupdate as who else asks; kill -9.

Debian: apt-get install knot knot-dnsutils bind9-dnsutils.
"""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest

from tests.system.harness import PATIENCE, Backend, Gtm, free_port, needs, until

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

KNOT = """
server:
  rundir: "{folder}"
  listen: 127.0.0.1@{port}
log:
  - target: stderr
    any: info
database:
  storage: "{folder}/db"
key:
  - id: second
    algorithm: hmac-sha256
    secret: {secret}
remote:
  - id: gtm
    address: 127.0.0.1@{gtm}
    key: second
acl:
  - id: notified
    address: 127.0.0.1
    key: second
    action: notify
zone:
  - domain: gtm.example.com
    storage: "{folder}"
    master: gtm
    acl: notified
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


@pytest.fixture
def knot(primary: Primary, tmp_path: Path) -> Iterator[int]:
    """knotd, a secondary of the primary; gives its port."""
    program = needs("knotd", "knot")
    folder = tmp_path / "knot"
    folder.mkdir()
    file = folder / "knot.conf"
    port = primary.secondary
    file.write_text(KNOT.format(folder=folder, port=port, gtm=primary.gtm.port, secret=SECRET))
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([program, "-c", str(file)], stderr=log, stdout=log)
    try:
        until("knot has the zone", lambda: has_it(port, folder / "knot.sock"))
        yield port
    finally:
        process.kill()
        process.wait(PATIENCE)


def has_it(port: int, control: Path) -> bool:
    """Whether knot has the zone; where its first try came to nothing, it waits long by itself."""
    if said(port, "note", "TXT") == ['"FIRST"']:
        return True
    refresh = [needs("knotc", "knot"), "-s", str(control), "zone-refresh"]
    subprocess.run(refresh, capture_output=True, timeout=PATIENCE, check=False)
    return False


def said(port: int, name: str, rrtype: str) -> list[str]:
    """What a server says, nothing if it does not answer."""
    query = dns.message.make_query(f"{name}.gtm.example.com".lstrip("."), rrtype)
    try:
        answer = dns.query.udp(query, "127.0.0.1", 2.0, port)
    except (dns.exception.Timeout, OSError):
        return []
    return [record.to_text() for rrset in answer.answer for record in rrset]


def serial(port: int) -> int:
    found = said(port, "", "SOA")
    return int(found[0].split()[2]) if found else 0


def test_a_secondary_has_what_is_saved_what_is_updated_and_what_verdicts_change(
    primary: Primary, knot: int
) -> None:
    assert said(knot, "orders", "A") == ["127.0.0.11"]
    assert serial(knot) == serial(primary.gtm.port)

    before = serial(knot)
    primary.write(primary.text.replace("FIRST", "SECOND"))
    until("the file is copied", lambda: said(knot, "note", "TXT") == ['"SECOND"'])
    assert serial(knot) > before

    done = primary.update('update add _acme-challenge.www.gtm.example.com 60 TXT "token"')
    assert "NOERROR" in done.stdout, done
    assert said(primary.gtm.port, "_acme-challenge.www", "TXT") == ['"token"']
    until("the update is copied", lambda: said(knot, "_acme-challenge.www", "TXT") == ['"token"'])

    before = serial(knot)
    primary.backends[0].kill()
    until("the verdict is copied", lambda: said(knot, "orders", "A") == ["127.0.0.12"])
    assert serial(knot) > before
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
