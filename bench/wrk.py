"""``wrk`` from a second process: requests of a list, one after the other, over many connections; rates and latencies as it counts them."""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.server import ServerNotStarted

_PERCENTILES = (50, 95, 99)

# Requests are JSON lines of headers and body, made beforehand: making them must not be measured. A list that ends begins again, unless
# its requests are good once.
_SCRIPT = """
local path, again = "%s", %s
local lines
function init() lines = io.lines(path) end
function request()
  local line = lines()
  if line == nil then
    if not again then error("no more requests") end
    lines = io.lines(path)
    line = lines()
  end
  local body, rest = line:match("^(.-)\\t(.*)$")
  local headers = {["Content-Type"] = "application/json"}
  for name, value in rest:gmatch("(%%S+)=(%%S+)") do headers[name] = value end
  return wrk.format("POST", "/prove", headers, body)
end
function done(summary, latency)
  io.write("latency_us")
  for _, percent in ipairs({%s}) do io.write(" ", latency:percentile(percent)) end
  io.write("\\n")
end
"""


@dataclass(frozen=True, slots=True)
class Load:
    """What wrk saw. ``refused`` counts answers other than 2xx and 3xx, and errors of connections and time."""

    requests: int
    requests_per_s: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    refused: int


@dataclass(frozen=True, slots=True)
class Request:
    """One request to ``/prove``."""

    goal: str
    headers: Mapping[str, str]

    def line(self) -> str:
        """Its line in the script's list."""
        pairs = " ".join(f"{name}={value}" for name, value in self.headers.items())
        return f"{body_of(self.goal).decode()}\t{pairs}\n"


def body_of(goal: str) -> bytes:
    """The body that asks for a goal."""
    return json.dumps({"goal": goal}).encode()


def load(port: int, requests: Iterable[Request], *, connections: int, seconds: int, again: bool = True) -> Load:
    """Ask for ``seconds``. Raises ServerNotStarted when wrk is missing or fails."""
    if shutil.which("wrk") is None:
        raise ServerNotStarted("wrk is not installed (Debian: apt-get install wrk)")
    with tempfile.TemporaryDirectory(prefix="pxl-wrk-") as folder:
        script, lines = Path(folder, "requests.lua"), Path(folder, "requests")
        lines.write_text("".join(request.line() for request in requests))
        script.write_text(_SCRIPT % (lines, str(again).lower(), ", ".join(map(str, _PERCENTILES))))
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script), f"http://127.0.0.1:{port}"]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=seconds + 60)
    if ran.returncode or "no more requests" in ran.stderr:
        raise ServerNotStarted(f"wrk failed: {ran.stdout[-500:]}{ran.stderr[-500:]}")
    p50, p95, p99 = (float(value) / 1000 for value in _found(r"latency_us (.*)", ran.stdout).split())
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", ran.stdout)
    others = re.search(r"Non-2xx or 3xx responses: (\d+)", ran.stdout)
    refused = sum(map(int, errors.groups())) if errors else 0
    refused += int(others[1]) if others else 0
    count = int(_found(r"(\d+) requests in", ran.stdout))
    return Load(count, float(_found(r"Requests/sec:\s+([\d.]+)", ran.stdout)), p50, p95, p99, refused)


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise ServerNotStarted(f"wrk printed nothing of the form {pattern!r}: {text[-500:]}")
    return found[1]
