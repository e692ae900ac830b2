"""The chat page under long answers: frames and memory, reported and not asserted."""

import json

from playwright.sync_api import Browser

from tests.clients.chromium_page import chromium
from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.web import frames
from tests.web.chat_page import ChatPage, many_chats, settings, stopped_after, tab

PATIENCE = 300_000
"""Milliseconds for one answer."""

MANY = 1600
"""Conversations of a list, or items of an answer's."""


def answered(page: ChatPage, question: str) -> None:
    page.choose("long")
    page.ask(question)
    answer = page.answer.and_(page.page.locator("[aria-busy=false]"))
    answer.wait_for(timeout=PATIENCE)


def one(
    browser: Browser, app: AppProcess, name: str, *questions: str, many: int = 0
) -> None:
    with tab(browser, app) as page:
        if many:
            page.page.add_init_script(many_chats(many))
            page.page.reload()
            page.page.locator("#chat-list .older").wait_for()
        before = frames.megabytes(page.page)
        frames.record(page.page)
        for question in questions:
            answered(page, question)
        shown = frames.recorded(page.page)
        held = frames.megabytes(page.page)
        print(
            f"{name}: {shown}; {before:.1f} MB before, {held:.1f} MB after", flush=True
        )
        assert page.errors == [], json.dumps(page.errors)


def main() -> int:
    with AppProcess(settings({})) as app, chromium() as browser:
        app.warm()
        one(browser, app, "2,000 tokens at 200/s", "2000 200")
        one(browser, app, "2,000 of a list at 200/s", "2000 200 list")
        one(browser, app, "2,000 at 200/s beside 1,600 chats", "2000 200", many=MANY)
        one(browser, app, "20,000 tokens at 200/s", "20000 200")
        one(browser, app, "20,000 tokens at full speed", "20000 0")
        one(browser, app, "50 answers at full speed", *["400 0"] * 50)
    stops()
    return 0


def stops() -> None:
    with StandIn() as standin, AppProcess(settings(azure(standin))) as app:
        app.warm()
        with chromium() as browser, tab(browser, app) as page:
            page.choose("chat")
            took = sorted(stop(page, standin, f"stop-{each}") for each in range(30))
    print(
        f"Stop: median {took[15]:.0f} ms to the closed upstream, longest {took[-1]:.0f}"
    )


def stop(page: ChatPage, standin: StandIn, tag: str) -> float:
    page.ask(f"standin:answer tokens=999 delay_ms=20 tag={tag}")
    page.text.get_by_text("tok1 ").wait_for()
    took = stopped_after(page, standin, tag)
    page.finished()
    return took
