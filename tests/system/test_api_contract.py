"""The API does what its description says: schemathesis asks a real server anything.

`pip install 'gtm[dev]'` brings schemathesis.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.system.harness import Gtm, free_port, plain_environment, run_gtm, serving

HERE = Path(__file__).parent
SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
# The names are those of the description's examples, so that these are answered and not refused.
ZONE = """
zone: gtm.example.com
nameservers: {ns1: [127.0.0.1]}
regions: {us-east: {location: [39, -77], capacity: 100}, eu-west: {location: IE, capacity: 100}}
load: {expire: 60s}
apps:
  shop:
    topology: spread
    services:
      orders: {us-east: [127.0.0.11], eu-west: [127.0.0.12]}
"""
EXAMPLES = 5  # of each phase and call: seconds, not minutes


@dataclass(frozen=True, slots=True)
class Scene:
    """A server that wants tokens, and one that may do everything."""

    gtm: Gtm
    port: int
    token: str


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    folder, port = tmp_path_factory.mktemp("contract"), free_port()
    zones, tokens = folder / "zones", folder / "tokens.json"
    zones.mkdir()
    (zones / "gtm.example.com.yaml").write_text(ZONE)
    scopes = ("--scope", "operate", "--scope", "report")
    made = run_gtm("keys", "token", "add", "tester", *scopes, "--tokens", str(tokens))
    found = re.search(r"gtm_\w+", made.stdout)
    assert found is not None, made.stderr
    flags = ("--api", f"127.0.0.1:{port}", "--tokens", str(tokens))
    with serving(folder, zones, *flags) as server:
        yield Scene(server, port, found[0])


def test_every_call_does_what_the_description_says(scene: Scene, tmp_path: Path) -> None:
    command = [str(SCHEMATHESIS), "--config-file", str(HERE / "schemathesis.toml"), "run"]
    command += [f"http://127.0.0.1:{scene.port}/openapi.json", "--seed", "1", "--no-color"]
    command += ["--header", f"Authorization: Bearer {scene.token}"]
    command += ["--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES)]
    command += ["--generation-database", "none", "--no-shrink", "--continue-on-failure"]
    # who may not call is proved elsewhere: who is refused often is soon refused for that alone
    command += ["--exclude-checks", "ignored_auth"]
    command += ["--generation-with-security-parameters", "false", "--rate-limit", "150/s"]
    # a stream has no end; what it sends is proved where streams are
    command += ["--exclude-path", "/v1/events", "--warnings", "off", "--request-timeout", "20"]
    environment = plain_environment()
    done = subprocess.run(  # its cache goes where it runs
        command, capture_output=True, text=True, timeout=300, env=environment, cwd=tmp_path
    )
    said = "\n".join(line[:300] for line in done.stdout.splitlines())
    assert done.returncode == 0, said[:20_000]
    passed = re.search(r"(\d+) generated, (\d+) passed", done.stdout)
    assert passed is not None, said
    assert int(passed[1]) == int(passed[2]) > 500, said


def test_nothing_of_that_was_a_fault_of_the_server(scene: Scene) -> None:
    assert "api_failed" not in scene.gtm.events()
    assert "Traceback" not in scene.gtm.log.read_text()
    assert scene.gtm.status()["epoch"] >= 1


def test_the_server_hands_out_the_description_that_is_committed(scene: Scene) -> None:
    committed = json.loads((HERE.parents[1] / "docs" / "openapi.json").read_text())
    status, body = scene.gtm.get("/openapi.json")
    assert (status, json.loads(body)) == (200, committed)
