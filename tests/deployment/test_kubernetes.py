"""The Kubernetes files: kustomize makes them, the API's schemas take them, and they fit each other, the image and the service."""

import functools
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from deployment.dockerfile import stages
from deployment.expectations import VARIABLES, require_an_end_without_loss, settings_of, worst_case_bytes
from e2e.running import ROOT

from logos_pxl.service.openapi import openapi_document
from logos_pxl.settings import Settings

OVERLAYS = ("staging", "production")
Document = dict[str, Any]
# What a cluster must bring.
SECRET = "pxl-prover-secrets"
INTERNAL = {"/metrics", "/metrics/performance"}
UNITS = {"Mi": 1 << 20, "Gi": 1 << 30}


@functools.cache
def documents(overlay: str) -> tuple[Document, ...]:
    """All that the overlay makes."""
    command = ["kubectl", "kustomize", str(ROOT / "kubernetes" / "overlays" / overlay)]
    said = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert said.returncode == 0, said.stderr
    return tuple(yaml.safe_load_all(said.stdout))


def of_kind(overlay: str, kind: str, name: str = "pxl-prover") -> Document:
    """The only document of this kind whose name begins so."""
    [found] = [one for one in documents(overlay) if one["kind"] == kind and one["metadata"]["name"].startswith(name)]
    return found


def pod(overlay: str, name: str = "pxl-prover") -> Document:
    return dict(of_kind(overlay, "Deployment", name)["spec"]["template"]["spec"])


def container(overlay: str, name: str = "pxl-prover") -> Document:
    [one] = pod(overlay, name)["containers"]
    return dict(one)


def labels(overlay: str, name: str = "pxl-prover") -> dict[str, str]:
    return dict(of_kind(overlay, "Deployment", name)["spec"]["template"]["metadata"]["labels"])


def settings(overlay: str) -> Settings:
    return settings_of({**of_kind(overlay, "ConfigMap")["data"], "HMAC_SECRET_KEY": "5a" * 32})


def size(text: str) -> int:
    return int(text[:-2]) * UNITS[text[-2:]]


def served() -> set[str]:
    """The paths of the service."""
    return set(openapi_document(Settings.of({}))["paths"])


@pytest.mark.parametrize("version", ["1.27", "1.30", kubernetes_validate.latest_version()])
@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_api_takes_every_document(overlay: str, version: str) -> None:
    """Strictly, so that an unknown field is an error; the operator's own kind is looked at below."""
    kinds = []
    for document in documents(overlay):
        kinds.append(document["kind"])
        if document["kind"] != "ServiceMonitor":
            kubernetes_validate.validate(document, version, strict=True)
    wanted = ["Deployment", "Service", "Ingress", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "ServiceMonitor"]
    assert {*wanted, "ConfigMap", "ServiceAccount", "Namespace"} == set(kinds)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_everything_is_in_the_overlays_namespace(overlay: str) -> None:
    """Which refuses pods that are not confined; no secret is among the files."""
    for document in documents(overlay):
        name = document["metadata"]["name"] if document["kind"] == "Namespace" else document["metadata"]["namespace"]
        assert name == f"pxl-{overlay}"
        assert document["kind"] != "Secret"
    assert of_kind(overlay, "Namespace", "pxl")["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("name", ["pxl-prover", "pxl-redis"])
def test_pods_are_confined(overlay: str, name: str) -> None:
    """As the profile "restricted" wants it, and with a read-only root; what is written has bounds."""
    spec, one = pod(overlay, name), container(overlay, name)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert one["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert all("sizeLimit" in volume["emptyDir"] for volume in spec["volumes"])
    assert {"cpu", "memory"} <= one["resources"]["requests"].keys()
    assert "memory" in one["resources"]["limits"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_pod_fits_the_image(overlay: str) -> None:
    """User, port, folders that are written, and a version of the image."""
    image, spec, one = stages()[""], pod(overlay), container(overlay)
    user, group = map(int, image.one("USER").split(":"))
    assert (spec["securityContext"]["runAsUser"], spec["securityContext"]["fsGroup"]) == (user, group)
    assert [port["containerPort"] for port in one["ports"]] == [int(image.one("EXPOSE"))]
    assert {mount["mountPath"] for mount in one["volumeMounts"]} == {*re.findall(r'"([^"]+)"', image.one("VOLUME")), "/tmp"}
    assert re.fullmatch(r"registry\.example\.org/logos-pxl:\d\S*", one["image"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_settings_are_the_services(overlay: str) -> None:
    """Each name and value; keys come from the Secret, and replicas are named by their pods; Redis is where the URL says."""
    one, told = container(overlay), settings(overlay)
    config = of_kind(overlay, "ConfigMap")
    assert one["envFrom"] == [{"configMapRef": {"name": config["metadata"]["name"]}}]
    assert config["metadata"]["name"] != "pxl-prover", "a changed configuration must make new pods"
    variables = {entry["name"]: entry for entry in one["env"]}
    assert variables.keys() - VARIABLES == {"REDIS_PASSWORD"}
    for entry in [*one["env"], *container(overlay, "pxl-redis")["env"]]:
        reference = entry.get("valueFrom", {}).get("secretKeyRef")
        if "KEY" in entry["name"] or "PASSWORD" in entry["name"]:
            assert (reference["name"], reference["key"]) == (SECRET, entry["name"])
    host, port = re.fullmatch(r"redis://:\$\(REDIS_PASSWORD\)@([\w-]+):(\d+)/0", variables["PXL_REDIS_URL"]["value"]).groups()  # type: ignore[union-attr]
    assert of_kind(overlay, "Service", host)["spec"]["ports"][0]["port"] == int(port)
    assert (told.server_host, told.hmac_auth_enabled, bool(told.trusted_proxies)) == ("0.0.0.0", True, True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_pods_end_and_memory_are_provided_for(overlay: str) -> None:
    """It is not killed before its longest request has ended, nor for want of memory at its worst."""
    told, spec, one = settings(overlay), pod(overlay), container(overlay)
    # Balancers need a moment to hear of a pod's end.
    require_an_end_without_loss(told, grace_s=spec["terminationGracePeriodSeconds"], idle_s=5)
    assert worst_case_bytes(told) <= size(one["resources"]["limits"]["memory"])
    volumes = {volume["name"]: size(volume["emptyDir"]["sizeLimit"]) for volume in spec["volumes"]}
    assert told.certificates_max_bytes + told.post_mortems_max_bytes <= volumes["data"]
    assert volumes["data"] + volumes["logs"] + volumes["tmp"] <= size(one["resources"]["limits"]["ephemeral-storage"])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_probes_ask_what_is_there(overlay: str) -> None:
    """Alive and ready are different questions; a start has more time than the service takes for it at most."""
    one = container(overlay)
    probes = {name: one[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startupProbe": "/health/live",
        "livenessProbe": "/health/live",
        "readinessProbe": "/health/ready",
    }
    assert {probe["path"] for probe in probes.values()} <= served()
    assert {probe["port"] for probe in probes.values()} == {one["ports"][0]["name"]}
    start = one["startupProbe"]
    assert start["periodSeconds"] * start["failureThreshold"] >= 4 * settings(overlay).session_start_timeout_ms / 1000


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_selectors_find_their_pods(overlay: str) -> None:
    """Service, budget, network policies, spreading and the deployment itself select the pods that are made, and no others."""
    for name, other in (("pxl-prover", "pxl-redis"), ("pxl-redis", "pxl-prover")):
        selectors = [
            of_kind(overlay, "Deployment", name)["spec"]["selector"]["matchLabels"],
            of_kind(overlay, "Service", name)["spec"]["selector"],
        ]
        selectors.append(of_kind(overlay, "NetworkPolicy", name)["spec"]["podSelector"]["matchLabels"])
        if name == "pxl-prover":
            selectors.append(of_kind(overlay, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"])
            selectors += [spread["labelSelector"]["matchLabels"] for spread in pod(overlay)["topologySpreadConstraints"]]
        for selector in selectors:
            assert selector.items() <= labels(overlay, name).items()
            assert not selector.items() <= labels(overlay, other).items()
    scaled = of_kind(overlay, "HorizontalPodAutoscaler")["spec"]["scaleTargetRef"]
    assert (scaled["kind"], scaled["name"]) == ("Deployment", "pxl-prover")
    assert "replicas" not in of_kind(overlay, "Deployment")["spec"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_ways_in_lead_to_the_service(overlay: str) -> None:
    """Ingress, service, policy and monitor name ports that exist; every path of the service is open or known to be internal."""
    [port] = of_kind(overlay, "Service")["spec"]["ports"]
    assert port["targetPort"] == container(overlay)["ports"][0]["name"]
    [rule] = of_kind(overlay, "Ingress")["spec"]["rules"]
    for entry in rule["http"]["paths"]:
        assert entry["backend"]["service"] == {"name": "pxl-prover", "port": {"name": port["name"]}}
    opened = {entry["path"]: entry["pathType"] for entry in rule["http"]["paths"]}
    assert opened["/"] == "Exact"

    def is_open(path: str) -> bool:
        return path in opened or any(kind == "Prefix" and path.startswith(f"{prefix}/") for prefix, kind in opened.items())

    assert {path for path in served() if not is_open(path)} == INTERNAL
    [tls] = of_kind(overlay, "Ingress")["spec"]["tls"]
    assert tls["hosts"] == [rule["host"]]
    annotations = of_kind(overlay, "Ingress")["metadata"]["annotations"]
    assert int(annotations["nginx.ingress.kubernetes.io/proxy-body-size"]) == settings(overlay).max_request_bytes
    assert int(annotations["nginx.ingress.kubernetes.io/proxy-read-timeout"]) > settings(overlay).job_max_timeout_ms / 1000
    policy = of_kind(overlay, "NetworkPolicy")["spec"]
    assert [entry["port"] for entry in policy["ingress"][0]["ports"]] == [port["targetPort"]]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["egress"][0]["to"][0]["podSelector"]["matchLabels"].items() <= labels(overlay, "pxl-redis").items()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_figures_that_are_named_exist(overlay: str) -> None:
    """The autoscaler's metric and the monitor's path are the service's, and the rules know the job."""
    monitor = of_kind(overlay, "ServiceMonitor")["spec"]
    assert monitor["selector"]["matchLabels"].items() <= of_kind(overlay, "Service")["metadata"]["labels"].items()
    [endpoint] = monitor["endpoints"]
    assert endpoint["port"] == of_kind(overlay, "Service")["spec"]["ports"][0]["name"]
    assert endpoint["path"] in served()
    [relabeling] = endpoint["relabelings"]
    assert relabeling == {"targetLabel": "job", "replacement": "logos-pxl"}
    assert 'job="logos-pxl"' in "".join(file.read_text() for file in (ROOT / "monitoring" / "prometheus" / "rules").glob("*.yml"))
    metrics = of_kind(overlay, "HorizontalPodAutoscaler")["spec"]["metrics"]
    assert [metric["type"] for metric in metrics] == ["Resource", "Pods"]
    assert f"`{metrics[1]['pods']['metric']['name']}`" in (ROOT / "docs" / "metrics.md").read_text()


def test_the_linter_has_nothing_to_say() -> None:
    """Yamllint over everything that deploys."""
    command = [str(Path(sys.executable).parent / "yamllint"), "--strict", "docker-compose.yml", "docker-compose.prod.yml", "kubernetes"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert (said.returncode, said.stdout) == (0, "")
