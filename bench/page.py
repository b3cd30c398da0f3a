"""The page in a real browser: what its first load costs, and how soon after the pause a verdict is there.

The browser is Debian's, headless, on the same machine as the server, with a new profile for each load, so that nothing is cached. The page
itself marks when it can be used (``ready``); the verdict is timed in the page, from the event of typing to the drawn heading.
"""

from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from bench.figures import median, percentile
from bench.machine import Machine
from bench.reporting import Floor, Part, Table
from bench.server import serving
from bench.small_goals import small_goals

_CHROMIUM = "/usr/bin/chromium"
_ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
_LOADS, _GOALS = 20, 100
_PAUSE_MS = 300
_FLOOR_BYTES, _FLOOR_READY_MS, _FLOOR_VERDICT_MS = 200_000, 1_000.0, 100.0

_TIME_VERDICT = """(goal) => new Promise((done) => {
    const field = document.getElementById("goal");
    const result = document.getElementById("result");
    field.value = "";
    field.dispatchEvent(new Event("input"));
    new MutationObserver((_, observer) => {
        const heading = result.querySelector(".verdict.valid h2, .verdict.invalid h2");
        if (!heading) return;
        observer.disconnect();
        requestAnimationFrame(() => done({ verdict: heading.textContent, ms: performance.now() - started }));
    }).observe(result, { childList: true, subtree: true });
    field.value = goal;
    const started = performance.now();
    field.dispatchEvent(new Event("input"));
})"""


def measure(machine: Machine, *, quick: bool) -> Part:
    """Load the page, and ask goals on it. Raises ServerNotStarted."""
    loads_wanted, goals_wanted = (5, 20) if quick else (_LOADS, _GOALS)
    with serving() as served, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=list(_ARGUMENTS))
        address = f"http://127.0.0.1:{served.port}/"
        _load(browser, address)  # the browser's own first start is no part of it
        loads = [_load(browser, address) for _ in range(loads_wanted)]
        verdicts = _verdicts(browser, address, small_goals(goals_wanted))
        browser.close()
    after_pause = [row["ms"] - _PAUSE_MS for row in verdicts]
    received, ready = [load["bytes"] for load in loads], [load["ready_ms"] for load in loads]
    return Part(
        name="page",
        title="The page in headless Chromium",
        measured_on=machine.sentence(),
        remarks=[
            f"{loads_wanted} first loads, each with an empty cache; bytes are those over the wire, heads included.",
            f"{goals_wanted} different small goals; the pause after the last key is {_PAUSE_MS} ms, and the time counts from its end.",
            f"Browser and server share {machine.cores} cores.",
        ],
        floors=[
            Floor("bytes of the first load", f"{_FLOOR_BYTES}", f"{max(received):.0f}", max(received) < _FLOOR_BYTES),
            Floor("until it can be used, median", f"{_FLOOR_READY_MS:.0f} ms", f"{median(ready):.0f} ms", median(ready) < _FLOOR_READY_MS),
            Floor(
                "from the pause to the verdict, p95",
                f"{_FLOOR_VERDICT_MS:.0f} ms",
                f"{percentile(after_pause, 95):.1f} ms",
                percentile(after_pause, 95) < _FLOOR_VERDICT_MS,
            ),
        ],
        findings=[],
        tables=[_table(received, ready, after_pause)],
        rows=[*loads, *verdicts],
    )


def _load(browser: Browser, address: str) -> dict[str, Any]:
    """One first load: bytes, requests, and the milliseconds until the page marks itself ready and until the first paint."""
    with browser.new_context() as context:
        page = context.new_page()
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        received: list[float] = []
        network.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))
        page.goto(address)
        page.wait_for_load_state("networkidle")
        ready_ms = page.evaluate("() => performance.getEntriesByName('ready')[0].startTime")
        paint_ms = page.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null")
        return {"bytes": sum(received), "requests": len(received), "ready_ms": ready_ms, "paint_ms": paint_ms}


def _verdicts(browser: Browser, address: str, goals: Sequence[str]) -> list[dict[str, Any]]:
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(address)
        return [{"goal": goal, **page.evaluate(_TIME_VERDICT, goal)} for goal in goals]


def _table(received: Sequence[float], ready: Sequence[float], after_pause: Sequence[float]) -> Table:
    rows = [
        [name, *(percentile(values, percent) for percent in (50, 95)), max(values)]
        for name, values in (("first load, bytes", received), ("until it can be used, ms", ready), ("pause to verdict, ms", after_pause))
    ]
    return Table("What people wait for", ["", "p50", "p95", "most"], rows)
