"""Signed requests: who holds a key passes once, nobody else passes at all."""

import re
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.asking import GOAL, JSON, ask_signed
from e2e.running import Server, running_server

from logos_pxl.wire.signing import signed_headers

CURRENT, NEW, OLD = "c0" * 32, "ae" * 32, "0d" * 32
STRANGE = "ff" * 32
NONCE = "nonce-of-this-test-"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that demands signatures, with three keys."""
    keys = {"HMAC_SECRET_KEY": CURRENT, "HMAC_SECRET_KEY_NEW": NEW, "HMAC_SECRET_KEY_OLD": OLD}
    with running_server(tmp_path_factory.mktemp("guarded"), ENABLE_HMAC_AUTH="true", PXL_POOL_SIZE="1", **keys) as started:
        yield started


def refused(response: object, reason: str) -> None:
    """401, and nothing in it beyond the reason."""
    assert response.status_code == 401, response.text  # type: ignore[attr-defined]
    assert response.json() == {  # type: ignore[attr-defined]
        "type": "urn:pxl:problem:unauthenticated",
        "title": "The request is not authenticated",
        "status": 401,
        "detail": reason,
        "reason": reason.lower().replace(" ", "-"),
    }
    assert response.headers["www-authenticate"] == "HMAC-SHA256"  # type: ignore[attr-defined]


def send(server: Server, headers: dict[str, str], *, method: str = "POST", target: str = "/prove", body: bytes = GOAL) -> object:
    return server.client.request(method, target, content=body, headers={**JSON, **headers})


@pytest.mark.parametrize("key", [CURRENT, NEW, OLD])
def test_each_key_is_accepted(guarded: Server, key: str) -> None:
    """The current key, the coming one and the one that goes."""
    assert ask_signed(guarded, key).json()["verdict"] == "valid"
    assert ask_signed(guarded, key, target="/countermodel", body=b'{"goal": "A"}').json()["exists"] is True
    assert ask_signed(guarded, key, method="GET", target=f"/certificates/{'0' * 64}?format=v", body=b"").status_code == 404


def test_another_key_is_not(guarded: Server) -> None:
    """Nor is the text of a key in place of its bytes."""
    refused(ask_signed(guarded, STRANGE), "Invalid signature")
    refused(ask_signed(guarded, CURRENT.encode().hex()), "Invalid signature")


def test_without_a_signature_nothing_is_answered(guarded: Server) -> None:
    """None of the three headers may be missing or empty, at any door."""
    refused(send(guarded, {}), "Missing signature")
    whole = signed_headers(CURRENT, "POST", "/prove", GOAL)
    for name in whole:
        refused(send(guarded, {other: value for other, value in whole.items() if other != name}), "Missing signature")
        refused(send(guarded, {**whole, name: ""}), "Missing signature")
    for method, target in [("POST", "/countermodel"), ("GET", f"/certificates/{'0' * 64}"), ("GET", "/nothing"), ("OPTIONS", "/prove")]:
        refused(send(guarded, {}, method=method, target=target), "Missing signature")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"method": "PUT"}, "Invalid signature"),
        ({"target": "/countermodel"}, "Invalid signature"),
        ({"target": "/prove?"}, "Invalid signature"),
        ({"target": "/prove?a=b"}, "Invalid signature"),
        ({"body": GOAL + b" "}, "Invalid signature"),
        ({"body": GOAL.replace(b"A", b"B")}, "Invalid signature"),
        ({"body": b""}, "Invalid signature"),
        ({"X-Timestamp": 1}, "Invalid signature"),
        ({"X-Timestamp": -1}, "Invalid signature"),
        ({"X-Nonce": "another-nonce-of-this-test"}, "Invalid signature"),
        ({"X-Signature": "0" * 64}, "Invalid signature"),
    ],
)
def test_each_part_is_signed(guarded: Server, changed: dict[str, object], reason: str) -> None:
    """Whatever is changed after signing, the signature does not fit any more."""
    headers = signed_headers(CURRENT, "POST", "/prove", GOAL)
    for name, value in changed.items():
        if isinstance(value, int):
            headers[name] = str(int(headers[name]) + value)
        elif name in headers:
            headers[name] = str(value)
    parts = {name: value for name, value in changed.items() if name in ("method", "target", "body")}
    refused(send(guarded, headers, **parts), reason)  # type: ignore[arg-type]


def test_every_bit_of_a_signature_counts(guarded: Server) -> None:
    """One bit, at either end or in the middle."""
    headers = signed_headers(CURRENT, "POST", "/prove", GOAL)
    right = headers["X-Signature"]
    for place in (0, 31, 63):
        wrong = right[:place] + f"{int(right[place], 16) ^ 1:x}" + right[place + 1 :]
        refused(send(guarded, {**headers, "X-Signature": wrong}), "Invalid signature")
    for form in (right.upper(), right[:-1], right + "0", f"{right} x", f"{right},{right}", f"sha256={right}", "é" * 64):
        refused(send(guarded, {**headers, "X-Signature": form.encode("utf-8")}), "Invalid signature")  # type: ignore[dict-item]
    assert send(guarded, headers).status_code == 200  # type: ignore[attr-defined]


@pytest.mark.parametrize("away_s", [-3600, -62, 62, 3600])
def test_a_request_outside_the_window_is_refused(guarded: Server, away_s: int) -> None:
    """Sixty seconds either way, and its signature is not even looked at."""
    refused(ask_signed(guarded, CURRENT, timestamp_s=int(time.time()) + away_s), "Timestamp outside window")
    refused(ask_signed(guarded, STRANGE, timestamp_s=int(time.time()) + away_s), "Timestamp outside window")


@pytest.mark.parametrize("away_s", [-57, 0, 57])
def test_a_request_within_the_window_is_answered(guarded: Server, away_s: int) -> None:
    """A client's clock may be wrong by a minute."""
    assert ask_signed(guarded, CURRENT, timestamp_s=int(time.time()) + away_s).status_code == 200


@pytest.mark.parametrize("timestamp", ["now", "1e9", "-1", "0x6", "١٢٣٤٥٦٧٨٩٠", "9" * 400, "1,2", "17e8"])
def test_a_timestamp_that_is_none_is_outside_the_window(guarded: Server, timestamp: str) -> None:
    """Whole seconds in ASCII digits are wanted."""
    headers = signed_headers(CURRENT, "POST", "/prove", GOAL)
    refused(send(guarded, {**headers, "X-Timestamp": timestamp.encode("utf-8")}), "Timestamp outside window")  # type: ignore[dict-item]


def test_a_nonce_is_good_once(guarded: Server) -> None:
    """The same request again, or another one with the same nonce, whichever key signs it."""
    assert ask_signed(guarded, CURRENT, nonce=NONCE + "once").status_code == 200
    refused(ask_signed(guarded, CURRENT, nonce=NONCE + "once"), "Nonce reused")
    refused(ask_signed(guarded, NEW, nonce=NONCE + "once", target="/countermodel"), "Nonce reused")
    refused(ask_signed(guarded, CURRENT, nonce=NONCE + "once", timestamp_s=int(time.time()) + 50), "Nonce reused")


def test_strangers_use_up_no_nonces(guarded: Server) -> None:
    """Who cannot sign can neither spoil a nonce nor learn whether it was used."""
    headers = signed_headers(STRANGE, "POST", "/prove", GOAL, nonce=NONCE + "spoiled")
    refused(send(guarded, headers), "Invalid signature")
    assert ask_signed(guarded, CURRENT, nonce=NONCE + "spoiled").status_code == 200
    refused(send(guarded, signed_headers(STRANGE, "POST", "/prove", GOAL, nonce=NONCE + "spoiled")), "Invalid signature")


def test_of_many_copies_at_once_one_is_answered(guarded: Server) -> None:
    """There is no gap between looking for a nonce and claiming it."""
    headers = {**JSON, **signed_headers(CURRENT, "POST", "/prove", GOAL)}
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(guarded.client.post("/prove", content=GOAL, headers=headers).status_code))
        for _ in range(24)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [401] * 23


def test_a_body_in_pieces_is_signed_as_a_whole(guarded: Server) -> None:
    """Chunks are no part of what is signed."""
    headers = {**JSON, **signed_headers(CURRENT, "POST", "/prove", GOAL)}
    assert guarded.client.post("/prove", content=iter([GOAL[:5], GOAL[5:]]), headers=headers).status_code == 200
    headers = {**JSON, **signed_headers(CURRENT, "POST", "/prove", GOAL)}
    refused(guarded.client.post("/prove", content=iter([GOAL[:5], GOAL[6:]]), headers=headers), "Invalid signature")


def test_a_body_that_is_too_large_is_not_read_whole(guarded: Server) -> None:
    """The bound holds before the signature can be checked."""
    body = b" " * 1_048_577
    response = guarded.client.post("/prove", content=body, headers={**JSON, **signed_headers(CURRENT, "POST", "/prove", body)})
    assert response.status_code == 413


def test_open_paths_are_open_for_reading_only(guarded: Server) -> None:
    """Health, metrics and the page need no signature; whatever is not GET or HEAD does, and what only looks like them does too."""
    for path in ("/health", "/health/live", "/metrics", "/openapi.json"):
        assert guarded.client.get(path).status_code == 200
        assert guarded.client.head(path).status_code in (200, 405)
        refused(guarded.client.post(path), "Missing signature")
    for path in ("/healthy", "/health?/prove", "/Health", "/metricsx", "/openapi.json/"):
        response = guarded.client.get(path)
        assert response.status_code == (200 if path.startswith("/health?") else 401)


def test_what_failed_is_in_the_log_as_the_manual_reads_it(guarded: Server) -> None:
    """The manual's greps count each refusal once, find the reason, and no line shows a key or a signature."""
    log = guarded.logs / "pxl-server.log"

    def count(pattern: str) -> int:
        ran = subprocess.run(["grep", "-c", pattern, str(log)], capture_output=True, text=True, check=False)
        return int(ran.stdout)

    time.sleep(3)
    before = {
        pattern: count(pattern) for pattern in (r"401\|Invalid signature", r"401\|Invalid signature\|Timestamp", r"X-Signature\|HMAC")
    }
    signature = signed_headers(STRANGE, "POST", "/prove", GOAL)
    send(guarded, signature)
    ask_signed(guarded, CURRENT, timestamp_s=1_700_000_000)
    send(guarded, {})
    assert ask_signed(guarded, CURRENT).status_code == 200
    time.sleep(3)
    assert count(r"401\|Invalid signature") - before[r"401\|Invalid signature"] == 3
    assert count(r"401\|Invalid signature\|Timestamp") - before[r"401\|Invalid signature\|Timestamp"] == 3
    assert count(r"X-Signature\|HMAC") - before[r"X-Signature\|HMAC"] == 4
    text = log.read_text()
    for reason in ("Invalid signature; X-Signature fits no key", "Timestamp outside window; X-Timestamp is ", "Missing signature; "):
        assert f"HMAC authentication failed: {reason}" in text
    assert re.search(r"^127\.0\.0\.1 \S+ INFO POST /prove 200 request_id=\S+ HMAC key=current$", text, re.MULTILINE)
    everything = text + (guarded.logs / "access.log").read_text() + guarded.log.read_text()
    for secret in (CURRENT, NEW, OLD, signature["X-Signature"], signature["X-Nonce"]):
        assert secret not in everything


def test_metrics_tell_which_key_was_used(guarded: Server) -> None:
    """An operator sees when the old key is used no more."""
    text = guarded.client.get("/metrics", headers={"Accept": "text/plain"}).text
    for key in ("current", "new", "old"):
        assert re.search(rf'authentications_total{{key="{key}"}} [1-9]', text), text


@pytest.mark.parametrize("key", ["abc", "00" * 31, "zz" * 32, "0" * 63, "0" * 65])
def test_a_weak_key_ends_the_start(folder: Path, key: str) -> None:
    """The message names the variable and what would do, and does not show the key; the log says so too."""
    with (
        pytest.raises(AssertionError, match="HMAC_SECRET_KEY") as ended,
        running_server(folder, ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=key),
    ):
        pass
    assert "status 2" in str(ended.value)
    assert "openssl rand -hex 32" in str(ended.value)
    assert key not in str(ended.value).replace("256", "")
    assert "CRITICAL" in (folder / "logs" / "pxl-server.log").read_text()


def test_signatures_without_any_key_end_the_start(folder: Path) -> None:
    """It is never off by mistake."""
    with (
        pytest.raises(AssertionError, match="HMAC_SECRET_KEY is not set, and ENABLE_HMAC_AUTH=true"),
        running_server(folder, ENABLE_HMAC_AUTH="true"),
    ):
        pass
