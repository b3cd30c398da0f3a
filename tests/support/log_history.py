"""Logs of many days, as the service and the rotation leave them."""

import gzip
import json
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch

from logos_pxl.logs.requests import RequestLine, RequestLines

Milliseconds = Callable[[random.Random], float]


class History:
    """Writes logs of other days with the service's own code, a day an archive, the last one as it is being written."""

    def __init__(self, log_dir: Path, *, until: datetime | None = None, as_json: bool = False) -> None:
        self.log_dir = log_dir
        self.until = until or datetime.now(UTC)
        (log_dir / "archive").mkdir(parents=True)
        self._json = as_json

    def day(self, days_ago: int, requests: "Iterator[tuple[int, RequestLine]]") -> None:
        """One day's requests: the second of the day, and what is told of it."""
        start = (self.until - timedelta(days=days_ago)).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()
        access: list[bytes] = []
        server: list[bytes] = []
        lines = RequestLines("json" if self._json else "text", access.append, [server.append], level=20)
        now = start
        with patch("logos_pxl.logs.requests.time.time", side_effect=lambda: now):
            for second, line in requests:
                now = start + second
                lines.tell(line)
        for stem, pieces in (("access", access), ("pxl-server", server)):
            if days_ago:
                # A day's log is archived in the night after it.
                name = f"{stem}_{self.until - timedelta(days=days_ago - 1):%Y%m%d}.log.gz"
                (self.log_dir / "archive" / name).write_bytes(gzip.compress(b"".join(pieces)))
            else:
                (self.log_dir / f"{stem}.log").write_bytes(b"".join(pieces))

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
) -> RequestLine:
    """A request for a verdict."""
    return RequestLine(
        client=client, method="POST", path=path, endpoint=path, http_version="1.1", request_id="b" * 20, user_agent="t", status=status,
        body_bytes=100, duration_s=ms / 1000, key=key, remark=remark,
    )  # fmt: skip
