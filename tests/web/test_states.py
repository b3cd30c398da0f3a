"""When there is no verdict: time that runs out, refusals, a service that is gone or wants signatures. And every state is for everybody."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from e2e.running import HARD, Server, running_server
from playwright.sync_api import Page, expect
from web.conftest import OpenPage
from web.pages import INVALID, VALID, asked, field, paste_goal, verdict

KEY = "5a" * 32


def test_a_goal_that_takes_too_long_is_unknown_with_advice(page: Page) -> None:
    """First that it is being decided, then why there is no verdict; more time can be given, and taken back."""
    paste_goal(page, HARD)
    verdict(page, "Unknown")
    expect(page.locator(".reason")).to_contain_text("The deadline passed.")
    expect(page.locator(".reason")).to_contain_text("Give it more time, or ask about a smaller part")
    with page.expect_request("**/prove") as waiting:
        page.get_by_role("button", name="Try again with a minute").click()
    assert json.loads(waiting.value.post_data or "")["timeout_ms"] == 60_000
    expect(page.locator(".waiting h2")).to_contain_text("Deciding …")
    page.get_by_role("button", name="Stop").click()
    expect(page.locator("#result")).to_contain_text("Stopped.")
    expect(field(page)).to_be_focused()


def test_a_goal_over_the_limits_is_refused_with_advice(page: Page) -> None:
    """In the service's words."""
    paste_goal(page, "~" * 10_001 + "p")
    shown = verdict(page, "The goal is too large")
    expect(shown).to_contain_text("connectives are nested more deeply than the limit")
    expect(shown).to_contain_text("Shorten it")


def test_a_service_without_room_says_when_to_try_again(page: Page) -> None:
    """And a button does."""
    title = "The service has no capacity now"
    problem = {
        "type": "urn:pxl:problem:overloaded",
        "title": title,
        "status": 503,
        "detail": "258 goals are in work",
    }
    headers = {"Retry-After": "7", "Content-Type": "application/problem+json"}
    page.route("**/prove", lambda route: route.fulfill(status=503, headers=headers, body=json.dumps(problem)), times=1)
    paste_goal(page, VALID)
    shown = verdict(page, title)
    expect(shown).to_contain_text("258 goals are in work")
    expect(shown).to_contain_text("Worth another try in 7 s.")
    page.get_by_role("button", name="Try again").click()
    verdict(page, "Valid")


def test_a_service_that_is_gone_is_told_plainly(open_page: OpenPage, tmp_path: Path) -> None:
    """What is on the page still works."""
    with running_server(tmp_path) as server:
        page = open_page(server=server)
        asked(page, VALID, "Valid")
    field(page).fill("p -> p")
    shown = verdict(page, "The service does not answer")
    expect(shown).to_contain_text("The connection failed")
    page.get_by_role("link", name="Status").click()
    expect(page.locator("#status-body")).to_contain_text("The service does not answer")


def test_a_service_that_wants_signatures_is_asked_nothing(open_page: OpenPage, tmp_path: Path) -> None:
    """The page says that it cannot ask, and how to; nothing that is typed leaves the browser; the status view works."""
    with running_server(tmp_path, ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=KEY) as guarded:
        page = open_page(server=guarded)
        posts = []
        page.on("request", lambda request: posts.append(request.url) if request.method != "GET" else None)
        shown = verdict(page, "This page cannot ask this service")
        expect(shown).to_contain_text("demands signed requests")
        expect(shown.locator("pre")).to_contain_text(f'urllib.request.Request("http://127.0.0.1:{guarded.port}/prove"')
        paste_goal(page, VALID)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Duality").click()
        expect(shown.locator("h2")).to_have_text("This page cannot ask this service")
        assert violations(page) == []
        page.get_by_role("link", name="Status").click()
        expect(page.locator("#status-body .summary")).to_contain_text("All is well")
        assert posts == []
        example = shown.locator("pre").text_content() or ""
        assert _run(example.replace("KEY", repr(KEY)))["verdict"] == "valid"


def _run(example: str) -> dict[str, str]:
    """What the example prints, as JSON."""
    printed: list[str] = []
    exec(example, {"print": printed.append})
    answer: dict[str, str] = json.loads(printed[0])
    return answer


def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds wrong; only by some rules, where they are given."""
    found = Axe().run(page, options={"runOnly": list(rules)} if rules else None).response["violations"]
    return [f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}" for one in found for node in one["nodes"]]


def _nothing(_: Page) -> None:
    """The page as it opens."""


def _valid(page: Page) -> None:
    asked(page, VALID, "Valid")
    expect(page.locator(".lines > li")).not_to_have_count(0)
    page.locator("#line-9 .link").first.focus()


def _invalid(page: Page) -> None:
    asked(page, INVALID, "Not valid")
    page.locator(".drawing .world").nth(1).click()
    page.get_by_role("button", name="q", exact=True).click()


def _malformed(page: Page) -> None:
    paste_goal(page, "□(p → ) ∧ q")
    expect(page.locator("#goal-under mark")).to_have_count(1)


def _deciding(page: Page) -> None:
    paste_goal(page, HARD)
    expect(page.locator(".waiting")).to_be_visible()


def _unknown(page: Page) -> None:
    paste_goal(page, HARD)
    verdict(page, "Unknown")


def _refused(page: Page) -> None:
    paste_goal(page, "~" * 10_001 + "p")
    verdict(page, "The goal is too large")


def _status(page: Page) -> None:
    page.get_by_role("link", name="Status").click()
    expect(page.locator(".indicator").first).to_be_visible()


STATES = (_nothing, _valid, _invalid, _malformed, _deciding, _unknown, _refused, _status)


@pytest.mark.parametrize(("scheme", "rules"), [("light", ()), ("dark", ("color-contrast",))])
def test_no_state_of_the_page_keeps_anybody_out(open_page: OpenPage, scheme: str, rules: tuple[str, ...]) -> None:
    """Axe finds nothing: contrast, names, order, roles; of these only colours differ in the dark."""
    page = open_page(color_scheme=scheme, reduced_motion="reduce")
    found = {}
    for state in STATES:
        field(page).fill("")
        state(page)
        found[_name(state)] = violations(page, *rules)
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


def _name(state: Callable[[Page], None]) -> str:
    return state.__name__.strip("_")


def test_axe_would_find_something(page: Page) -> None:
    """The check can fail."""
    page.evaluate("() => { const image = new Image(); image.src = '/web/icon.svg'; document.querySelector('main').append(image); }")
    assert any("image-alt" in wrong for wrong in violations(page))


def test_the_status_view_shows_what_the_service_tells(page: Page, web_server: Server) -> None:
    """Indicators against the manual's targets, pool, cache, verdicts, latency; and it follows."""
    for number in range(25):
        web_server.prove(f"p{number} -> p{number}")
    page.get_by_role("link", name="Status").click()
    indicators = page.locator(".indicator")
    expect(indicators).to_have_count(6)
    expect(page.locator(".summary .state")).to_contain_text("All is well")
    told = web_server.client.get("/metrics").json()
    ratio = indicators.filter(has=page.get_by_role("heading", name="Verification ratio"))
    percent = told["logos_pxl_verification_ratio_percent"]
    expect(ratio).to_contain_text(f"{percent:.0f} %" if percent == round(percent) else f"{percent:.1f} %")
    expect(ratio).to_contain_text("target at least 94 %, critical below 90 %")
    panel = page.locator(".panel")
    expect(panel.filter(has=page.get_by_role("heading", name="Session pool"))).to_contain_text("2 of 2")
    verdicts = panel.filter(has=page.get_by_role("heading", name="Verdicts"))
    valid = told['logos_pxl_verdicts_total{verdict="valid"}']
    expect(verdicts).to_contain_text(f"valid{valid:.0f}")
    total = sum(int(count.text_content() or 0) for count in page.locator(".histogram .count").all())
    assert total == told['logos_pxl_stage_duration_seconds_count{stage="total"}']
    web_server.prove("again -> again")
    expect(verdicts).to_contain_text(f"valid{valid + 1:.0f}")


def test_indicators_are_judged_by_the_manuals_thresholds(page: Page) -> None:
    """On target, off target, critical; and nothing is said of too few goals."""
    names = (
        "verification_ratio_percent",
        "p95_latency_ms",
        "cache_hit_rate_percent",
        "session_pool_utilization_percent",
        "memory_usage_percent",
    )
    cases = {
        (94, 299.9, 85, 79, 79): ["good"] * 5,
        (93.9, 300, 84, 80, 80): ["warning"] * 5,
        (90, 500, 70, 90, 95): ["warning"] * 5,
        (89.9, 500.1, 69, 91, 96): ["critical"] * 5,
    }
    for values, states in cases.items():
        for goals, expected in ((20, states), (19, ["idle"] * 3 + states[3:])):
            lines = [f"logos_pxl_{name} {value}" for name, value in zip(names, values, strict=True)]
            text = "\n".join([*lines, f"logos_pxl_window_goals {goals}", f"logos_pxl_window_cache_lookups {goals}"])
            judged = page.evaluate(
                "(text) => Promise.all([import('/web/prometheus.js'), import('/web/indicators.js')])"
                ".then(([p, m]) => m.readings(new p.Samples(text)).map((reading) => reading.state))",
                text,
            )
            assert judged == expected
