"""Around the desk: examples, links, history, themes."""

import re

from e2e.running import Server
from playwright.sync_api import Page, expect
from web.conftest import OpenPage
from web.pages import INVALID, VALID, asked, field, in_module, verdict

TRUTHS = "m.TOPICS.flatMap((topic) => topic.examples)"


def test_every_example_has_the_verdict_that_it_claims(page: Page, web_server: Server) -> None:
    """And a name, a sentence, and a button."""
    examples = in_module(page, "examples.js", TRUTHS)
    assert len(examples) >= 20
    got = {example["goal"]: web_server.prove(example["goal"]).json()["verdict"] for example in examples}
    assert got == {example["goal"]: example["verdict"] for example in examples}
    assert all(example["says"].endswith(".") and example["name"] for example in examples)
    assert page.locator("#examples .choice .formula").all_text_contents() == list(got)


def test_an_example_is_asked_by_a_click(page: Page) -> None:
    """Its topic opens, and the one before closes."""
    page.get_by_text("Fallacies", exact=True).click()
    expect(page.get_by_text("What is necessary is true.")).to_be_hidden()
    page.get_by_role("button", name="Fatalism").click()
    verdict(page, "Not valid")
    expect(field(page)).to_have_value("p → □p")


def test_a_starter_leads_to_a_first_verdict(page: Page) -> None:
    """From the empty page."""
    page.get_by_role("button", name="Necessity distributes over implication").first.click()
    verdict(page, "Valid")


def test_a_link_shares_the_goal(open_page: OpenPage) -> None:
    """The address holds it, a button copies it, and whoever opens it sees the same verdict."""
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    asked(page, INVALID, "Not valid")
    page.get_by_role("button", name="Copy link").click()
    expect(page.get_by_role("button", name="Link copied")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == page.url
    other = open_page("/" + copied.partition("/#")[2].join(["#", ""]))
    verdict(other, "Not valid")
    expect(field(other)).to_have_value(INVALID)


def test_back_leads_to_the_goal_before_the_status(page: Page) -> None:
    """The two views have addresses of their own; the goal is kept."""
    asked(page, VALID, "Valid")
    page.get_by_role("link", name="Status").click()
    expect(page.get_by_role("heading", name="Status", level=1)).to_be_visible()
    expect(page).to_have_title(re.compile("Status"))
    page.get_by_role("link", name="Prove").click()
    expect(field(page)).to_have_value(VALID)
    page.go_back()
    expect(page.get_by_role("heading", name="Status", level=1)).to_be_visible()
    page.go_back()
    expect(field(page)).to_be_visible()


def test_history_is_kept_in_the_browser_until_it_is_cleared(page: Page) -> None:
    """Newest first, each goal once, also after loading anew; an entry asks again."""
    for goal, title in (("[]p -> p", "Valid"), ("p -> []p", "Not valid"), ("[]p -> p", "Valid")):
        field(page).fill("")
        asked(page, goal, title)
    entries = page.locator("#history .choice")
    expect(entries).to_have_text(["valid: □p → p", "invalid: p → □p"])
    page.goto(page.url.partition("#")[0])
    expect(entries).to_have_text(["valid: □p → p", "invalid: p → □p"])
    entries.nth(1).click()
    verdict(page, "Not valid")
    page.get_by_role("button", name="Clear history").click()
    expect(page.locator("#history")).to_have_text("Your goals are listed here, in this browser only.")
    assert page.evaluate("() => localStorage.getItem('pxl.history')") is None


def test_a_history_that_something_else_wrote_does_no_harm(page: Page) -> None:
    """What is no entry is left out."""
    page.evaluate('() => localStorage.setItem(\'pxl.history\', \'[1, {"goal": "p"}, {"goal": "q", "verdict": "valid"}]\')')
    page.reload()
    expect(page.locator("#history .choice")).to_have_text(["valid: q"])
    page.evaluate("() => localStorage.setItem('pxl.history', '{')")
    page.reload()
    expect(page.locator("#history .choice")).to_have_count(0)


def test_the_theme_is_the_systems_or_the_chosen_one(open_page: OpenPage) -> None:
    """The choice is kept, and taken back."""

    def dark(page: Page) -> bool:
        paper = page.evaluate("() => getComputedStyle(document.documentElement).backgroundColor")
        return sum(int(part) for part in re.findall(r"\d+", paper)[:3]) < 200

    page = open_page(color_scheme="dark")
    assert dark(page)
    page.get_by_label("Theme").select_option("Light")
    assert not dark(page)
    page.reload()
    assert not dark(page)
    expect(page.get_by_label("Theme")).to_have_value("light")
    page.get_by_label("Theme").select_option("System")
    assert dark(page)
    assert not dark(open_page(color_scheme="light"))
