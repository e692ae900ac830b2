"""`tests/node/clients/page.jsx` in Chromium."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.clients.node_scripts import bundle
from tests.support.piecewise_server import Origin

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
HTML = """\
<!doctype html>
<title>Chat</title>
<div id="root"></div>
<script src="page.js"></script>
"""
MILLISECONDS = 15_000
expect.set_options(timeout=MILLISECONDS)


class Page:
    """The page, served at *url*; `errors` are the exceptions that nobody caught."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._page = browser.new_page()
        self._page.set_default_timeout(MILLISECONDS)
        self._url = url
        self.errors: list[str] = []
        self._page.on("pageerror", lambda error: self.errors.append(str(error)))

    def open(self, api: str, **more: str) -> None:
        """Load the page; *api* is what it is to talk to."""
        self._page.goto(f"{self._url}/#{urlencode({'api': api, **more})}")

    def reload(self) -> None:
        self._page.reload()

    def ask(self, question: str) -> None:
        self.fill(question)
        self.click("Send")

    def fill(self, question: str) -> None:
        self._page.locator("input").fill(question)

    def click(self, button: str) -> None:
        self._page.get_by_role("button", name=button).click()

    def glimpse(self, role: str, text: str) -> str:
        """The last message of *role* as soon as it has *text*."""
        script = """([role, text]) => {
            const last = [...document.querySelectorAll(`[data-role=${role}]`)].at(-1)
            return last?.innerText.includes(text) && last.innerText
        }"""
        shown = self._page.wait_for_function(script, arg=[role, text])
        return str(shown.json_value())

    def shows(self, role: str, text: str) -> None:
        """Wait until the last message of *role* has *text*."""
        message = self._page.locator(f"[data-role={role}]").last
        expect(message).to_contain_text(text, timeout=MILLISECONDS)

    def says(self, text: str) -> None:
        """Wait until *text* is somewhere on the page."""
        expect(self._page.locator("body")).to_contain_text(text, timeout=MILLISECONDS)

    def alerts(self, text: str) -> None:
        """Wait until the page says that *text* went wrong."""
        alert = self._page.get_by_role("alert")
        expect(alert).to_contain_text(text, timeout=MILLISECONDS)

    def events(self, url: str, body: dict[str, Any]) -> list[list[str]]:
        """What @microsoft/fetch-event-source reads."""
        script = "([url, body]) => readEvents(url, body)"
        events: list[list[str]] = self._page.evaluate(script, [url, body])
        return events

    def close(self) -> None:
        self._page.close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser; without one the tests are skipped, except where `CI=true`."""
    if not CHROMIUM.exists():
        missing = f"{CHROMIUM} is missing: no page is tried in a browser"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def served(page: Path, folder: Path) -> Iterator[Origin]:
    """A server of the *page*; its files are made in *folder*."""
    index, script = folder / "index.html", folder / "page.js"
    index.write_text(HTML, encoding="utf-8")
    bundle(page, script)
    with Origin({"/": index, "/page.js": script}, {}) as origin:
        yield origin
