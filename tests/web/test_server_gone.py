"""The server is killed in mid-answer, and is there again."""

from playwright.sync_api import expect

from tests.clients.chromium_page import chromium
from tests.support.app_process import AppProcess
from tests.web.chat_page import settings, tab

PATIENCE = 60_000
"""Milliseconds: the page asks six times for the answer before it gives up."""


def test_an_answer_whose_server_is_killed_can_be_asked_for_again() -> None:
    given = settings({})
    with chromium() as browser, AppProcess(given) as first:
        first.warm()
        with tab(browser, first) as page:
            page.choose("slow")
            page.ask("Count")
            expect(page.text).to_contain_text("word10 ")
            first.kill()
            port = first.url.rsplit(":", 1)[1]
            with AppProcess({**given, "PORT": port}) as second:
                second.warm()
                alert = page.answer.get_by_role("alert")
                expect(alert).to_contain_text("connection was lost", timeout=PATIENCE)
                expect(page.text).to_contain_text("word10 ")
                alert.get_by_role("button", name="Try again").click()
                page.text.get_by_text("word3 ").wait_for()
                page.button("Stop").click()
                page.finished()
                assert page.errors == []


def test_a_question_to_a_server_that_is_gone_is_kept() -> None:
    with chromium() as browser, AppProcess(settings({})) as server:
        server.warm()
        with tab(browser, server) as page:
            page.choose("rich")
            server.kill()
            page.ask("Are you there?")
            alert = page.answer.get_by_role("alert")
            expect(alert).to_contain_text("cannot be reached", timeout=PATIENCE)
            page.page.locator(".bubble", has_text="Are you there?").wait_for()
