"""Requests that two readers could take differently: refused, never answered in one of the two ways."""

import json
from pathlib import Path

import pytest
from e2e.asking import GOAL, exchange, problem_type
from e2e.running import Server, running_server

from logos_pxl.wire.signing import signed_headers

HIDDEN = b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n"
"""A request that a smuggler would hide in another's body."""


def prove(*fields: bytes, body: bytes = GOAL, length: bool = True, host: bool = True, target: bytes = b"/prove") -> bytes:
    """A request to prove, with these header fields besides."""
    head = [b"POST " + target + b" HTTP/1.1", b"Content-Type: application/json", *fields]
    if host:
        head.append(b"Host: x")
    if length:
        head.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


SMUGGLED = {
    "two lengths": prove(b"Content-Length: %d" % len(GOAL)),
    "two lengths that differ": prove(b"Content-Length: 5"),
    "a list of lengths": prove(b"Content-Length: %d, %d" % (len(GOAL), len(GOAL)), length=False),
    "a signed length": prove(b"Content-Length: +%d" % len(GOAL), length=False),
    "a hexadecimal length": prove(b"Content-Length: 0x17", length=False),
    "length, then chunks": prove(b"Content-Length: 4", b"Transfer-Encoding: chunked", length=False, body=chunked(GOAL) + HIDDEN),
    "chunks, then length": prove(b"Transfer-Encoding: chunked", b"Content-Length: 4", length=False, body=chunked(GOAL) + HIDDEN),
    "chunked twice": prove(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", length=False, body=chunked(GOAL)),
    "chunked and identity": prove(b"Transfer-Encoding: chunked, identity", length=False, body=chunked(GOAL)),
    "identity and chunked": prove(b"Transfer-Encoding: identity, chunked", length=False, body=chunked(GOAL)),
    "an unknown coding": prove(b"Transfer-Encoding: xchunked", length=False, body=chunked(GOAL)),
    "a space before the colon": prove(b"Transfer-Encoding : chunked", length=False, body=chunked(GOAL)),
    "a folded line": prove(b"Transfer-Encoding:\r\n chunked", length=False, body=chunked(GOAL)),
    "a tab in the coding": prove(b"Transfer-Encoding: \x0bchunked", length=False, body=chunked(GOAL)),
    "a bad chunk length": prove(b"Transfer-Encoding: chunked", length=False, body=b"0x17\r\n" + GOAL + b"\r\n0\r\n\r\n"),
    "a chunk length that is signed": prove(b"Transfer-Encoding: chunked", length=False, body=b"+17\r\n" + GOAL + b"\r\n0\r\n\r\n"),
    "chunks in HTTP/1.0": prove(b"Transfer-Encoding: chunked", length=False, body=chunked(GOAL)).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "bare line feeds": prove(b"X: y\nTransfer-Encoding: chunked"),
    "a bare carriage return": prove(b"X: y\rTransfer-Encoding: chunked"),
    "a NUL in a header": prove(b"X: a\x00b"),
    "an empty header name": prove(b": a"),
}


@pytest.mark.parametrize("request_bytes", SMUGGLED.values(), ids=SMUGGLED.keys())
def test_no_request_hides_in_another(server: Server, request_bytes: bytes) -> None:
    """One answer, a refusal, and the connection is over: what follows is not taken for a request."""
    answers = exchange(server, request_bytes + HIDDEN)
    assert [status for status, _, _ in answers] == [400], answers
    assert problem_type(answers[0][2]) in ("ambiguous-request", "invalid-http")
    assert answers[0][1]["x-request-id"]


@pytest.mark.parametrize(
    "fields",
    [
        (b"Host: y",),
        (b"Content-Type: text/plain",),
        (b"Content-Encoding: identity", b"Content-Encoding: gzip"),
        (b"X-Nonce: 1", b"X-Nonce: 2"),
        (b"X-Timestamp: 1", b"x-timestamp: 1"),
        (b"X-Signature: 1", b"X-SIGNATURE: 1"),
        (b"Authorization: a", b"Authorization: b"),
    ],
)
def test_a_header_that_decides_comes_once(server: Server, fields: tuple[bytes, ...]) -> None:
    """Whether first or last counts would be somebody's guess."""
    [(status, _, body)] = exchange(server, prove(*fields, b"Connection: close"))
    assert (status, problem_type(body)) == (400, "ambiguous-request")
    assert "more than once" in json.loads(body)["detail"]


def test_a_host_is_named(server: Server) -> None:
    """As HTTP/1.1 demands; HTTP/1.0 does not."""
    [(status, _, body)] = exchange(server, prove(b"Connection: close", host=False))
    assert (status, problem_type(body)) == (400, "ambiguous-request")
    [(status, _, _)] = exchange(server, prove(host=False).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert status == 200


@pytest.mark.parametrize(
    "target",
    [
        b"http://x/prove",
        b"HTTP://x/health",
        b"//x/prove",
        b"//prove",
        b"/%70rove",
        b"/prove%2f",
        b"/health/..%2fprove",
        b"/health/../prove",
        b"/./prove",
        b"/prove/.",
        b"/prove/..",
        b"/health/%2e%2e/prove",
        b"/health%2F..%2Fprove",
        b"/prove%00",
        b"/prove%0d%0a",
        b"/prove%",
        b"/prove%2",
        b"/prove%zz",
        b"/prove%252f",
        b"/health\\..\\prove",
        b"/health%5c..%5cprove",
        b"/health/;/../prove",
        b"/prove#health",
        b"prove",
        b"*",
        b"/prov\xc3\xa9",
        b"/prove\x7f",
    ],
)
def test_a_target_has_one_reading(server: Server, target: bytes) -> None:
    """Absolute targets, dot segments, needless encodings and the like are refused, not tidied up."""
    answers = exchange(server, prove(b"Connection: close", target=target))
    assert [status for status, _, _ in answers] == [400], answers
    assert problem_type(answers[0][2]) in ("ambiguous-request", "invalid-http")


def test_plain_requests_are_none_of_this(server: Server) -> None:
    """Chunks, queries, encodings that a name needs, headers that may come twice."""
    for request_bytes in (
        prove(),
        prove(b"Transfer-Encoding: chunked", length=False, body=chunked(GOAL)),
        prove(b"Transfer-Encoding: Chunked", length=False, body=chunked(GOAL)),
        prove(b"X-Forwarded-For: 10.0.0.1", b"X-Forwarded-For: 10.0.0.2", b"Accept: a/b", b"Accept: c/d"),
        prove(target=b"/prove?a=%2e%2e&b=//"),
    ):
        assert [status for status, _, _ in exchange(server, request_bytes)] == [200]
    assert [status for status, _, _ in exchange(server, b"GET /certificates/%C3%A9 HTTP/1.1\r\nHost: x\r\n\r\n")] == [404]


def test_a_path_trick_does_not_open_a_door(folder: Path) -> None:
    """On a server that demands signatures no spelling of an open path leads to a guarded one."""
    key = "5e" * 32
    with running_server(folder, ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=key, PXL_POOL_SIZE="1") as guarded:
        for target in (
            b"/health/../prove",
            b"/health/..%2fprove",
            b"/health/%2e%2e/prove",
            b"/health;/../prove",
            b"http://x/health",
            b"/health/x",
        ):
            for method in (b"GET", b"POST", b"HEAD"):
                for status, _, _ in exchange(guarded, prove(b"Connection: close", target=target).replace(b"POST", method, 1)):
                    assert status in (400, 401, 404), (method, target, status)
        signed = [f"{name}: {value}".encode() for name, value in signed_headers(key, "POST", "/prove", GOAL).items()]
        twice = exchange(guarded, prove(*signed, signed[-1], b"Connection: close"))
        assert [status for status, _, _ in twice] == [400]
        hidden = exchange(guarded, prove(*signed) + prove(b"Connection: close"))
        assert [status for status, _, _ in hidden] == [200, 401]
