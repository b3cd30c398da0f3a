"""A wall clock that jumps under a running server. Monotonic clocks do not: that is what they are for."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from e2e.running import ROOT, Server, running_server

from logos_pxl.wire.signing import signed_headers

KEY = "5a" * 32
BODY = b'{"goal": "BOX(A -> A)"}'
HOUR_S = 3_600
JUMPS_S = (HOUR_S, -HOUR_S, 400 * 24 * HOUR_S, -10 * 365 * 24 * HOUR_S, 0)


class Clock:
    """The server's wall clock."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._file.write_text("0")
        self.server: Server

    def jump(self, away_s: int) -> None:
        """Go to a time that is so far from the true one, and wait until the server is there."""
        new = self._file.with_suffix(".new")
        new.write_text(str(away_s))
        new.replace(self._file)
        ends = time.monotonic() + 30
        while abs(seen_away_s(self.server) - away_s) > 30:
            assert time.monotonic() < ends, "the clock was not moved"
            time.sleep(0.01)


@contextmanager
def server_with_clock(folder: Path, **environment: str) -> Iterator[tuple[Server, Clock]]:
    """A server whose wall clock the test moves."""
    clock = Clock(folder / "clock")
    script = ROOT / "tests" / "support" / "serve_with_clock.py"
    with running_server(folder, script=script, TEST_CLOCK_FILE=str(folder / "clock"), **environment) as server:
        clock.server = server
        yield server, clock


def seen_away_s(server: Server) -> float:
    """How far from the true time the server believes to be."""
    told = datetime.fromisoformat(server.client.get("/health").json()["timestamp"])
    return (told - datetime.now(UTC)) / timedelta(seconds=1)


def test_verdicts_cache_jobs_and_figures_do_not_depend_on_the_clock(tmp_path: Path) -> None:
    """An hour, a year, ten years, forwards and back: the same verdicts, the cache as before, jobs that end, an uptime that only grows."""
    with server_with_clock(tmp_path) as (server, clock):
        server.prove("before -> before")
        uptime_s = 0.0
        for number, away_s in enumerate(JUMPS_S):
            clock.jump(away_s)
            assert server.prove("before -> before").json()["proof_method"] == "cache"
            fresh = server.prove(f"BOX(n{number} -> n{number}) -> n{number}").json()
            assert (fresh["verdict"], fresh["cache_hit"]) == ("invalid", number > 0)
            assert 0 < fresh["latency_ms"] < 30_000
            job = server.client.post("/prove", json={"goal": f"j{number} -> j{number}"}, headers={"Prefer": "respond-async"})
            assert server.client.get(job.headers["Location"], headers={"Prefer": "wait=20"}).json()["status"] == "done"
            figures = server.client.get("/metrics").json()
            assert figures["logos_pxl_verification_ratio_percent"] == 100
            assert uptime_s < figures["logos_pxl_uptime_seconds"] < 1_000
            uptime_s = figures["logos_pxl_uptime_seconds"]
            assert server.healthy()


def test_signatures_follow_the_clock_and_nonces_do_not(tmp_path: Path) -> None:
    """While the clock is wrong, right signatures are outside the window; when it is right again they pass, and what was used stays used."""
    with server_with_clock(tmp_path, ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=KEY) as (server, clock):

        def ask(headers: dict[str, str]) -> tuple[int, str]:
            response = server.client.post("/prove", content=BODY, headers={"Content-Type": "application/json", **headers})
            return response.status_code, response.json().get("detail", "")

        used = signed_headers(KEY, "POST", "/prove", BODY)
        assert ask(used)[0] == 200
        for away_s in (HOUR_S, -HOUR_S):
            clock.jump(away_s)
            assert ask(signed_headers(KEY, "POST", "/prove", BODY)) == (401, "Timestamp outside window")
        clock.jump(0)
        assert ask(signed_headers(KEY, "POST", "/prove", BODY))[0] == 200
        assert ask(used) == (401, "Nonce reused")


def test_the_log_tells_the_times_that_were(tmp_path: Path) -> None:
    """Lines go on through jumps, each with the time that the clock showed, in the order in which things happened."""
    with server_with_clock(tmp_path) as (server, clock):
        for away_s in (0, -400 * 24 * HOUR_S, 0):
            clock.jump(away_s)
            server.prove("told -> told")
        log = server.logs / "access.log"
    years = [int(found) for found in re.findall(r'\[\d\d/\w{3}/(\d{4}):[^]]*\] "POST /prove', log.read_text())]
    assert len(years) == 3
    assert years[0] == years[2] > years[1]
