"""A real Prometheus for tests, on a port of its own, with whatever configuration."""

import contextlib
import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2


@dataclass
class Prometheus:
    """One that is up."""

    client: httpx2.Client

    def ask(self, path: str, **parameters: str) -> Any:
        """The data of an answer of its HTTP API."""
        answer = self.client.get(f"/api/v1/{path}", params=parameters).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def values(self, query: str) -> list[float]:
        """An instant query's values."""
        return [float(series["value"][1]) for series in self.ask("query", query=query)["result"]]

    def alerts(self, state: str) -> set[str]:
        """The names of the alerts that are ``pending`` or ``firing``."""
        return {alert["labels"]["alertname"] for alert in self.ask("alerts")["alerts"] if alert["state"] == state}

    def eventually(self, holds: Callable[[], bool], *, within_s: float = 20) -> None:
        """Wait until something that it scraped holds."""
        deadline = time.monotonic() + within_s
        while not holds():
            assert time.monotonic() < deadline, f"still not so after {within_s:g} s; firing: {self.alerts('firing')}"
            time.sleep(0.1)


@contextlib.contextmanager
def running_prometheus(folder: Path, port: int, configuration: dict[str, Any]) -> Iterator[Prometheus]:
    """Start Debian's Prometheus in ``folder``, and end it afterwards."""
    (folder / "prometheus.yml").write_text(json.dumps(configuration))  # JSON is YAML
    places = [f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/tsdb", f"--web.listen-address=127.0.0.1:{port}"]
    # What fires before Alertmanager was found is told again soon, and not after a minute.
    with running(["prometheus", *places, "--rules.alert.resend-delay=1s"], folder / "prometheus.log", f"http://127.0.0.1:{port}") as client:
        yield Prometheus(client)


@contextlib.contextmanager
def running(command: list[str], log: Path, address: str) -> Iterator[httpx2.Client]:
    """Start a program that says at ``/-/ready`` when it is ready; end it afterwards."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    try:
        with httpx2.Client(base_url=address, timeout=10) as client:
            _wait_until_ready(client, process, log)
            yield client
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait_until_ready(client: httpx2.Client, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        with contextlib.suppress(httpx2.TransportError):
            if client.get("/-/ready").status_code == 200:
                return
        time.sleep(0.05)
    raise AssertionError(f"{log.stem} was not ready within 30 s: {log.read_text()}")
