"""Container and cluster files are valid, agree with each other, and are as strict as they say.

Needs docker-compose (Debian package docker-compose); hadolint and the schemas of Kubernetes come
with the extra `dev`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from gtm.settings import Settings
from tests.system.harness import needs, run_gtm

ROOT = Path(__file__).parents[2]
COMPOSE = ROOT / "deploy" / "compose"
KUBERNETES = ROOT / "deploy" / "kubernetes"
VERSIONS = ["1.28", "1.34"]  # from a cluster that is still found to a new one
CUSTOM = {"Kustomization", "PodMonitor"}  # not of Kubernetes itself


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def dockerfile() -> dict[str, str]:
    """What ENV sets in the image."""
    lines = (ROOT / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    last = [line for line in lines if line.startswith("ENV ")][-1]
    return dict(word.split("=", 1) for word in last.removeprefix("ENV ").split())


def test_the_dockerfile_has_no_fault() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_has_all_that_the_package_is_built_from() -> None:
    copied = {
        word
        for line in (ROOT / "Dockerfile").read_text().splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for word in line.split()[1:-1]
    }
    kept = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert copied == kept
    assert all((ROOT / name).exists() for name in copied)


def test_every_variable_is_a_setting() -> None:
    keys = {f"GTM_{key.upper()}" for key in Settings.model_fields}
    assert {key for key in dockerfile() if key.startswith("GTM_")} <= keys
    environment = (ROOT / "deploy" / "systemd" / "gtm.env").read_text().splitlines()
    named = {
        line.lstrip("#").split("=")[0] for line in environment if "GTM_" in line and "=" in line
    }
    assert {name for name in named if name.startswith("GTM_")} <= keys
    container = pod()["containers"][0]
    assert {each["name"] for each in container["env"]} <= keys


def test_compose_understands_its_file() -> None:
    compose = needs("docker-compose", "docker-compose")
    done = subprocess.run(
        [compose, "--file", str(COMPOSE / "compose.yaml"), "config", "--quiet"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_the_zone_of_the_compose_file_has_its_containers() -> None:
    services = read(COMPOSE / "compose.yaml")["services"]
    at = {name: each["networks"]["regions"]["ipv4_address"] for name, each in services.items()}
    zone = read(COMPOSE / "zones" / "gtm.yaml")
    regions = zone["apps"]["shop"]["services"]["orders"]
    expected = {
        region: [at[name] for name in services if name.startswith(f"{region}-")]
        for region in regions
    }
    assert regions == expected
    assert zone["nameservers"] == {"ns1": [at["ns1"]], "ns2": [at["ns2"]]}


@pytest.mark.parametrize("folder", [COMPOSE, KUBERNETES])
def test_zones_that_come_along_have_no_mistake(folder: Path) -> None:
    done = run_gtm("check", str(folder / "zones"))
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_every_manifest_is_what_kubernetes_understands(version: str) -> None:
    for path in sorted(KUBERNETES.glob("*.yaml")):
        manifest = read(path)
        if manifest["kind"] not in CUSTOM:
            kubernetes_validate.validate(manifest, version, strict=True)


def test_kustomize_takes_up_every_manifest() -> None:
    kustomization = read(KUBERNETES / "kustomization.yaml")
    listed = set(kustomization["resources"])
    there = {path.name for path in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}
    assert there - listed == {"podmonitor.yaml"}
    assert listed <= there
    for each in kustomization["configMapGenerator"]:
        assert all((KUBERNETES / name).exists() for name in each["files"])


def pod() -> dict[str, Any]:
    spec: dict[str, Any] = read(KUBERNETES / "daemonset.yaml")["spec"]["template"]["spec"]
    return spec


def test_the_pod_meets_the_restricted_standard_but_for_its_host_ports() -> None:
    spec = pod()
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)
    assert spec["securityContext"]["runAsNonRoot"]
    assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault"
    for container in spec["containers"]:
        context = container["securityContext"]
        assert context["capabilities"] == {"drop": ["ALL"]}
        assert context["readOnlyRootFilesystem"]
        assert not context["allowPrivilegeEscalation"]
    assert all({"configMap", "secret", "emptyDir"} & set(each) for each in spec["volumes"])


def test_probes_and_policies_name_ports_and_labels_that_are_there() -> None:
    container, labels = pod()["containers"][0], {"app.kubernetes.io/name": "gtm"}
    ports = {each["name"]: each["containerPort"] for each in container["ports"]}
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"]["port"] in ports
    allowed = {
        port["port"]
        for rule in read(KUBERNETES / "networkpolicy.yaml")["spec"]["ingress"]
        for port in rule["ports"]
    }
    assert allowed == set(ports.values())
    policy = read(KUBERNETES / "networkpolicy.yaml")["spec"]["podSelector"]["matchLabels"]
    budget = read(KUBERNETES / "poddisruptionbudget.yaml")["spec"]["selector"]["matchLabels"]
    monitor = read(KUBERNETES / "podmonitor.yaml")["spec"]["selector"]["matchLabels"]
    assert policy == budget == monitor == labels
    mounted = {each["name"] for each in container["volumeMounts"]}
    assert mounted == {each["name"] for each in pod()["volumes"]}
