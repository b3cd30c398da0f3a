"""When there is no verdict: time that runs out, refusals, a service that is gone, and one that wants signatures."""

import json
from pathlib import Path

from e2e.running import HARD, running_server
from playwright.sync_api import Page, expect
from web.conftest import OpenPage
from web.pages import VALID, asked, field, hurried, paste_goal, verdict, violations

KEY = "5a" * 32


def test_a_goal_that_takes_too_long_is_unknown_with_advice(page: Page) -> None:
    """First that it is being decided, then why there is no verdict; more time can be given, and taken back."""
    with hurried(page):
        paste_goal(page, HARD)
        verdict(page, "Unknown")
    expect(page.locator(".reason")).to_contain_text("The deadline passed.")
    expect(page.locator(".reason")).to_contain_text("Allow more time, or try a smaller part")
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
    """The page says so and shows how to send signed requests. Nothing that is typed leaves the browser. The status view works."""
    with running_server(tmp_path, ENABLE_HMAC_AUTH="true", HMAC_SECRET_KEY=KEY) as guarded:
        page = open_page(server=guarded)
        posts = []
        page.on("request", lambda request: posts.append(request.url) if request.method != "GET" else None)
        shown = verdict(page, "This page cannot use this service")
        expect(shown).to_contain_text("requires signed requests")
        expect(shown.locator("pre")).to_contain_text(f'urllib.request.Request("http://127.0.0.1:{guarded.port}/prove"')
        paste_goal(page, VALID)
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Duality").click()
        expect(shown.locator("h2")).to_have_text("This page cannot use this service")
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
