"""The cost of each layer around the routes: rates and processor time for cached responses, as ratios to the bare route.

``wrk`` sends requests from a second process over 50 connections. They are signed beforehand, each with a nonce. Rounds are interleaved,
so that other load on the machine affects all variants. Processor time is the server's own (user and system) over the requests it answered.
"""

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.figures import median
from bench.machine import Machine
from bench.reporting import Part, Table
from bench.server import ServerNotStarted
from bench.wrk import Request, body_of, load
from logos_pxl.wire.signing import signed_headers

_KEY = "1f" * 32
_GOAL = "BOX(A -> A)"
_BODY = body_of(_GOAL)
_CONNECTIONS = 50
_ROUNDS = 8
_SECONDS = 2
_MOST_PER_SECOND = 30_000

_SIGNED = {"ENABLE_HMAC_AUTH": "true", "HMAC_SECRET_KEY": _KEY}
_QUOTA = {"RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_PER_MINUTE": "10000000"}
VARIANTS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "bare route": ("", {}),
    "log": ("log", {}),
    "metrics": ("metrics", {}),
    "quota": ("", _QUOTA),
    "signature": ("", _SIGNED),
    "all layers": ("log metrics", {**_SIGNED, **_QUOTA}),
}
"""Layers and settings by name. The bare route includes the request context and the check for ambiguity, as all variants do."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of wrk against one variant."""

    requests_per_s: float
    cpu_us: float


def measure(machine: Machine, *, quick: bool) -> Part:
    """Run all variants, round by round. Raises ServerNotStarted."""
    runs: dict[str, list[Run]] = {name: [] for name in VARIANTS}
    for _ in range(1 if quick else _ROUNDS):
        for name, (layers, variables) in VARIANTS.items():
            runs[name].append(run(layers, variables, seconds=1 if quick else _SECONDS))
    bare = runs["bare route"]
    least_us = {name: min(run.cpu_us for run in measured) for name, measured in runs.items()}
    ratios = {
        name: median([run.requests_per_s / beside.requests_per_s for run, beside in zip(measured, bare, strict=True)])
        for name, measured in runs.items()
    }
    rows = [
        (
            name,
            round(max(run.requests_per_s for run in measured)),
            round(ratios[name], 3),
            round(least_us[name], 1),
            round(least_us[name] - least_us["bare route"], 1),
            round(least_us["bare route"] / least_us[name], 3),
        )
        for name, measured in runs.items()
    ]
    columns = ("layers", "requests/s, best", "ratio of rates", "CPU us/request, least", "more than bare", "ratio by CPU")
    return Part(
        name="layers",
        title="Cost of the layers around the routes",
        measured_on=machine.sentence(),
        remarks=[
            f"Cached answers, wrk over {_CONNECTIONS} connections, {len(bare)} interleaved rounds.",
            "The ratio of rates is the median over rounds of the rate beside that of the bare route in the same round.",
            "Processor time is the minimum of all rounds, which other load affects least.",
        ],
        floors=[],
        findings=[],
        tables=[Table("Layers", columns, rows)],
    )


def run(layers: str, variables: Mapping[str, str], *, seconds: int) -> Run:
    """Ask a server with these layers. Raises ServerNotStarted."""
    with tempfile.TemporaryDirectory(prefix="pxl-layers-") as folder, _serving(Path(folder), layers, variables) as (pid, port):
        # All are signed, so that all requests have the same size.
        signed = (Request(_GOAL, signed_headers(_KEY, "POST", "/prove", _BODY)) for _ in range(_MOST_PER_SECOND * seconds))
        requests = list(signed)
        before_s = _cpu_s(pid)
        ran = load(port, requests, connections=_CONNECTIONS, seconds=seconds, again=False)
        used_s = _cpu_s(pid) - before_s
    if ran.refused:
        raise ServerNotStarted(f"{ran.refused} requests were refused or lost")
    return Run(ran.requests_per_s, used_s / ran.requests * 1e6)


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def _serving(folder: Path, layers: str, variables: Mapping[str, str]) -> Iterator[tuple[int, int]]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = int(listener.getsockname()[1])
    own = {
        "PXL_SERVER_PORT": str(port),
        "PXL_DATA_DIR": str(folder / "var"),
        "PXL_LOG_DIR": str(folder / "logs"),
        "PXL_LOG_STDERR": "false",
        "PXL_ENV_FILE": os.devnull,
        "PXL_POOL_SIZE": "1",
    }
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.layered_server", *layers.split()],
            env={**os.environ, **own, **variables},
            stdout=output,
            stderr=output,
        )
    try:
        _warm_up(process, port, log, signed="ENABLE_HMAC_AUTH" in variables)
        yield process.pid, port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _warm_up(process: subprocess.Popen[bytes], port: int, log: Path, *, signed: bool) -> None:
    asked = 0
    ends = time.monotonic() + 30
    while asked < 300:
        if process.poll() is not None or time.monotonic() > ends:
            raise ServerNotStarted(f"the server is not there: {log.read_text()[-2000:]}")
        headers = {"Content-Type": "application/json", **(signed_headers(_KEY, "POST", "/prove", _BODY) if signed else {})}
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("POST", "/prove", _BODY, headers)
            asked += connection.getresponse().status == 200
            connection.close()
        except OSError:
            time.sleep(0.05)
