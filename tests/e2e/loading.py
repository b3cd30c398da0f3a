"""Load while something happens to the server."""

import collections
import http.client
import threading
from types import TracebackType
from typing import Self

from e2e.asking import GOAL, JSON
from e2e.running import Server

from logos_pxl.wire.signing import signed_headers


class Load:
    """Clients that ask for one goal again and again until the block ends; ``statuses`` counts answers, 0 stands for a lost connection.

    With a ``key``, which may be changed at any time, requests are signed. ``ids`` are the request ids that were answered.
    """

    def __init__(self, server: Server, *, clients: int = 4, key: str | None = None) -> None:
        self.key = key
        self.statuses: collections.Counter[int] = collections.Counter()
        self.ids: list[str] = []
        self._server = server
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(clients)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._ending.set()
        for thread in self._threads:
            thread.join(30)

    def _ask(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=20)
        while not self._ending.is_set():
            signed = {} if self.key is None else signed_headers(self.key, "POST", "/prove", GOAL)
            try:
                connection.request("POST", "/prove", GOAL, {**JSON, **signed})
                answer = connection.getresponse()
                answer.read()
                status, request_id = answer.status, answer.headers["X-Request-Id"]
            except (OSError, http.client.HTTPException):
                connection.close()
                status, request_id = 0, ""
            with self._lock:
                self.statuses[status] += 1
                self.ids.append(request_id)
        connection.close()
