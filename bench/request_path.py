"""``python -m bench.request_path [--list]``: how many functions of ours a ``POST /prove`` passes, from the socket to its answer.

A real service runs in this process. Each kind of request (a goal that is not known yet, then the same goal again) is asked several
times under a profile function on all threads. Counted are the distinct functions and files of the package that ran in every repetition;
what runs in the background now and then is left out that way. Functions of libraries and of Rust are not counted.
"""

import argparse
import http.client
import json
import os
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import logos_pxl_engine

from bench.server import free_port
from logos_pxl.service.server import run_server
from logos_pxl.settings.configuration import Configuration

_REPETITIONS = 5
_START_S = 60.0
_SETTLE_S = 0.05
_PACKAGE = "/logos_pxl/"
_ENGINE = str(Path(logos_pxl_engine.__file__).parent)
_INNER = ("<listcomp>", "<genexpr>", "<dictcomp>", "<setcomp>", "<lambda>")
# Background work would only add noise.
_QUIET = {"PXL_CANARY_INTERVAL_S": "900", "PXL_CANARY_MAX_AGE_S": "3600", "PXL_PERFORMANCE_INTERVAL_S": "3600", "PXL_POOL_SIZE": "1"}

Called = frozenset[CodeType]


class Recorder:
    """Records the code objects that are called while ``recording`` holds, on every thread that starts after ``install``."""

    def __init__(self) -> None:
        self._seen: set[CodeType] = set()
        self._recording = False

    def install(self) -> None:
        """Watch this thread and those that start from now on."""
        threading.setprofile(self._on_event)
        sys.setprofile(self._on_event)

    @contextmanager
    def recording(self) -> Iterator[set[CodeType]]:
        """Within the block calls are recorded into the set that it gives."""
        seen = self._seen = set()
        self._recording = True
        try:
            yield seen
        finally:
            self._recording = False

    def _on_event(self, frame: FrameType, event: str, _argument: Any) -> None:
        if self._recording and event == "call":
            self._seen.add(frame.f_code)


def is_ours(code: CodeType) -> bool:
    """Whether a function belongs to the package, and stands in its source by a name of its own."""
    name = code.co_filename
    return _PACKAGE in name and not name.startswith(_ENGINE) and code.co_name not in (*_INNER, "<module>")


def measured(recorder: Recorder, ask: Callable[[int], None]) -> Called:
    """The functions that ran for every one of several requests."""
    common: set[CodeType] | None = None
    for number in range(_REPETITIONS):
        with recorder.recording() as seen:
            ask(number)
            # The server's log line and figures come after the last byte of the answer.
            time.sleep(_SETTLE_S)
        ours = {code for code in seen if is_ours(code)}
        common = ours if common is None else common & ours
    return frozenset(common or ())


def _client(port: int, recorder: Recorder, found: dict[str, Called]) -> None:
    try:
        connection = _connected(port)

        def ask(goal: str) -> None:
            connection.request("POST", "/prove", json.dumps({"goal": goal}), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            document = json.loads(answer.read())
            if answer.status != 200 or not document["ok"]:
                raise RuntimeError(f"{goal}: status {answer.status}, {document}")

        def new(number: int) -> str:
            return "[]" * (number + 1) + "A -> A"

        ask("BOX(A -> A)")
        found["uncached"] = measured(recorder, lambda number: ask(new(number)))
        found["cached"] = measured(recorder, lambda _: ask(new(0)))
    finally:
        os.kill(os.getpid(), signal.SIGTERM)


def _connected(port: int) -> http.client.HTTPConnection:
    deadline = time.monotonic() + _START_S
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_START_S)
        try:
            connection.connect()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return connection


def main() -> int:
    """Measure, and print the counts; with ``--list`` the functions by file as well."""
    parser = argparse.ArgumentParser(prog="python -m bench.request_path", description=__doc__)
    parser.add_argument("--list", action="store_true", help="also list the functions")
    options = parser.parse_args()
    found: dict[str, Called] = {}
    recorder = Recorder()
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="pxl-path-") as folder:
        os.environ.update(_QUIET, PXL_SERVER_PORT=str(port), PXL_DATA_DIR=f"{folder}/var", PXL_LOG_DIR=f"{folder}/logs")
        recorder.install()
        client = threading.Thread(target=_client, args=(port, recorder, found))
        client.start()
        run_server(Configuration.load())
        client.join()
        sys.setprofile(None)
    for kind, codes in found.items():
        files = sorted({code.co_filename for code in codes})
        print(f"{kind}: {len(codes)} functions in {len(files)} files")
        for file in files if options.list else []:
            names = sorted(code.co_qualname for code in codes if code.co_filename == file)
            print(f"  {file.split(_PACKAGE, 1)[1]}: {', '.join(names)}")
    return 0 if len(found) == 2 else 1


if __name__ == "__main__":
    sys.exit(main())
