"""Lines of requests: one in access.log, at most one in pxl-server.log, whatever a client chose."""

import json
import logging
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from log_history import Told, lines_of, request

from logos_pxl.logs.formats import escaped, iso

ID = "b" * 32
NOW = 1_767_225_600.25
LOOKED = {"method": "GET", "path": b"/x", "endpoint": "/x"}


def one(form: str, told: Told, *, now: float = NOW) -> tuple[str, str]:
    """What both logs get of one request."""
    access, server = lines_of(form, [(now, told)])
    return access.decode(), server.decode()


def test_a_request_in_text() -> None:
    """The combined log format, then duration and id; in pxl-server.log neither sizes nor durations."""
    told = request("10.0.0.1", ms=1.005) | {"key": "current", "user_agent": b"curl/7.88.1", "body_bytes": 594}
    assert one("text", told) == (
        f'10.0.0.1 - current [01/Jan/2026:00:00:00 +0000] "POST /prove HTTP/1.1" 200 594 "-" "curl/7.88.1" 1.00ms {ID}\n',
        "10.0.0.1 2026-01-01T00:00:00Z INFO POST /prove 200 request_id=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb HMAC key=current\n",
    )


def test_a_refused_request_in_text() -> None:
    """What is empty is left out, or is a dash where the format has a place for it."""
    told = request("10.0.0.1", status=401, ms=0, remark="why") | LOOKED | {"user_agent": b""}
    assert one("text", told) == (
        '10.0.0.1 - - [01/Jan/2026:00:00:00 +0000] "GET /x HTTP/1.1" 401 100 "-" "-" 0.00ms bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n',
        "10.0.0.1 2026-01-01T00:00:00Z WARNING GET /x 401 request_id=bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb: why\n",
    )


def test_a_request_in_json() -> None:
    """The same as objects."""
    access, server = one("json", request("10.0.0.1", status=503, ms=1.2345678, remark="why"))
    both = {"client": "10.0.0.1", "timestamp": "2026-01-01T00:00:00Z", "status": 503, "key": None, "request_id": ID}
    assert json.loads(access) == both | {
        "event": "request",
        "method": "POST",
        "path": "/prove",
        "http_version": "1.1",
        "body_bytes": 100,
        "duration_ms": 1.235,
        "user_agent": "t",
    }
    assert json.loads(server) == both | {"level": "WARNING", "event": "POST /prove", "remark": "why"}


@given(st.floats(0, 4e9))
def test_both_logs_tell_the_time_of_the_request(now: float) -> None:
    """To the second in access.log; in pxl-server.log as records do."""
    access, server = one("text", request(), now=now)
    assert f"[{datetime.fromtimestamp(int(now), UTC):%d/%b/%Y:%H:%M:%S} +0000]" in access
    assert server.split()[1] == iso(now)


@pytest.mark.parametrize(
    ("status", "method", "level"),
    [
        (200, "POST", "INFO"),
        (400, "POST", "INFO"),
        (401, "GET", "WARNING"),
        (429, "GET", "WARNING"),
        (500, "GET", "ERROR"),
        (503, "POST", "WARNING"),
    ],
)
def test_the_level_of_a_request_is_that_of_its_status(status: int, method: str, level: str) -> None:
    """Whose fault it is decides; requests that only look are told in access.log alone."""
    told = [(NOW, request(status=status) | {"method": method}), (NOW, request() | LOOKED)]
    access, server = lines_of("text", told)
    assert access.count(b"\n") == 2
    assert [line.split()[2].decode() for line in server.splitlines()] == [level]
    access, server = lines_of("text", told, level=logging.CRITICAL)
    assert (access.count(b"\n"), server) == (2, b"")


@pytest.mark.parametrize("form", ["text", "json"])
@given(path=st.binary(max_size=400), agent=st.binary(max_size=400), note=st.text(max_size=400))
def test_what_a_client_chose_stays_in_its_line(form: str, path: bytes, agent: bytes, note: str) -> None:
    """In both logs and both forms, escaped as records are, and lines are bounded."""
    for line in one(form, request(remark=note) | {"path": path, "user_agent": agent}):
        assert line.endswith("\n")
        assert len(line.splitlines()) == 1
        assert len(line.encode()) < 12_000
        if form == "json":
            shown = json.loads(line)
            if "path" in shown:
                assert (shown["path"], shown["user_agent"]) == (
                    escaped(path[:256].decode("latin-1")),
                    escaped(agent[:160].decode("latin-1")),
                )
        elif "HTTP/1.1" in line:
            assert re.fullmatch(r'\S+ - - \[[^]]+\] "POST [^ "]* HTTP/1\.1" 200 100 "-" "(?:[^"\\]|\\.)*" \S+ms b{32}\n', line), line
