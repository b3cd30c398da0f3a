"""A real Alertmanager for tests, and the services of the world outside that it tells: a pager, a chat, a dead man's switch."""

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
from prometheus_server import running


@dataclass(frozen=True)
class Told:
    """A notification: by which service (``pagerduty``, ``slack``, ``heartbeat``), to which receiver, whether of an end, in which words."""

    service: str
    receiver: str
    resolved: bool
    text: str


@dataclass
class Outside:
    """What was told so far. ``address`` is where it listens."""

    address: str
    told: list[Told] = field(default_factory=list)

    def receivers(self, words: str, *, resolved: bool = False, service: str = "pagerduty") -> set[str]:
        """Who was told, in these words among others."""
        return {one.receiver for one in list(self.told) if one.service == service and one.resolved is resolved and words in one.text}


@contextlib.contextmanager
def listening_outside(port: int) -> Iterator[Outside]:
    """Takes what is sent to it until the end of the block."""
    outside = Outside(f"http://127.0.0.1:{port}")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            outside.told.append(_read(self.path, body))
            self.send_response(202 if self.path == "/pagerduty" else 200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield outside
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def _read(path: str, body: dict[str, Any]) -> Told:
    text = json.dumps(body, ensure_ascii=False)
    if path == "/pagerduty":
        return Told("pagerduty", body["routing_key"], body["event_action"] == "resolve", text)
    if path.startswith("/slack/"):
        return Told("slack", path.removeprefix("/slack/"), "RESOLVED" in text, text)
    return Told("heartbeat", "", False, text)


@contextlib.contextmanager
def running_alertmanager(folder: Path, port: int, configuration: dict[str, Any]) -> Iterator[httpx2.Client]:
    """Start Debian's Alertmanager in ``folder``, and end it afterwards."""
    (folder / "alertmanager.yml").write_text(json.dumps(configuration))  # JSON is YAML
    places = [f"--config.file={folder}/alertmanager.yml", f"--storage.path={folder}/nflog", "--cluster.listen-address="]
    command = ["prometheus-alertmanager", *places, f"--web.listen-address=127.0.0.1:{port}"]
    with running(command, folder / "alertmanager.log", f"http://127.0.0.1:{port}") as client:
        yield client
