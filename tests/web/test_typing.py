"""Typing a goal: shortcuts, symbols, undo, and errors where they are."""

import datetime

from e2e.running import Server
from playwright.sync_api import Page, expect
from web.pages import asked, field, paste_goal, type_goal, verdict

TYPED = {
    "[]p -> p": "□p → p",
    "<>p <-> ~[]~p": "◇p ↔ ¬□¬p",
    "p /\\ q \\/ r": "p ∧ q ∨ r",
    "BOX(p -> q) -> (BOX p -> BOX q)": "□(p → q) → (□p → □q)",
    "DIA p and not q implies box r": "◇p ∧ ¬q → □r",
    "\\Box (p \\to q) ": "□(p → q) ",
    "p && q || !r": "p ∧ q ∨ ¬r",
    "p & q | r <=> s => t": "p ∧ q ∨ r ↔ s → t",
    "true or false and p": "⊤ ∨ ⊥ ∧ p",
    "Boxer -> andy_or_box1": "Boxer → andy_or_box1",
}

WRONG = {
    "□(p → ) ∧ q": ")",
    "p q": "q",
    "p →\n\\land q": "\\land",
    "𝔸 → λ' # p": "#",
    "p ∧ and_then or or q": "or",
}


def test_what_is_typed_becomes_symbols(page: Page) -> None:
    """As it is typed; names that only look like words stay."""
    found = {}
    for typed in TYPED:
        type_goal(page, typed)
        found[typed] = field(page).input_value()
        field(page).fill("")
    assert found == TYPED


def test_undo_brings_back_what_was_typed(page: Page) -> None:
    """First the characters behind the symbol, and they stay; typing on works."""
    type_goal(page, "p ->")
    expect(field(page)).to_have_value("p →")
    page.keyboard.press("Control+z")
    expect(field(page)).to_have_value("p ->")
    page.keyboard.type(" q")
    expect(field(page)).to_have_value("p -> q")
    verdict(page, "Not valid")


def test_an_example_can_be_undone(page: Page) -> None:
    """What was typed before is not lost."""
    type_goal(page, "my_own_goal")
    page.get_by_role("button", name="What is true is necessarily possible").or_(page.get_by_role("button", name="B p → □◇p")).first.click()
    expect(field(page)).to_have_value("p → □◇p")
    field(page).focus()
    page.keyboard.press("Control+z")
    expect(field(page)).to_have_value("my_own_goal")


def test_buttons_insert_symbols_where_the_caret_is(page: Page) -> None:
    """And typing goes on behind them; a selection is replaced."""
    type_goal(page, "p q")
    page.keyboard.press("ArrowLeft")
    page.get_by_role("button", name="implies").click()
    page.keyboard.type(" ")
    expect(field(page)).to_have_value("p → q")
    page.keyboard.press("Control+a")
    page.get_by_role("button", name="box, necessarily").click()
    page.keyboard.type("r")
    expect(field(page)).to_have_value("□r")


def test_the_bar_of_symbols_is_one_stop_with_arrows_inside(page: Page) -> None:
    """Tab reaches it once; arrows, Home and End move in it; Enter inserts."""
    field(page).focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="box, necessarily")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("button", name="diamond, possibly")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("button", name="close parenthesis")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(field(page)).to_have_value("□")
    expect(field(page)).to_be_focused()


def test_errors_are_underlined_with_the_servers_words(page: Page, web_server: Server) -> None:
    """The very place, also after letters that take more than one unit; the message, its position and the caret are the server's."""
    under, message = page.locator("#goal-under"), page.locator("#goal-message")
    for text, marked in WRONG.items():
        problem = web_server.prove(text).json()
        field(page).fill("")
        paste_goal(page, text)
        expect(under.locator("mark")).to_have_text(marked)
        assert under.evaluate("(under) => under.firstChild.textContent") == text.encode()[: problem["position"]["offset"]].decode()
        expect(message).to_contain_text(problem["detail"])
        expect(message).to_contain_text(f"Line {problem['position']['line']}, column {problem['position']['column']}:")
        assert message.locator("pre").inner_text() == problem["caret"]
        expect(field(page)).to_have_attribute("aria-invalid", "true")
        assert under.evaluate("(under) => under.offsetHeight") == field(page).evaluate("(field) => field.offsetHeight")


def test_an_error_where_the_text_ends_is_underlined_too(page: Page) -> None:
    """With a blank."""
    type_goal(page, "p -> ")
    expect(page.locator("#goal-under mark")).to_have_text("\u2002")
    expect(page.locator("#goal-message")).to_contain_text("found the end of the text")


def test_a_mended_error_is_gone(page: Page) -> None:
    """Mark and message go, the verdict comes; a new error takes the verdict away."""
    type_goal(page, "[]p -> ")
    expect(page.locator("#goal-under mark")).to_have_count(1)
    page.keyboard.type("p")
    verdict(page, "Valid")
    expect(page.locator("#goal-under mark")).to_have_count(0)
    expect(page.locator("#goal-message")).to_have_text("Read as □p → p")
    expect(field(page)).to_have_attribute("aria-invalid", "false")
    page.keyboard.type(" ->")
    expect(page.locator("#goal-under mark")).to_have_count(1)
    expect(page.locator(".verdict")).to_have_count(0)


def test_a_pasted_text_stays_as_it_is(page: Page) -> None:
    """In whatever notation it is."""
    text = "\\Box (p \\to q) \\to []p -> BOX(q)"
    asked(page, text, "Valid")
    expect(field(page)).to_have_value(text)
    expect(page.locator("#goal-message")).to_have_text("Read as □(p → q) → □p → □q")


def test_enter_asks_at_once_and_shift_enter_begins_a_line(page: Page) -> None:
    """Without waiting for the pause."""
    page.clock.install(time=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC))
    page.clock.pause_at(datetime.datetime(2026, 1, 1, 0, 0, 1, tzinfo=datetime.UTC))
    type_goal(page, "[]p ->")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("p")
    expect(field(page)).to_have_value("□p →\np")
    expect(page.locator(".verdict")).to_have_count(0)
    page.keyboard.press("Enter")
    verdict(page, "Valid")
    expect(field(page)).to_have_value("□p →\np")


def test_an_emptied_field_is_the_beginning_again(page: Page) -> None:
    """No verdict, no message, the welcome."""
    asked(page, "p -> p", "Valid")
    expect(page.get_by_role("heading", name="New to modal logic?")).to_be_hidden()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    expect(page.locator(".verdict")).to_have_count(0)
    expect(page.locator("#goal-message")).to_have_text("")
    expect(page.get_by_role("heading", name="New to modal logic?")).to_be_visible()
