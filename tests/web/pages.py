"""What tests do with the page, and what they find there."""

import json
from typing import Any

from playwright.sync_api import Locator, Page, expect

VALID = "□(p → q) → (□p → □q)"
INVALID = "□(p ∨ q) → □p ∨ □q"


def field(page: Page) -> Locator:
    """Where a goal is typed."""
    return page.get_by_label("Goal", exact=True)


def type_goal(page: Page, text: str) -> None:
    """Type character by character, as people do."""
    field(page).focus()
    page.keyboard.type(text)


def paste_goal(page: Page, text: str) -> None:
    """Put a text into the field at once, as pasting does."""
    field(page).focus()
    page.keyboard.insert_text(text)


def verdict(page: Page, title: str) -> Locator:
    """The verdict, when it has this title."""
    heading = page.get_by_role("region", name="Verdict").get_by_role("heading", level=2)
    expect(heading).to_have_text(title)
    return page.locator(".verdict")


def asked(page: Page, text: str, title: str) -> Locator:
    """Paste a goal, and wait for its verdict."""
    paste_goal(page, text)
    return verdict(page, title)


def in_module(page: Page, module: str, expression: str) -> Any:
    """The value of an expression over what one of the page's modules exports, as ``m``."""
    return page.evaluate(f"import('/web/{module}').then((m) => {expression})")


def js(value: object) -> str:
    """A value as the page's language writes it."""
    return json.dumps(value)
