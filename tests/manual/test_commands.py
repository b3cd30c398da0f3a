"""The operations manual's commands, typed as they stand, against a live server: each gives a true and useful answer."""

import gzip
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from e2e.running import ROOT
from manual.commands import Place, Ran, commands, read, shell_quoted

COMMANDS = commands()
NUMBER = r"-?\d+(?:\.\d+)?"
Check = Callable[[Ran, Place], None]


def run(place: Place, name: str, *, ends: bool = True) -> Ran:
    """Run the manual's command of this name; nothing that it prints may be missing, and no program either."""
    ran = place.run(COMMANDS[name].text, ends=ends)
    # What other processes are called is not ours to judge.
    printed = ran.err if "ps aux" in COMMANDS[name].text else ran.out + ran.err
    for sign in ("null", "N/A", "command not found", "parse error", "syntax error", "jq: error", "Cannot index"):
        assert sign not in printed, ran
    return ran


def document(ran: Ran) -> Any:
    return json.loads(ran.out)


def between(value: object, least: float, most: float) -> None:
    assert isinstance(value, int | float), value
    assert not isinstance(value, bool)
    assert least <= value <= most, value


def told(pattern: str, text: str) -> float:
    """The number that the text tells in this place."""
    found = re.search(pattern.replace("#", f"({NUMBER})"), text)
    assert found is not None, (pattern, text)
    return float(found[1])


def quick_status(ran: Ran, place: Place) -> None:
    assert document(ran) == {"status": "ok", "sessions": 5, "ready": True}


def comprehensive_metrics(ran: Ran, place: Place) -> None:
    found = document(ran)
    assert list(found) == ["verification_ratio", "p95_latency", "cache_hit_rate", "uptime"]
    between(found["verification_ratio"], 94, 100)
    between(found["p95_latency"], 0.01, 300)
    between(found["cache_hit_rate"], 50, 100)
    between(found["uptime"], 0.1, 10_000)


def monitor(ran: Ran, place: Place) -> None:
    line = ran.out.splitlines()[0]
    assert re.match(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \| Verification: ", line)
    between(told("Verification: #%", line), 94, 100)
    between(told("P95: #ms", line), 0.01, 300)
    between(told("Cache: #%", line), 50, 100)
    assert "ALERT" not in ran.out


def daily(ran: Ran, place: Place) -> None:
    assert '"status": "ok"' in ran.out
    assert '"ready": true' in ran.out
    between(told("Verification Ratio: #%", ran.out), 94, 100)
    between(told("P95 Latency: #ms", ran.out), 0.01, 300)
    between(told("Cache Hit Rate: #%", ran.out), 50, 100)
    between(told("Uptime: #s", ran.out), 0.1, 10_000)
    assert re.search(r"Session Pool: \d+/5 busy", ran.out)
    between(told("Cache Size: # entries", ran.out), 1, 1000)
    between(told("Test Latency: #ms", ran.out), 0, 1000)
    assert "Test Result: true" in ran.out
    assert ran.out.endswith("=== Health Check Complete ===\n")


def rotated(ran: Ran, place: Place) -> None:
    assert "Log rotation completed: " in ran.out
    assert ran.err == ""
    (archived,) = (place.folder / "logs" / "archive").glob("pxl-server_*.log.gz")
    lines = gzip.decompress(archived.read_bytes()).decode().splitlines()
    assert sum("POST /prove" in line for line in lines) >= 200
    assert not (place.folder / "logs" / "pxl-server.log").read_text().count("POST /prove") > 50, "the log was not cleared"
    (figures,) = (place.folder / "logs" / "archive").glob("performance_*.json")
    assert "endpoints" in json.loads(figures.read_text())
    # Emptied, and perhaps written again already.
    assert json.loads((place.folder / "logs" / "performance.json").read_text()).keys() <= {"timestamp", "started", "window_s", "endpoints"}
    place.server.prove("after -> after")
    time.sleep(3)
    assert "POST /prove" in (place.folder / "logs" / "pxl-server.log").read_text(), "nothing is logged after the rotation"


def weekly_performance(ran: Ran, place: Place) -> None:
    between(told("Current Session Pool Utilization: #%", ran.out), 0, 100)
    between(told("Cache Hit Rate: #%", ran.out), 50, 100)
    assert "Total Errors This Week: 0" in ran.out
    assert ran.out.endswith("=== Weekly Review Complete ===\n")


def weekly_security(ran: Ran, place: Place) -> None:
    assert "HMAC Authentication: DISABLED" in ran.out
    sources = ran.out.partition("Top Request Sources:")[2].partition("4. SSL/TLS")[0].split()
    assert sources[1] == "127.0.0.1"
    assert int(sources[0]) >= 200
    assert ran.out.endswith("=== Security Audit Complete ===\n")


def monthly(ran: Ran, place: Place) -> None:
    assert told("Current Session Pool Size: #", ran.out) == 5
    assert told(r"Total Requests \(cached\): #", ran.out) >= 200
    between(told("Current P95 Latency: #ms", ran.out), 0.01, 250)
    between(told("Cache Utilization: # entries", ran.out), 1, 1000)
    between(told("Pool Utilization: #%", ran.out), 0, 100)
    assert "=== Capacity Review Complete ===" in ran.out


def is_up(ran: Ran, place: Place) -> None:
    assert json.loads(ran.out.partition("Recovery successful")[0].strip() or "{}")["status"] == "ok"
    assert "SYSTEM DOWN" not in ran.out
    assert "Recovery failed" not in ran.out


def recovered(ran: Ran, place: Place) -> None:
    assert "Recovery successful" in ran.out
    is_up(ran, place)


def no_errors(ran: Ran, place: Place) -> None:
    assert ran.out == "", "there were errors"


def resources(ran: Ran, place: Place) -> None:
    assert "Mem:" in ran.out
    assert "Filesystem" in ran.out
    assert "python" in ran.out


def listening(ran: Ran, place: Place) -> None:
    assert ran.out.count(f"127.0.0.1:{place.server.port}") >= 2


def kernel_sessions(ran: Ran, place: Place) -> None:
    assert len([line for line in ran.out.splitlines() if "coqtop" in line and "grep" not in line]) >= 5


def p95_now(ran: Ran, place: Place) -> None:
    between(document(ran), 0.01, 300)


def pool_now(ran: Ran, place: Place) -> None:
    found = document(ran)
    assert (found["total_sessions"], found["active_sessions"], found["max_pool_size"]) == (5, 5, 5)
    between(found["busy_sessions"], 0, 5)
    between(found["utilization_rate"], 0, 1)


def saturation(ran: Ran, place: Place) -> None:
    between(told("Session pool utilization: #%", ran.out), 0, 90)


def ratio(ran: Ran, place: Place) -> None:
    between(told("Current verification ratio: #%", ran.out), 94, 100)


def basic_test(ran: Ran, place: Place) -> None:
    assert ran.out == "Basic proof test result: true\n"


def five_sessions(ran: Ran, place: Place) -> None:
    assert document(ran) == 5


def acceptance(ran: Ran, place: Place) -> None:
    assert ran.status == 0, ran.out
    assert " passed, 0 failed, " in ran.out


def cache_statistics(ran: Ran, place: Place) -> None:
    found = document(ran)
    between(found["hit_rate"], 50, 100)
    between(found["cache_size"], 1, 1000)
    assert found["hits"] >= 200
    assert found["misses"] >= 3
    assert 1 <= found["prefetch_hits"] <= found["hits"]


def session_statistics(ran: Ran, place: Place) -> None:
    found = document(ran)
    assert found["total"] == 5
    between(found["busy"], 0, 5)
    between(found["utilization"], 0, 100)


def nothing(ran: Ran, place: Place) -> None:
    """It only sets a variable."""
    assert (ran.out, ran.err, ran.status) == ("", "", 0)


def cache_memory(ran: Ran, place: Place) -> None:
    between(told(r"Cache entries: # \(max: 1000\)", ran.out), 1, 950)
    assert ran.err == ""


def connections(ran: Ran, place: Place) -> None:
    assert f":{place.server.port}" in ran.out
    assert "TCP:" in ran.out


def some_requests(ran: Ran, place: Place) -> None:
    count, address = ran.out.splitlines()[0].split()
    assert address == "127.0.0.1"
    assert int(count) >= 200


def abuse(ran: Ran, place: Place) -> None:
    assert told("Requests per hour: #", ran.out) >= 200


def exported(ran: Ran, place: Place) -> None:
    folder = place.folder / "exports" / "logos-pxl"
    assert f"State exported to: {folder}" in ran.out

    def only(pattern: str) -> Path:
        (found,) = folder.glob(pattern)
        return found

    assert json.loads(only("metrics_*.json").read_text())["logos_pxl_session_pool_total"] == 5
    assert json.loads(only("health_*.json").read_text())["ready"] is True
    assert isinstance(json.loads(only("performance_*.json").read_text()), dict)
    assert re.fullmatch(r"[0-9a-f]{64}\n", only("kernel_hash_*.txt").read_text())


def initial_p95(ran: Ran, place: Place) -> None:
    between(told("Initial P95 latency: #ms", ran.out), 0.01, 300)


def quick_health(ran: Ran, place: Place) -> None:
    assert document(ran)["status"] == "ok"


def quick_metrics(ran: Ran, place: Place) -> None:
    found = document(ran)
    between(found["logos_pxl_verification_ratio_percent"], 94, 100)
    assert all(value is not None for value in found.values())


def quick_proof(ran: Ran, place: Place) -> None:
    found = document(ran)
    assert (found["ok"], found["verdict"], found["verified"]) == (True, "valid", True)


def log_lines(ran: Ran, place: Place) -> None:
    assert re.search(r"^127\.0\.0\.1 \S+ INFO POST /prove 200 ", ran.out, re.MULTILINE)


LIVE: dict[str, Check] = {
    "quick status": quick_status,
    "comprehensive metrics": comprehensive_metrics,
    "is it down": is_up,
    "immediate cause": no_errors,
    "recovered": is_up,
    "resources": resources,
    "listening": listening,
    "proof sessions": kernel_sessions,
    "detailed log analysis": no_errors,
    "p95 now": p95_now,
    "pool now": pool_now,
    "pool saturation": saturation,
    "verification ratio": ratio,
    "basic proof test": basic_test,
    "active sessions": five_sessions,
    "verification test": acceptance,
    "cache statistics": cache_statistics,
    "session statistics": session_statistics,
    "pool utilization": nothing,
    "cache memory": cache_memory,
    "connection status": connections,
    "request patterns": some_requests,
    "potential abuse": abuse,
    "recovery verified": recovered,
    "initial performance": initial_p95,
    "quick: health": quick_health,
    "quick: metrics": quick_metrics,
    "quick: proof": quick_proof,
    "quick: integration tests": acceptance,
    "daily_health_check.sh": daily,
    "monthly_capacity_review.sh": monthly,
    "export_state.sh": exported,
    # Last, and in this order: the weekly scripts read what the rotation archives.
    "rotate_logs.sh": rotated,
    "weekly_performance_review.sh": weekly_performance,
    "weekly_security_audit.sh": weekly_security,
}

WATCHED = ("p95 watched", "cache hit rate watched", "quick: performance watched")
ENDLESS: dict[str, Check] = {"monitor_pxl.sh": monitor, "quick: logs": log_lines}
OTHERS = {
    "proof sessions by name",
    "final performance",
    "failed authentication",
    "authentication patterns",
    "HMAC configuration",
    "authentication endpoint",
}


def test_every_command_is_tested() -> None:
    """None is left out, none is tested that the manual does not have."""
    assert set(LIVE) | set(WATCHED) | set(ENDLESS) | OTHERS == set(COMMANDS)


@pytest.mark.parametrize("name", ENDLESS)
def test_a_command_that_goes_on_shows_what_it_is_for(live: Place, name: str) -> None:
    """In its first second."""
    ENDLESS[name](run(live, name, ends=False), live)


@pytest.mark.parametrize("name", WATCHED)
def test_a_watched_figure_is_a_number(live: Place, name: str) -> None:
    """On a terminal, as ``watch`` shows it."""
    shown = live.watched(COMMANDS[name].text)
    # The first line is the command, the third what it prints.
    found = re.search(rf"\x1b\[3;1H({NUMBER})", shown)
    assert found is not None, shown
    between(float(found[1]), 0.01, 300)


@pytest.mark.parametrize("name", LIVE)
def test_a_command_gives_a_true_and_useful_answer(live: Place, name: str) -> None:
    """As it stands in the manual."""
    LIVE[name](run(live, name), live)


def test_improvement_is_computed(live: Place) -> None:
    """The last lines of recover_performance.sh go on from the variable that its first ones set."""
    ran = live.run(COMMANDS["initial performance"].text + "\n" + COMMANDS["final performance"].text)
    between(told("Final P95 latency: #ms", ran.out), 0.01, 300)
    told(
        "Performance improvement: #ms", ran.out.replace("improvement: .", "improvement: 0.").replace("improvement: -.", "improvement: -0.")
    )
    assert "Performance recovery successful" in ran.out


def test_a_service_that_is_down_is_told(live: Place) -> None:
    """The same command, when nobody answers."""
    ran = live.run(COMMANDS["is it down"].text.replace("localhost:8088", "localhost:1"))
    assert "SYSTEM DOWN" in ran.out


def test_refused_signatures_are_counted(secured: Place) -> None:
    """The manual's two greps find them in the log, one line each, with the reason, beside that of the start."""
    count = int(run(secured, "failed authentication").out)
    lines = run(secured, "authentication patterns").out.splitlines()
    refused = [line for line in lines if "HMAC authentication failed: Missing signature" in line]
    assert count == len(refused) >= 3
    assert ["HMAC authentication: ENABLED" in line for line in lines if line not in refused] == [True]


def test_an_unsigned_request_is_401(secured: Place) -> None:
    """As the manual says that it should."""
    before = int(run(secured, "failed authentication").out)
    ran = run(secured, "authentication endpoint")
    assert ran.out.endswith("401\n")
    # Lines are gathered for a moment before they are written.
    time.sleep(1)
    assert int(run(secured, "failed authentication").out) == before + 1


def test_the_configuration_of_signatures_is_seen(secured: Place) -> None:
    """One key, and true."""
    assert run(secured, "HMAC configuration").out == "1\nENABLE_HMAC_AUTH=true\n"


def test_a_secured_service_passes_the_acceptance_run(secured: Place) -> None:
    """With the key of the operator's environment."""
    ran = secured.run(f"python integration_test_suite.py --skip cache --url http://localhost:{secured.server.port}")
    assert ran.status == 0, ran.out
    assert " 0 failed" in ran.out


MEANT = {one["name"]: one for one in read("meant.toml")}


def test_what_is_meant_is_documented() -> None:
    """Each command that is put in another's place stands in docs/manual-differences.md, with the other's heading."""
    page = (ROOT / "docs" / "manual-differences.md").read_text()
    for one in MEANT.values():
        assert one["text"].strip() in page, one["name"]
        assert COMMANDS[one["instead_of"]].section in page


def test_the_performance_of_the_week_is_found(live: Place) -> None:
    """What weekly_performance_review.sh looks for by a file that is named like a date."""
    ran = live.run(MEANT["performance of the last week"]["text"])
    assert re.search(rf"P95: {NUMBER}ms, Calls: \d+", ran.out), ran
    assert "null" not in ran.out


def test_the_errors_of_the_week_are_counted(live: Place) -> None:
    """None, and the command says so once."""
    assert live.run(MEANT["errors of the last week"]["text"]).out == "0\n"


def test_refused_signatures_in_archives_are_counted(secured: Place) -> None:
    """In compressed logs too."""
    rotated_away = secured.run(COMMANDS["rotate_logs.sh"].text)
    assert "Log rotation completed" in rotated_away.out
    assert int(secured.run(MEANT["failed authentication of the last week"]["text"]).out) >= 3


def test_sessions_are_found_by_their_name(live: Place) -> None:
    """As many as there are at least."""
    assert len(live.run(MEANT["sessions of the proof kernel"]["text"]).out.split()) >= 5


def test_the_key_is_counted_once_during_a_rotation(secured: Place) -> None:
    """Also when the old and the new one are in the environment."""
    rotating = Place(
        secured.server, secured.folder, {**secured.environment, "HMAC_SECRET_KEY_OLD": "ab" * 32, "HMAC_SECRET_KEY_NEW": "cd" * 32}
    )
    assert rotating.run(MEANT["keys in the environment"]["text"]).out == "1\n"


def test_a_word_is_quoted_for_the_shell(live: Place) -> None:
    """Whatever is in it."""
    assert live.run(f"printf %s {shell_quoted(chr(39) + ' $x ' + chr(34))}").out == "' $x \""
