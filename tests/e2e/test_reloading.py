"""SIGHUP: keys, quotas and the log's level change while requests run, and nothing is lost."""

import contextlib
import os
import signal
import time
from pathlib import Path

from e2e.asking import GOAL, JSON, ask_signed
from e2e.loading import Load
from e2e.running import Server, running_server, wait_for

FIRST, SECOND = "1a" * 32, "2b" * 32


def told(server: Server, text: str, *, within_s: float = 10.0) -> bool:
    """Whether the server's log holds ``text`` soon."""
    with contextlib.suppress(AssertionError):
        wait_for(lambda: text in server.log.read_text(), within_s=within_s)
    return text in server.log.read_text()


def answered(load: Load, more: int) -> None:
    """Wait until ``more`` requests were answered, however they were."""
    wanted = load.statuses.total() + more
    wait_for(lambda: load.statuses.total() >= wanted)


def reload(server: Server, env_file: Path, *lines: str, says: str) -> None:
    """Write the environment file, send SIGHUP, and wait until the log says so."""
    env_file.write_text("".join(f"{line}\n" for line in lines))
    server.process.send_signal(signal.SIGHUP)
    assert told(server, says), server.log.read_text()


def test_keys_are_rotated_under_load_without_a_refused_request(folder: Path) -> None:
    """Old key, both keys, new key: clients that change over in between are answered all along, each request once and in the log."""
    env_file = folder / "env"
    env_file.write_text(f"ENABLE_HMAC_AUTH=true\nHMAC_SECRET_KEY={FIRST}\n")
    with running_server(folder, PXL_ENV_FILE=str(env_file), PXL_POOL_SIZE="1") as server:
        with Load(server, key=FIRST) as load:
            answered(load, 50)
            reload(
                server,
                env_file,
                "ENABLE_HMAC_AUTH=true",
                f"HMAC_SECRET_KEY={FIRST}",
                f"HMAC_SECRET_KEY_NEW={SECOND}",
                says="HMAC_SECRET_KEY_NEW",
            )
            load.key = SECOND
            answered(load, 50)
            reload(
                server,
                env_file,
                "ENABLE_HMAC_AUTH=true",
                f"HMAC_SECRET_KEY={SECOND}",
                f"HMAC_SECRET_KEY_OLD={FIRST}",
                says="HMAC_SECRET_KEY, HMAC_SECRET_KEY_NEW, HMAC_SECRET_KEY_OLD",
            )
            answered(load, 50)
            assert ask_signed(server, FIRST).status_code == 200
            reload(server, env_file, "ENABLE_HMAC_AUTH=true", f"HMAC_SECRET_KEY={SECOND}", says="in force from now on: HMAC_SECRET_KEY_OLD")
            answered(load, 50)
        assert set(load.statuses) == {200}
        assert load.statuses[200] > 100
        assert ask_signed(server, FIRST).status_code == 401
        # 1 was asked by hand with the old key, 1 has just been refused.
        metrics = server.client.get("/metrics", headers={"Accept": "text/plain"}).text
        counts = {
            key: int(float(line.split()[-1]))
            for key in ("current", "new", "old")
            for line in metrics.splitlines()
            if f'key="{key}"' in line and "total{" in line
        }
        assert sum(counts.values()) == load.statuses[200] + 1
        assert counts["current"] > 0 < counts["new"]
        assert counts["old"] == 1
        assert FIRST not in server.log.read_text()
        assert SECOND not in server.log.read_text()


def test_a_file_that_is_also_in_the_environment_is_read_again(folder: Path) -> None:
    """Service managers copy the file into the environment; the copy does not hide the next version of the file."""
    env_file = folder / "env"
    env_file.write_text(f"ENABLE_HMAC_AUTH=true\nHMAC_SECRET_KEY={FIRST}\n")
    copied = {"ENABLE_HMAC_AUTH": "true", "HMAC_SECRET_KEY": FIRST}
    with running_server(folder, PXL_ENV_FILE=str(env_file), PXL_POOL_SIZE="1", **copied) as server:
        assert ask_signed(server, FIRST).status_code == 200
        reload(server, env_file, "ENABLE_HMAC_AUTH=true", f"HMAC_SECRET_KEY={SECOND}", says="in force from now on: HMAC_SECRET_KEY")
        assert ask_signed(server, SECOND).status_code == 200
        assert ask_signed(server, FIRST).status_code == 401


def test_a_broken_file_changes_nothing(folder: Path) -> None:
    """Whether it cannot be parsed, holds a wrong value, takes away the last key, or is gone; the log says what, and shows no key."""
    env_file = folder / "env"
    good = f"ENABLE_HMAC_AUTH=true\nHMAC_SECRET_KEY={FIRST}\nLOG_LEVEL=INFO\n"
    env_file.write_text(good)
    with running_server(folder, PXL_ENV_FILE=str(env_file), PXL_POOL_SIZE="1") as server:
        for broken, says in (
            (f"{good}a line of {SECOND}\n", "line 4: not a NAME=value line"),
            (f"{good}RATE_LIMIT_PER_MINUTE=none\n", "RATE_LIMIT_PER_MINUTE='none'"),
            (f"ENABLE_HMAC_AUTH=true\nHMAC_SECRET_KEY={SECOND[:32]}\n", "HMAC_SECRET_KEY=(hidden): it has 128 bits"),
            ("ENABLE_HMAC_AUTH=true\n", "HMAC_SECRET_KEY is not set"),
        ):
            env_file.write_text(broken)
            server.process.send_signal(signal.SIGHUP)
            assert told(server, says), server.log.read_text()
            assert ask_signed(server, FIRST).status_code == 200
            assert ask_signed(server, SECOND).status_code == 401
        env_file.unlink()
        server.process.send_signal(signal.SIGHUP)
        assert told(server, "PXL_ENV_FILE")
        assert ask_signed(server, FIRST).status_code == 200
        text = server.log.read_text()
        assert text.count("ERROR service.reloading: SIGHUP: the configuration cannot be read, and nothing of it was changed") == 5
        assert SECOND[:32] not in text


def test_level_and_quota_change_at_once_and_the_rest_is_told(folder: Path) -> None:
    """What needs a restart is named, each time until it happens."""
    env_file = folder / "env"
    env_file.write_text("")
    with running_server(folder, PXL_ENV_FILE=str(env_file), PXL_POOL_SIZE="1") as server:
        changes = ("LOG_LEVEL=WARN", "RATE_LIMIT_ENABLED=true", "RATE_LIMIT_PER_MINUTE=3", "PXL_CACHE_TTL=7", "PXL_CASHE_TTL=8")
        reload(server, env_file, *changes, says="changed, but in force only after a restart: PXL_CACHE_TTL")
        assert told(server, f"PXL_CASHE_TTL ({env_file}) is not a variable of this service and is ignored; did you mean PXL_CACHE_TTL?")
        statuses = [server.client.post("/prove", content=GOAL, headers=JSON).status_code for _ in range(4)]
        assert statuses == [200] * 3 + [429]
        assert told(server, "WARNING POST /prove 429")
        assert "POST /prove 200" not in server.log.read_text().rpartition("after a restart")[2]
        reload(server, env_file, "PXL_CACHE_TTL=7", says="in force from now on: LOG_LEVEL, RATE_LIMIT_ENABLED, RATE_LIMIT_PER_MINUTE")
        assert server.log.read_text().count("in force only after a restart: PXL_CACHE_TTL") == 2
        assert server.client.post("/prove", content=GOAL, headers=JSON).status_code == 200


def test_many_signals_at_once_are_no_trouble(folder: Path) -> None:
    """Also while requests run."""
    with running_server(folder, PXL_POOL_SIZE="1") as server:
        with Load(server) as load:
            for _ in range(50):
                os.kill(server.process.pid, signal.SIGHUP)
                time.sleep(0.01)
        assert set(load.statuses) == {200}
        assert server.healthy()
