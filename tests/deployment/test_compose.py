"""The compose files: both generations of Compose take them, and what they name fits nginx, monitoring, the image and the service."""

import functools
import os
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from deployment.dockerfile import stages
from deployment.expectations import VARIABLES, idle_s, require_an_end_without_loss, require_nginx_knows_jobs, settings_of, worst_case_bytes
from e2e.running import ROOT

DEVELOPMENT, PRODUCTION = "docker-compose.yml", "docker-compose.prod.yml"
SECRETS = {"REDIS_PASSWORD": "a" * 48, "GRAFANA_ADMIN_PASSWORD": "b" * 16, "HMAC_SECRET_KEY": "5a" * 32}
REPLICAS = ("pxl-prover", "pxl-prover-2")
# Made by whoever installs: docs/operations/deployment.md.
BROUGHT = {"./logs", "./logs-2", "./secrets/tls", "./secrets/alertmanager"}
Service = dict[str, Any]


def compose(file: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    known = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    # Not the .env of whoever runs the tests.
    with tempfile.NamedTemporaryFile() as nothing:
        command = ["docker-compose", "--env-file", nothing.name, "--project-directory", str(ROOT), "-f", str(ROOT / file), *arguments]
        return subprocess.run(command, env={**known, **environment}, capture_output=True, text=True, timeout=60, check=False)


@functools.cache
def services(file: str) -> dict[str, Service]:
    """The services as Compose understands them."""
    said = compose(file, "config", **SECRETS)
    assert (said.returncode, said.stderr) == (0, "")
    return dict(yaml.safe_load(said.stdout)["services"])


@functools.cache
def written(file: str) -> dict[str, Any]:
    return dict(yaml.safe_load((ROOT / file).read_text()))


def mounts(service: Service) -> list[tuple[str, str]]:
    """Where from (a path or a volume's name) and where to."""
    return [(source, target) for source, target, *_ in (said.split(":") for said in service.get("volumes", []))]


def seconds(text: str) -> float:
    minutes, rest = re.fullmatch(r"(?:(\d+)m)?(?:(\d+)s)?", text).groups()  # type: ignore[union-attr]
    return 60 * int(minutes or 0) + int(rest or 0)


def ports(service: Service) -> dict[str, str]:
    """Addresses and ports on the machine, by the container's ports."""
    found = {}
    for said in service.get("ports", []):
        if isinstance(said, dict):  # one that is open to the world
            found[str(said["target"])] = str(said["published"])
        else:
            host, _, inside = said.removesuffix("/tcp").rpartition(":")
            found[inside] = host
    return found


@pytest.mark.parametrize("file", [DEVELOPMENT, PRODUCTION])
def test_compose_takes_the_file(file: str) -> None:
    """The manual's service is in it, and nothing that either generation of Compose would complain of."""
    assert "pxl-prover" in services(file)
    assert "redis" in services(file)
    assert "version" not in written(file)


@pytest.mark.parametrize("name", ["REDIS_PASSWORD", "GRAFANA_ADMIN_PASSWORD"])
def test_production_does_not_start_without_its_secrets(name: str) -> None:
    """Compose says which is missing, and where it belongs."""
    said = compose(PRODUCTION, "config", "-q", **{other: value for other, value in SECRETS.items() if other != name})
    assert said.returncode != 0
    assert name in said.stderr
    assert ".env" in said.stderr


@pytest.mark.parametrize("file", [DEVELOPMENT, PRODUCTION])
def test_what_is_mounted_is_there(file: str) -> None:
    """Each file and folder is part of the project, or is told to be brought along by the page on deployment."""
    page = (ROOT / "docs" / "operations" / "deployment.md").read_text()
    for service in written(file)["services"].values():
        for source, _ in mounts(service):
            if source in BROUGHT:
                assert source.removeprefix("./") in page
            elif source.startswith("./"):
                assert (ROOT / source).exists(), source
            else:
                assert source in written(file)["volumes"]


@pytest.mark.parametrize("file", [DEVELOPMENT, PRODUCTION])
def test_images_are_pinned(file: str) -> None:
    """By a whole version, never by a name that moves; ours is built here."""
    for name, service in services(file).items():
        if service["image"].startswith("logos-pxl:"):
            assert service["build"], name
        else:
            assert re.search(r":v?\d+\.\d+\.\d+", service["image"]), service["image"]


def test_every_service_of_production_is_confined_and_watched() -> None:
    """Read-only, without capabilities, bounded, restarted, with a health check; only nginx is open to the world."""
    for name, service in services(PRODUCTION).items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["restart"] == "unless-stopped", name
        assert {"mem_limit", "cpus", "pids_limit"} <= service.keys(), name
        assert "healthcheck" in service or name in REPLICAS, name
        opened = [host for host in ports(service).values() if not host.startswith("127.0.0.1:")]
        assert opened == (["80", "443"] if name == "nginx" else []), name
    assert stages()[""].one("HEALTHCHECK")


@pytest.mark.parametrize(("file", "name"), [(DEVELOPMENT, "pxl-prover"), *((PRODUCTION, name) for name in REPLICAS)])
def test_the_service_has_settings_that_it_knows(file: str, name: str) -> None:
    """Every variable is one of the service's with a value that it takes; volumes and the port are the image's."""
    service = services(file)[name]
    given = {variable: value for variable, value in service["environment"].items() if value is not None}
    assert service["environment"].keys() <= VARIABLES
    settings_of(given)
    image = stages()[""]
    assert {target for _, target in mounts(service)} == set(re.findall(r'"([^"]+)"', image.one("VOLUME")))
    assert list(ports(service)) == [image.one("EXPOSE")]
    # Compose takes them from .env and the shell, as the operations manual sets them.
    assert {"PXL_POOL_SIZE", "PXL_CACHE_TTL", "HMAC_SECRET_KEY_OLD", "LOG_LEVEL"} <= service["environment"].keys()


def test_the_shell_sets_what_the_manual_says() -> None:
    """`export PXL_POOL_SIZE=15` counts when the container is made anew; with nothing set the service's defaults do."""
    for file in (DEVELOPMENT, PRODUCTION):
        said = compose(file, "config", **SECRETS, PXL_POOL_SIZE="15", PXL_CACHE_TTL="600")
        environment = yaml.safe_load(said.stdout)["services"]["pxl-prover"]["environment"]
        assert (str(environment["PXL_POOL_SIZE"]), str(environment["PXL_CACHE_TTL"])) == ("15", "600")
    assert services(PRODUCTION)["pxl-prover"]["environment"]["ENABLE_HMAC_AUTH"] == "true"


@pytest.mark.parametrize("name", REPLICAS)
def test_a_replicas_end_and_memory_are_provided_for(name: str) -> None:
    """It is not killed before its longest request has ended, and its sessions and searches have room at their worst."""
    service = services(PRODUCTION)[name]
    settings = settings_of({variable: value for variable, value in service["environment"].items() if value is not None})
    require_an_end_without_loss(settings, grace_s=seconds(service["stop_grace_period"]), idle_s=idle_s("compose"))
    assert worst_case_bytes(settings) <= int(service["mem_limit"].removesuffix("g")) << 30
    assert seconds(services(PRODUCTION)["nginx"]["stop_grace_period"]) >= settings.max_timeout_ms / 1000


def test_nginx_and_the_replicas_know_each_other() -> None:
    """Addresses, jobs' names, whom the replicas trust, and the ports where nginx listens."""
    network = {
        name: service["networks"].get("service", {}) for name, service in services(PRODUCTION).items() if name in (*REPLICAS, "nginx")
    }
    environments = {name: services(PRODUCTION)[name]["environment"] for name in REPLICAS}
    addresses = {environments[name]["PXL_REPLICA"]: f"{network[name]['ipv4_address']}:8088" for name in REPLICAS}
    require_nginx_knows_jobs("compose", addresses)
    assert {environments[name]["PXL_TRUSTED_PROXIES"] for name in REPLICAS} == {network["nginx"]["ipv4_address"]}
    server = (ROOT / "nginx" / "sites" / "compose" / "server.conf").read_text()
    assert set(ports(services(PRODUCTION)["nginx"])) == set(re.findall(r"listen (\d+)", server))
    check = services(PRODUCTION)["nginx"]["healthcheck"]["test"][-1]
    assert re.fullmatch(r"http://127\.0\.0\.1:8080(/\S+)", check)[1] in server  # type: ignore[index]


def test_monitoring_finds_what_it_asks() -> None:
    """Every host that Prometheus and Grafana name is a service on a network of theirs, and Prometheus finds both replicas by one name."""
    inside = services(PRODUCTION)
    prometheus = yaml.safe_load((ROOT / "monitoring" / "prometheus" / "prometheus.yml").read_text())
    jobs = {job["job_name"]: job for job in prometheus["scrape_configs"]}
    [found] = jobs["logos-pxl"]["dns_sd_configs"]
    assert (found["names"], str(found["port"])) == (["pxl-prover"], stages()[""].one("EXPOSE"))
    monitoring = {name: service["networks"]["monitoring"] for name, service in inside.items() if "monitoring" in service["networks"]}
    assert monitoring["pxl-prover-2"]["aliases"] == ["pxl-prover"]
    hosts = re.findall(r'targets: \["(\w[\w-]*):\d+"\]', (ROOT / "monitoring" / "prometheus" / "prometheus.yml").read_text())
    sources = yaml.safe_load((ROOT / "monitoring" / "grafana" / "provisioning" / "datasources" / "prometheus.yml").read_text())
    hosts += [re.match(r"http://([\w-]+):", source["url"])[1] for source in sources["datasources"]]  # type: ignore[index]
    assert {"prometheus", "alertmanager"} <= set(hosts) <= {*monitoring, "localhost"}
    provider = yaml.safe_load((ROOT / "monitoring" / "grafana" / "provisioning" / "dashboards" / "pxl.yml").read_text())
    assert provider["providers"][0]["options"]["path"] in [target for _, target in mounts(inside["grafana"])]
    rules = [Path(target) / "rules" for source, target in mounts(inside["prometheus"]) if source.endswith("monitoring/prometheus")]
    assert rules == [Path("/etc/prometheus/rules")]
    secrets = set(re.findall(r"(/etc/alertmanager/secrets)/", (ROOT / "monitoring" / "alertmanager" / "alertmanager.yml").read_text()))
    assert secrets <= {target for _, target in mounts(inside["alertmanager"])}
