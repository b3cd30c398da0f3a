"""Two servers that share one Redis, and what becomes of their clients when it dies."""

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from e2e.asking import GOAL, JSON, ask_signed, problem_type
from e2e.running import Server, running_server, wait_for
from redis_server import PASSWORD, RedisServer, running_redis

from logos_pxl.wire.signing import signed_headers


@contextmanager
def replicas(folder: Path, **environment: str) -> Iterator[tuple[RedisServer, Server, Server]]:
    # A busy machine is no lost Redis.
    environment = {"PXL_REDIS_TIMEOUT_MS": "2000", **environment}
    with ExitStack() as stack:
        redis = stack.enter_context(running_redis(folder))
        servers = []
        for name in ("one", "other"):
            (folder / name).mkdir()
            servers.append(
                stack.enter_context(
                    running_server(folder / name, PXL_POOL_SIZE="1", PXL_POOL_SPARES="0", PXL_REDIS_URL=redis.url, **environment)
                )
            )
        yield redis, servers[0], servers[1]


def wait_for_state(server: Server, state: str, *, within_s: float = 5.0) -> float:
    """Seconds until /health names the state."""
    started = time.monotonic()
    while server.client.get("/health").json()["shared_state"] != state:
        assert time.monotonic() - started < within_s, f"not {state} after {within_s:g} s"
        time.sleep(0.02)
    return time.monotonic() - started


def test_a_goal_proved_on_one_is_a_hit_on_the_other(folder: Path) -> None:
    """Over HTTP too, and the other's own kernel has checked it."""
    with replicas(folder) as (_, one, other):
        assert one.prove("BOX(A -> A)").json()["proof_method"] == "search+kernel"
        answer = other.prove("BOX(A -> A)").json()
        assert (answer["ok"], answer["cache_hit"], answer["proof_method"]) == (True, True, "cache+kernel")
        metrics = other.client.get("/metrics").json()
        assert (metrics["logos_pxl_cache_hits_total"], metrics["logos_pxl_cache_misses_total"]) == (1, 0)


def test_a_nonce_used_on_one_is_refused_on_the_other(folder: Path) -> None:
    """A captured request cannot be replayed on any replica, and not after Redis was killed and started again either."""
    key = secrets.token_hex(32)
    with replicas(folder, ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=key) as (redis, one, other):
        captured = {**JSON, **signed_headers(key, "POST", "/prove", GOAL)}
        assert one.client.post("/prove", content=GOAL, headers=captured).status_code == 200
        for server in (other, one):
            refused = server.client.post("/prove", content=GOAL, headers=captured)
            assert refused.status_code == 401
            assert "Nonce reused" in refused.text
        redis.kill()
        alone = {**JSON, **signed_headers(key, "POST", "/prove", GOAL)}
        assert one.client.post("/prove", content=GOAL, headers=alone).status_code == 200
        assert one.client.post("/prove", content=GOAL, headers=alone).status_code == 401
        redis.start()
        wait_for_state(one, "redis")
        for headers in (captured, alone):
            assert other.client.post("/prove", content=GOAL, headers=headers).status_code == 401
        assert ask_signed(other, key).status_code == 200


def test_a_quota_is_one_for_both(folder: Path) -> None:
    """What a client spends on one replica is gone on the other, and both tell the same remainder."""
    with replicas(folder, RATE_LIMIT_ENABLED="true", RATE_LIMIT_PER_MINUTE="5") as (_, one, other):
        statuses, fields = [], []
        for server in (one, other, one, other, one, other, one):
            response = server.prove("BOX(A -> A)")
            statuses.append(response.status_code)
            fields.append(response.headers["ratelimit"])
        assert statuses == [200] * 5 + [429] * 2
        assert [field.split(";")[1] for field in fields] == [f"r={left}" for left in (4, 3, 2, 1, 0, 0, 0)]
        assert problem_type(other.prove("BOX(A -> A)").content) == "quota-exceeded"


def test_a_redis_that_dies_costs_no_request(folder: Path) -> None:
    """Under load it is killed, started, stopped and continued: every answer is right, health tells, and state is shared again."""
    with replicas(folder, RATE_LIMIT_ENABLED="true", RATE_LIMIT_PER_MINUTE="1000000", PXL_REDIS_TIMEOUT_MS="250") as (redis, one, other):
        answers: list[tuple[int, object, float]] = []
        ended = threading.Event()

        def ask(server: Server, offset: int) -> None:
            number = offset
            while not ended.is_set():
                started = time.monotonic()
                valid = number % 2 == 0
                response = server.prove(f"BOX(a{number} -> {'a' if valid else 'b'}{number})")
                took_s = time.monotonic() - started
                right = response.status_code == 200 and response.json()["verdict"] == ("valid" if valid else "invalid")
                answers.append((response.status_code, right, took_s))
                number += 1

        threads = [threading.Thread(target=ask, args=(server, 1000 * index)) for index, server in enumerate((one, other))]
        for thread in threads:
            thread.start()
        try:
            wait_for(lambda: len(answers) > 20)
            redis.kill()
            for server in (one, other):
                wait_for_state(server, "redis-lost")
            assert one.client.get("/health").json()["status"] == "degraded"
            assert one.client.get("/metrics").json()["logos_pxl_cache_size"] > 0
            redis.start()
            back_s = [wait_for_state(server, "redis") for server in (one, other)]
            redis.pause()
            for server in (one, other):
                wait_for_state(server, "redis-lost")
            redis.resume()
            back_s += [wait_for_state(server, "redis") for server in (one, other)]
        finally:
            ended.set()
            for thread in threads:
                thread.join()
        assert len(answers) > 50
        assert all(right for _, right, _ in answers), [answer for answer in answers if not answer[1]]
        assert max(took_s for _, _, took_s in answers) < 2
        assert max(back_s) < 4
        for server in (one, other):
            log = server.log.read_text()
            assert "Redis is lost" in log
            assert "Redis is back" in log
            assert PASSWORD not in log + "".join(file.read_text() for file in server.logs.iterdir() if file.is_file())
