"""The dashboard and the alert rules ask for metrics that a server has, and alerts fire when meant.

Needs promtool (Debian package prometheus).
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml

from tests.system.harness import Gtm, free_port, needs, run_gtm, serving, until
from tests.system.test_encrypted import certify

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yaml"
ZONE = """
zone: gtm.example.com
ttl: 30
nameservers: {ns1: [127.0.0.1]}
dnssec: {}
regions:
  us-east: {location: US, capacity: 1000}
  eu-west: {location: IE, capacity: 1000}
apps:
  shop:
    topology: replicated
    services: {orders: {us-east: [127.0.0.11], eu-west: [127.0.0.12]}}
"""
NAME = re.compile(r"\b(?:gtm_[a-z0-9_]+|up)\b(?=\s*[{\[)\s]|$)")
PARTS = ("_bucket", "_sum", "_count")
# those of who asks, and of Prometheus itself
NO_METRICS = {"up"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[set[str]]:
    """Every metric of a server that has all that a server can have."""
    folder = tmp_path_factory.mktemp("monitored")
    zones, keys = folder / "zones", folder / "keys"
    zones.mkdir()
    (zones / "gtm.yaml").write_text(ZONE, encoding="utf-8")
    where = ["--zones", str(zones), "--keys", str(keys)]
    made = run_gtm("keys", "generate", "gtm.example.com", *where)
    assert made.returncode == 0, made.stderr
    certify(folder, trustme.CA(), "gtm.example.com")
    arguments = ["--keys", str(keys), "--tls", f"127.0.0.1:{free_port()}"]
    arguments += ["--certificate", str(folder / "cert.pem")]
    arguments += ["--certificate-key", str(folder / "key.pem")]
    arguments += ["--query-log", str(folder / "queries"), "--state", str(folder / "state")]
    with serving(folder, zones, *arguments) as gtm:
        until("signatures are told", lambda: "gtm_dnssec_signatures" in names_on(gtm))
        yield names_on(gtm)


def names_on(gtm: Gtm) -> set[str]:
    status, page = gtm.get("/metrics")
    assert status == 200
    found = re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE)
    names = {name for name, kind in found if kind != "histogram"}
    return names | {name + part for name, kind in found if kind == "histogram" for part in PARTS}


def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads((DEPLOY / "grafana" / "gtm.json").read_text())
    return read


def expressions() -> list[str]:
    """Every PromQL expression of the dashboard."""
    read = dashboard()
    found = [target["expr"] for panel in read["panels"] for target in panel.get("targets", ())]
    found += [each["expr"] for each in read["annotations"]["list"]]
    return found


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def asked(expression: str) -> set[str]:
    """The metrics that an expression names."""
    return set(NAME.findall(re.sub(r'"[^"]*"', '""', expression))) - NO_METRICS


def test_the_dashboard_asks_for_metrics_that_a_server_has(served: set[str]) -> None:
    found = expressions()
    assert len(found) > 20
    assert {name for each in found for name in asked(each)} - served == set()
    variables = [each["query"] for each in dashboard()["templating"]["list"][1:]]
    assert {name for each in variables for name in re.findall(r"gtm_\w+", each["query"])} <= served


def test_alert_rules_ask_for_metrics_that_a_server_has(served: set[str]) -> None:
    assert all(asked(rule["expr"]) for rule in rules() if rule["alert"] != "GtmServerDown")
    assert {name for rule in rules() for name in asked(rule["expr"])} - served == set()


def test_the_dashboard_is_in_order() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }
        assert not cells & taken, panel["title"]
        assert max(x for x, _ in cells) < 24, panel["title"]
        taken |= cells
        assert panel["type"] == "row" or panel["description"], panel["title"]


def test_prometheus_understands_every_expression_of_the_dashboard(tmp_path: Path) -> None:
    promtool = needs("promtool", "prometheus")
    replaced = {"$__rate_interval": "5m", "$__interval": "1m", "$instance": ".*", "$zone": ".*"}
    records = []
    for number, expression in enumerate(expressions()):
        for name, value in (replaced | {"$app": ".*"}).items():
            expression = expression.replace(name, value)
        records.append({"record": f"panel:{number}", "expr": expression})
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": records}]}))
    done = run(promtool, "check", "rules", str(file))
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["check", "rules", "rules.yaml"],
        ["check", "config", "prometheus.yaml"],
        ["test", "rules", "rules_test.yaml"],
    ],
)
def test_prometheus_accepts_the_files(words: list[str]) -> None:
    done = run(needs("promtool", "prometheus"), *words)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_is_seen_to_fire_and_says_what_to_do() -> None:
    text = (RULES.parent / "rules_test.yaml").read_text()
    for rule in rules():
        assert f'ALERTS{{alertname="{rule["alert"]}",alertstate="firing"' in text
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert set(rule["annotations"]) == {"summary", "action"}


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, cwd=RULES.parent)
