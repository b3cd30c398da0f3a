"""That the page is for everybody: by keyboard, by ear, on a phone, in the dark, without motion; axe looks at every state."""

from collections.abc import Callable

import pytest
from e2e.running import HARD
from playwright.sync_api import Page, expect
from web.conftest import OpenPage
from web.pages import INVALID, VALID, asked, field, hurried, paste_goal, type_goal, verdict, violations


def test_everything_can_be_done_with_the_keyboard_alone(page: Page) -> None:
    """From the first Tab to a world of the countermodel, with the focus in sight all the way."""
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="To the goal")).to_be_focused()
    page.keyboard.press("Enter")
    expect(field(page)).to_be_focused()
    page.keyboard.type(INVALID)
    page.keyboard.press("Enter")
    verdict(page, "Not valid")
    wanted = ["Coq file", "LaTeX", "JSON", "Copy link", "World w0", "World w1"]
    for _ in range(40):
        page.keyboard.press("Tab")
        name, outlined = page.evaluate(
            "() => { const e = document.activeElement; const s = getComputedStyle(e);"
            " return [e.getAttribute('aria-label') ?? e.textContent, s.outlineStyle !== 'none' || e.matches('.world:focus-visible')]; }"
        )
        assert outlined, f"the focus on {name!r} cannot be seen"
        if wanted and name.startswith(wanted[0]):
            wanted.pop(0)
        if not wanted:
            break
    assert wanted == []
    page.keyboard.press("Space")
    expect(page.locator(".drawing .world").nth(1)).to_have_attribute("aria-pressed", "true")


def test_a_phone_shows_all_of_it_without_scrolling_sideways(open_page: OpenPage) -> None:
    """At 320 pixels in every state; what can be tapped is large enough for a finger or stands in a line of text."""
    page = open_page(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    goals = {"": None, VALID: "Valid", INVALID: "Not valid", "p -> " + "long_name_" * 12: "Not valid", "p q": None}
    for goal, title in goals.items():
        field(page).fill("")
        paste_goal(page, goal)
        if title:
            verdict(page, title)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 320, goal
    for button in page.locator("#symbols button").all():
        box = button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 40
    page.goto(page.url.partition("#")[0] + "#status")
    expect(page.locator(".indicator").first).to_be_visible()
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 320


def test_nothing_moves_for_who_wants_no_motion(open_page: OpenPage) -> None:
    """The verdict appears at once; otherwise it fades in."""

    def animation(motion: str) -> str:
        page = open_page(reduced_motion=motion)
        asked(page, VALID, "Valid")
        return str(page.evaluate("() => getComputedStyle(document.querySelector('.verdict')).animationName"))

    assert (animation("reduce"), animation("no-preference")) == ("none", "appear")


def test_the_verdict_is_announced_to_who_hears_the_page(page: Page) -> None:
    """In a live region, once, and errors after the pause; formulas are read in words."""
    type_goal(page, "[]p -> p")
    verdict(page, "Valid")
    expect(page.get_by_role("status")).to_have_text("Valid. S5 proves it: Coq’s kernel accepted the proof below.")
    expect(page.locator("#goal-message").get_by_role("math")).to_have_attribute("aria-label", "box p implies p")
    page.keyboard.type(" ->")
    expect(page.get_by_role("status")).to_contain_text("The goal is malformed. expected")


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
    with hurried(page):
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
