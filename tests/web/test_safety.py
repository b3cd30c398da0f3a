"""Whatever is typed or linked stays text; the page is small, comes from one origin, and can do no more than it needs."""

import json

import pytest
from e2e.running import Server
from playwright.sync_api import Browser, Page, expect
from web.conftest import OpenPage
from web.pages import VALID, asked, field, paste_goal, verdict

BUDGET_BYTES = 60_000
HOSTILE = (
    '<img src=x onerror="window.hacked=1">',
    "</textarea><script>window.hacked=1</script>",
    "\"'><svg/onload=window.hacked=1>",
    "p -> {{constructor.constructor('window.hacked=1')()}}",
    "javascript:window.hacked=1",
    "p \u202e -> q",
    "p\x00 -> q",
    "%3Cscript%3E",
    "__proto__ -> constructor",
)


def test_hostile_goals_stay_text(page: Page) -> None:
    """In the field, the message, the underline, the history and the address, whatever they hold."""
    elements = "() => document.querySelectorAll('img, script, iframe, object, embed, link, style, [onerror], [onload]').length"
    before = page.evaluate(elements)
    for goal in HOSTILE:
        field(page).fill("")
        paste_goal(page, goal)
        page.keyboard.press("Enter")
        page.wait_for_function("() => document.querySelector('#goal-message').textContent !== ''")
    verdict(page, "Not valid")
    expect(page.locator("#history .choice").first).to_have_text("invalid: __proto__ → constructor")
    assert page.evaluate(elements) == before
    assert page.evaluate("() => window.hacked") is None


def test_hostile_links_stay_text(open_page: OpenPage) -> None:
    """A link is somebody else's text."""
    for fragment in ("#goal=%3Cimg%20src=x%20onerror=window.hacked=1%3E", "#goal=%E0%A4%A", "#goal=javascript:alert(1)", "#<script>"):
        page = open_page("/" + fragment)
        expect(page.get_by_role("heading", level=1, name="Is it a theorem")).to_be_visible()
        assert page.evaluate("() => window.hacked") is None
        assert page.locator("main img").count() == 0


def test_hostile_answers_stay_text(page: Page) -> None:
    """Even a service that was taken over can only show text."""
    mark = '<img src=x onerror="window.hacked=1">'
    problem = {"type": mark, "title": mark, "status": 500, "detail": mark}
    page.route("**/prove", lambda route: route.fulfill(status=500, content_type="application/problem+json", body=json.dumps(problem)))
    paste_goal(page, "p")
    verdict(page, mark)
    assert page.locator("main img").count() == 0
    assert page.evaluate("() => window.hacked") is None


def test_a_huge_goal_does_not_stop_the_page(page: Page) -> None:
    """Hundreds of kilobytes are refused, tens decided, and the page goes on."""
    paste_goal(page, " /\\ ".join(["p"] * 60_000))
    verdict(page, "The goal is too large")
    field(page).fill("")
    asked(page, " /\\ ".join(["p"] * 9_000), "Not valid")
    field(page).fill("")
    asked(page, VALID, "Valid")


@pytest.mark.parametrize(
    "attempt",
    [
        "document.body.innerHTML = '<b>markup</b>'",
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<b>markup</b>')",
        "document.createElement('script').text = 'window.hacked = 1'",
    ],
)
def test_the_browser_itself_refuses_markup_from_text(browser: Browser, web_server: Server, attempt: str) -> None:
    """Trusted Types without a policy: no later change of the page can forget it."""
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{web_server.port}/")
        outcome = page.evaluate(f"() => {{ try {{ {attempt}; return 'done'; }} catch (error) {{ return error.name; }} }}")
    assert outcome == "TypeError"


def test_the_policy_keeps_everything_else_out(browser: Browser, web_server: Server) -> None:
    """Inline styles, other origins, frames: the browser blocks each and says so; inline scripts the test above has."""
    attempts = {
        "style-src-elem": "const s = document.createElement('style'); s.textContent = 'b{}'; document.head.append(s)",
        "style-src-attr": "document.body.setAttribute('style', 'color: red')",
        "connect-src": "fetch('http://127.0.0.1:9/').catch(() => {})",
        "img-src": "new Image().src = 'http://127.0.0.1:9/x.png'",
        "frame-src": "const f = document.createElement('iframe'); f.src = '/'; document.body.append(f)",
    }
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{web_server.port}/")
        page.evaluate(
            "() => { window.seen = []; addEventListener('securitypolicyviolation', (event) => seen.push(event.effectiveDirective)); }"
        )
        for attempt in attempts.values():
            page.evaluate(f"() => {{ {attempt}; }}")
        page.wait_for_function("(count) => window.seen.length >= count", arg=len(attempts))
        assert set(page.evaluate("() => window.seen")) == set(attempts)


def test_the_first_load_is_small_and_from_one_origin(browser: Browser, web_server: Server) -> None:
    """All bytes over the wire, heads included, as the browser counts them; a second visit sends no file again."""
    with browser.new_context() as context:
        page = context.new_page()
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        received: dict[str, float] = {}
        statuses: list[int] = []
        network.on("Network.loadingFinished", lambda event: received.__setitem__(event["requestId"], event["encodedDataLength"]))
        page.on("response", lambda response: statuses.append(response.status))
        page.goto(f"http://127.0.0.1:{web_server.port}/")
        page.wait_for_load_state("networkidle")
        assert 20_000 < sum(received.values()) < BUDGET_BYTES
        assert set(statuses) == {200}
        received.clear()
        page.reload()
        page.wait_for_load_state("networkidle")
        assert sum(received.values()) < BUDGET_BYTES / 3
