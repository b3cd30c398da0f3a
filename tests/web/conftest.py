"""A real browser over a real server. Whatever a test does, the page must stay within its policy and its origin, and make no mistake."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from e2e.running import Server, running_server
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 20_000

# What a page that has made no mistake may still find on its console: refusals are answers with a status of 400 and above.
EXPECTED_MESSAGE = re.compile(r"Failed to load resource: the server responded with a status of [45]\d\d|Failed to load resource: net::ERR_")

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def web_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that the page is loaded from."""
    with running_server(tmp_path_factory.mktemp("web")) as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a module. Not for more: while it runs, so does an event loop, and no asynchronous test can."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def open_page(browser: Browser, web_server: Server) -> Iterator[OpenPage]:
    """Opens pages, each with a storage of its own; ``path`` and ``server`` tell which, other keywords are those of a browser's context.

    Afterwards: no page asked another origin, none broke its policy, none failed.
    """
    contexts: list[BrowserContext] = []
    mistakes: list[str] = []

    def open_one(path: str = "/", *, server: Server = web_server, **options: Any) -> Page:
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        page = context.new_page()
        origin = f"http://127.0.0.1:{server.port}/"

        def look(request: Request) -> None:
            if not request.url.startswith(origin):
                mistakes.append(f"a request to {request.url[:200]}")

        page.on("request", look)
        page.on("pageerror", lambda error: mistakes.append(f"an error: {error}"))
        page.on("console", lambda message: EXPECTED_MESSAGE.match(message.text) or mistakes.append(f"on the console: {message.text}"))
        page.goto(origin.rstrip("/") + path)
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert mistakes == []


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    """The page, just opened."""
    return open_page()
