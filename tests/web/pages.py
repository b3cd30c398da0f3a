"""What tests do with the page, and what they find there."""

import contextlib
import json
from collections.abc import Iterator
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

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


@contextlib.contextmanager
def hurried(page: Page) -> Iterator[None]:
    """Goals that the page asks meanwhile have a second each."""

    def hurry(route: Route) -> None:
        route.continue_(post_data=json.dumps({**json.loads(route.request.post_data or ""), "timeout_ms": 1_000}))

    page.route("**/prove", hurry)
    yield
    page.unroute("**/prove", hurry)


def in_module(page: Page, module: str, expression: str) -> Any:
    """The value of an expression over what one of the page's modules exports, as ``m``."""
    return page.evaluate(f"import('/web/{module}').then((m) => {expression})")


def js(value: object) -> str:
    """A value as the page's language writes it."""
    return json.dumps(value)


def violations(page: Page, *rules: str) -> list[str]:
    """What axe finds wrong; only by some rules, where they are given."""
    found = Axe().run(page, options={"runOnly": list(rules)} if rules else None).response["violations"]
    return [f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}" for one in found for node in one["nodes"]]
