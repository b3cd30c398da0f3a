"""Logs of many days, as the service and the rotation leave them."""

import gzip
import json
import logging
import random
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from logos_pxl_engine import LineWriter, RequestLog

from logos_pxl.logs.escaping import escaped

Milliseconds = Callable[[random.Random], float]
Told = dict[str, Any]
"""What ``RequestLog.tell`` takes, in its order, but for the time."""


def lines_of(form: str, requests: "Iterable[tuple[float, Told]]", *, level: int = logging.INFO) -> tuple[bytes, bytes]:
    """What access.log and pxl-server.log get of requests, each told at its time in seconds since 1970."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("access", "server")]
        writers = [LineWriter(path.name, path, lambda lost: b"%d lost\n" % lost, print, max_pending_bytes=1 << 28) for path in paths]
        log = RequestLog(form, writers[0], writers[1:], level=level)  # type: ignore[arg-type]
        for at, told in requests:
            log.tell(*(told | {"remark": escaped(told["remark"])}).values(), at)
        for writer in writers:
            writer.close(timeout_s=30)
        access, server = (path.read_bytes() for path in paths)
        return access, server


class History:
    """Writes logs of other days with the service's own code, a day an archive, the last one as it is being written."""

    def __init__(self, log_dir: Path, *, until: datetime | None = None, as_json: bool = False) -> None:
        self.log_dir = log_dir
        self.until = until or datetime.now(UTC)
        (log_dir / "archive").mkdir(parents=True)
        self._json = as_json

    def day(self, days_ago: int, requests: "Iterable[tuple[int, Told]]") -> None:
        """One day's requests: the second of the day, and what is told of it."""
        start = (self.until - timedelta(days=days_ago)).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        access, server = lines_of("json" if self._json else "text", ((start + second, line) for second, line in requests))
        for stem, data in (("access", access), ("pxl-server", server)):
            if days_ago:
                # A day's log is archived in the night after it.
                name = f"{stem}_{self.until - timedelta(days=days_ago - 1):%Y%m%d}.log.gz"
                (self.log_dir / "archive" / name).write_bytes(gzip.compress(data))
            else:
                (self.log_dir / f"{stem}.log").write_bytes(data)

    def performance(self, days_ago: int, calls: int, p95_ms: float) -> None:
        """performance.json of a day."""
        at = self.until - timedelta(days=days_ago)
        endpoint = {
            "name": "POST /prove", "call_count": calls, "p50_duration_ms": p95_ms / 3, "p90_duration_ms": p95_ms * 0.9,
            "p95_duration_ms": p95_ms, "p99_duration_ms": p95_ms * 1.4, "error_count": 0,
        }  # fmt: skip
        document = {"timestamp": at.isoformat(), "started": at.isoformat(), "window_s": 86400.0, "endpoints": [endpoint]}
        (self.log_dir / "archive" / f"performance_{at:%Y%m%d}.json").write_text(json.dumps(document))


def request(
    client: str = "203.0.113.9", *, status: int = 200, ms: float = 5.0, path: str = "/prove", remark: str = "", key: str = ""
) -> Told:
    """A request for a verdict."""
    return {
        "client": client, "method": "POST", "path": path.encode(), "endpoint": path, "http_version": "1.1", "request_id": "b" * 20,
        "user_agent": b"t", "status": status, "body_bytes": 100, "duration_s": ms / 1000, "key": key or None, "remark": remark,
    }  # fmt: skip
