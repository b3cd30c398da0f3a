"""Quotas: each client has its own, is told what is left of it, and is told apart from our own lack of room."""

import re
import time
from pathlib import Path

import httpx2
import pytest
from e2e.asking import GOAL, JSON, ask_signed
from e2e.running import Server, running_server


def ask(server: Server, **headers: str) -> httpx2.Response:
    return server.client.post(
        "/prove", content=GOAL, headers={**JSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    )


def told(response: httpx2.Response) -> tuple[int, int]:
    """What is left, and for how many seconds."""
    found = re.fullmatch(r'"default";r=(\d+);t=(\d+)', response.headers["ratelimit"])
    assert found is not None
    return int(found[1]), int(found[2])


def test_a_client_that_passes_its_quota_is_told_when_to_go_on(folder: Path) -> None:
    """429 with Retry-After and the fields of the IETF's draft; health and metrics do not count; the log and the metrics tell."""
    with running_server(folder, RATE_LIMIT_ENABLED="true", RATE_LIMIT_PER_MINUTE="5", PXL_POOL_SIZE="1") as server:
        answers = [ask(server) for _ in range(7)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
        assert [told(answer)[0] for answer in answers] == [4, 3, 2, 1, 0, 0, 0]
        assert all(0 < told(answer)[1] <= 60 for answer in answers)
        assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"default";q=5;w=60'}
        refused = answers[-1]
        assert refused.json()["type"] == "urn:pxl:problem:quota-exceeded"
        assert refused.headers["retry-after"] == str(told(refused)[1])
        assert "retry-after" not in answers[0].headers
        for _ in range(10):
            assert server.client.get("/health").status_code == 200
        assert "rate_limited_total 2.0" in server.client.get("/metrics", headers={"Accept": "text/plain"}).text
        time.sleep(0.2)
        assert len(re.findall(r"WARNING POST /prove 429 .*: over its quota$", server.log.read_text(), re.MULTILINE)) == 2


def test_clients_behind_a_trusted_proxy_have_a_quota_each(folder: Path) -> None:
    """The address counts that the nearest proxy saw; what a client writes of itself does not."""
    environment = {"RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_PER_MINUTE": "2", "PXL_TRUSTED_PROXIES": "127.0.0.0/8, 10.0.0.0/8"}
    with running_server(folder, PXL_POOL_SIZE="1", **environment) as server:
        assert [ask(server, X_Forwarded_For="203.0.113.1").status_code for _ in range(3)] == [200, 200, 429]
        assert [ask(server, X_Forwarded_For="203.0.113.2").status_code for _ in range(3)] == [200, 200, 429]
        # Another proxy of ours stands between; the client's own claims stand on the left.
        assert ask(server, X_Forwarded_For="198.51.100.7, 203.0.113.1, 10.1.1.1").status_code == 429
        assert ask(server, X_Forwarded_For="203.0.113.1, 203.0.113.3").status_code == 200
        # One client has a whole network of IPv6 addresses.
        assert [ask(server, X_Forwarded_For=f"2001:db8::{number}").status_code for number in range(3)] == [200, 200, 429]
        assert ask(server, X_Forwarded_For="2001:db8:0:1::1").status_code == 200
        time.sleep(0.2)
        first_words = {line.split()[0] for line in (server.logs / "access.log").read_text().splitlines() if "POST" in line}
        assert {"203.0.113.1", "203.0.113.2", "203.0.113.3", "2001:db8::1"} <= first_words


def test_nobody_else_is_believed(folder: Path) -> None:
    """Without trusted proxies X-Forwarded-For is a header like any other."""
    with running_server(folder, RATE_LIMIT_ENABLED="true", RATE_LIMIT_PER_MINUTE="2", PXL_POOL_SIZE="1") as server:
        assert [ask(server, X_Forwarded_For=f"203.0.113.{number}").status_code for number in range(3)] == [200, 200, 429]


def test_a_key_may_have_the_quota(folder: Path) -> None:
    """With PXL_RATE_LIMIT_BY=key the signature's key counts; who signs wrongly uses up nobody's quota."""
    current, new = "c0" * 32, "ae" * 32
    keys = {"ENABLE_HMAC_AUTH": "true", "HMAC_SECRET_KEY": current, "HMAC_SECRET_KEY_NEW": new}
    with running_server(
        folder, PXL_POOL_SIZE="1", RATE_LIMIT_ENABLED="true", RATE_LIMIT_PER_MINUTE="2", PXL_RATE_LIMIT_BY="key", **keys
    ) as server:
        assert [ask_signed(server, "ff" * 32).status_code for _ in range(5)] == [401] * 5
        assert [ask_signed(server, current).status_code for _ in range(3)] == [200, 200, 429]
        assert ask_signed(server, new).status_code == 200


@pytest.mark.parametrize("value", ["0", "-1", "many"])
def test_a_quota_that_is_none_ends_the_start(folder: Path, value: str) -> None:
    """The message names the variable."""
    with pytest.raises(AssertionError, match=f"RATE_LIMIT_PER_MINUTE='{value}'"), running_server(folder, RATE_LIMIT_PER_MINUTE=value):
        pass
