"""dnsviz, which looks at a signed zone as resolvers do and says what is wrong with it.

Debian package dnsviz (apt-get install dnsviz). It takes root: dnsviz knows port 53 alone, so that
server and dnsviz are in a network namespace of their own, with nothing but loopback.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.system.harness import GTM, PATIENCE, needs, plain_environment

ZONE = """
zone: gtm.example.com
nameservers: {ns1: [127.0.0.1]}
soa: {contact: hostmaster@example.com}
regions: {one: {location: IE}, two: {location: US}}
dnssec: {ALGORITHM}
apps: {shop: {topology: replicated, services: {orders: {one: [127.0.0.9], two: [127.0.0.10]}}}}
records:
  alias: {type: CNAME, value: orders.gtm.example.com.}
  "*.wild": {type: A, values: [127.0.0.3]}
"""
NAMES = tuple(
    f"{name}gtm.example.com" for name in ("", "orders.", "alias.", "a.wild.", "nothing.here.")
)
SCRIPT = """
ip link set lo up
"$GTM" serve zones --keys keys --plane "$PLANE" --listen 127.0.0.1:53 --geoip none \
    --api unix:gtm.sock > log 2>&1 &
for _ in $(seq 100); do grep -q answering log && break; sleep 0.1; done
dig @127.0.0.1 gtm.example.com DNSKEY +noall +answer > trusted
/usr/bin/python3 "$DNSVIZ" probe -4 -A -x gtm.example.com+:ns1.gtm.example.com=127.0.0.1 \
    NAMES > probe.json 2> probe.log
kill %1
/usr/bin/python3 "$DNSVIZ" grok -r probe.json -t trusted -l info > grok.json
"""
WELL = {"SECURE", "VALID", "NOERROR", "NXDOMAIN"}


@pytest.mark.parametrize("plane", ["native", "python"])
@pytest.mark.parametrize("algorithm", ["{}", "{algorithm: ed25519, split: true}"])
def test_dnsviz_finds_nothing_wrong(tmp_path: Path, plane: str, algorithm: str) -> None:
    needs("dnsviz", "dnsviz")
    needs("dig", "bind9-dnsutils")
    if os.geteuid() != 0:
        pytest.skip("a network namespace takes root; run the tests with sudo")
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones" / "zone.yaml").write_text(ZONE.replace("{ALGORITHM}", algorithm))
    generate = [
        str(GTM),
        "keys",
        "generate",
        "gtm.example.com",
        "--zones",
        "zones",
        "--keys",
        "keys",
    ]
    subprocess.run(generate, cwd=tmp_path, check=True, capture_output=True, timeout=PATIENCE)
    dnsviz = str(Path(__file__).with_name("dnsviz_runs.py"))
    environment = plain_environment() | {"GTM": str(GTM), "PLANE": plane, "DNSVIZ": dnsviz}
    done = subprocess.run(
        ["unshare", "--net", "bash", "-c", SCRIPT.replace("NAMES", " ".join(NAMES))],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE * 6,
        check=False,
    )
    assert done.returncode == 0, done.stderr + (tmp_path / "log").read_text()
    found = json.loads((tmp_path / "grok.json").read_text())
    assert {each.rstrip(".") for each in found} >= set(NAMES)
    complaints = [each for key, each in walked(found) if key in ("errors", "warnings")]
    statuses = [each for key, each in walked(found) if key == "status"]
    assert complaints == []
    assert statuses.count("SECURE") > 20
    assert set(statuses) <= WELL


def walked(found: Any) -> Iterator[tuple[str, Any]]:
    """Every key and value, however deep."""
    if isinstance(found, dict):
        for key, value in found.items():
            yield key, value
            yield from walked(value)
    elif isinstance(found, list):
        for value in found:
            yield from walked(value)
