"""A whole installation: the service, Prometheus and Alertmanager with the very files of ``monitoring/``, only faster and on free ports."""

import contextlib
import copy
import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import yaml
from alertmanager_server import Outside, listening_outside, running_alertmanager
from conftest import children, command
from e2e.running import Server, free_port, parity, running_server
from monitoring.promtool import MONITORING, RULES
from prometheus_server import Prometheus, running_prometheus

SCRAPE = "400ms"
SECRETS = "/etc/alertmanager/secrets"


@dataclass
class Installation:
    """All of it, up. While the file ``no_kernel`` exists, no Coq session starts."""

    server: Server
    prometheus: Prometheus
    alertmanager: httpx2.Client
    outside: Outside
    no_kernel: Path

    @contextlib.contextmanager
    def without_kernel(self) -> Iterator[None]:
        """All sessions are killed, and none starts, until the end of the block."""
        self.no_kernel.touch()
        for pid in children(self.server.process.pid):
            if "coqtop" in command(pid):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        try:
            yield
        finally:
            self.no_kernel.unlink()

    def ask(self, goals: list[str], *, clients: int = 4, **members: object) -> list[str]:
        """The verdicts of goals that several clients ask for."""
        with ThreadPoolExecutor(clients) as threads:
            answers = list(threads.map(lambda goal: self.server.prove(goal, **members), goals))
        return [answer.json()["verdict"] for answer in answers]


def slow(number: int, vertices: int = 16) -> str:
    """One of very many goals that take the kernel a few tenths of a second; with 22 vertices about three times as much."""
    return parity(vertices, number)


@contextlib.contextmanager
def running_installation(folder: Path, **settings: str) -> Iterator[Installation]:
    """Start everything, wait until Prometheus has scraped the service, end everything afterwards."""
    no_kernel = folder / "no-kernel"
    coqtop = folder / "coqtop"
    coqtop.write_text(f'#!/bin/sh\n[ ! -e "{no_kernel}" ] || exit 1\nexec coqtop "$@"\n')
    coqtop.chmod(0o755)
    prometheus_port, alertmanager_port, outside_port = free_port(), free_port(), free_port()
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(
            running_server(folder, PXL_COQTOP=str(coqtop), PXL_KPI_WINDOW_S="10", PXL_CANARY_INTERVAL_S="1", **settings)
        )
        outside = stack.enter_context(listening_outside(outside_port))
        routes = quick_alertmanager(folder, outside.address)
        alertmanager = stack.enter_context(running_alertmanager(folder, alertmanager_port, routes))
        scraping = quick_prometheus(folder, server.port, prometheus_port, alertmanager_port)
        prometheus = stack.enter_context(running_prometheus(folder, prometheus_port, scraping))
        prometheus.eventually(lambda: prometheus.values("logos_pxl_ready") == [1])
        yield Installation(server, prometheus, alertmanager, outside, no_kernel)


def quick_prometheus(folder: Path, service: int, own: int, alertmanager: int) -> dict[str, Any]:
    """The configuration with addresses of this machine, scrapes in quick succession, and rules that wait a second at most."""
    addresses = {"logos-pxl": service, "prometheus": own, "alertmanager": alertmanager}
    configuration = yaml.safe_load((MONITORING / "prometheus" / "prometheus.yml").read_text())
    configuration["global"] = {"scrape_interval": SCRAPE, "scrape_timeout": SCRAPE, "evaluation_interval": SCRAPE}
    for job in configuration["scrape_configs"]:
        job.pop("dns_sd_configs", None)
        job["static_configs"] = [{"targets": [f"127.0.0.1:{addresses[job['job_name']]}"]}]
    configuration["alerting"]["alertmanagers"] = [{"static_configs": [{"targets": [f"127.0.0.1:{alertmanager}"]}]}]
    (folder / "rules").mkdir()
    for file in RULES:
        (folder / "rules" / file.name).write_text(json.dumps(quick_rules(yaml.safe_load(file.read_text()))))
    return dict(configuration)


def quick_rules(document: dict[str, Any]) -> dict[str, Any]:
    """Rules with a second for every ``for``, evaluated as often as everything is scraped."""
    quick = copy.deepcopy(document)
    for group in quick["groups"]:
        group.pop("interval", None)
        for rule in group["rules"]:
            if "for" in rule:
                rule["for"] = "1s"
    return quick


def quick_alertmanager(folder: Path, outside: str) -> dict[str, Any]:
    """The routes with short waits; secrets are files of ``folder``, and lead to ``outside``."""
    configuration = yaml.safe_load((MONITORING / "alertmanager" / "alertmanager.yml").read_text().replace(SECRETS, f"{folder}/secrets"))
    configuration["global"]["pagerduty_url"] = f"{outside}/pagerduty"
    (folder / "secrets").mkdir()
    for receiver in configuration["receivers"]:
        name = receiver["name"]
        (folder / "secrets" / f"{name}-pagerduty").write_text(name)
        (folder / "secrets" / f"{name}-slack").write_text(f"{outside}/slack/{name}")
        for webhook in receiver.get("webhook_configs", ()):
            webhook["url"] = f"{outside}/heartbeat"
    (folder / "secrets" / "heartbeat-token").write_text("token")
    for route in (configuration["route"], *configuration["route"]["routes"]):
        # Prometheus sends the alerts of one evaluation one rule after the other; a group that did not wait would tell of the first ones
        # before those arrive that silence them.
        route.update(group_wait="1s", group_interval="1s", repeat_interval="1s" if route.get("receiver") == "heartbeat" else "1h")
    return dict(configuration)
