"""The page of docs/browser.md, as pasted, in Chromium."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.clients.chromium_page import MILLISECONDS, chromium
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.support.markdown import LOCAL, only
from tests.support.piecewise_server import Origin


@pytest.fixture(scope="module")
def page(app: AppProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("page")
    (folder / "chat.js").write_text(only("js", "docs/browser.md"), encoding="utf-8")
    html = only("html")
    assert html.count(LOCAL) == 1
    (folder / "chat.html").write_text(html.replace(LOCAL, app.url), encoding="utf-8")
    files = {"/": folder / "chat.html", "/chat.js": folder / "chat.js"}
    with Origin(files, {}) as origin, chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(MILLISECONDS)
        page.goto(origin.url)
        yield page


def ask(page: Page, question: str) -> None:
    page.get_by_label("Question").fill(question)
    page.get_by_role("button", name="Send").click()


def shows(page: Page, answer: str, status: str) -> None:
    expect(page.get_by_role("status")).to_have_text(status, timeout=MILLISECONDS)
    expect(page.locator("#answer-text")).to_have_text(answer)


def test_it_shows_the_answer_and_how_it_ended(page: Page) -> None:
    ask(page, "standin:answer tokens=3")
    shows(page, "tok0 tok1 tok2", "stop")


def test_it_shows_an_error_before_the_answer(page: Page) -> None:
    ask(page, "standin:rate_limited")
    shows(page, "", "The model is busy; try again later.")


def test_it_shows_an_error_in_the_middle_of_the_answer(page: Page) -> None:
    ask(page, "standin:cut tokens=2")
    shows(page, "tok0 tok1", "The model's answer broke off.")


def test_its_button_stops_the_model(page: Page, standin: StandIn) -> None:
    ask(page, "standin:answer tokens=999 delay_ms=50 tag=docs-page-stops")
    expect(page.locator("#answer-text")).to_contain_text("tok0")
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status")).to_have_text("stopped")
    standin.wait_closed("docs-page-stops")


def test_a_new_question_replaces_a_running_answer(page: Page) -> None:
    ask(page, "standin:answer tokens=999 delay_ms=50")
    expect(page.locator("#answer-text")).to_contain_text("tok0")
    ask(page, "standin:answer tokens=2")
    shows(page, "tok0 tok1", "stop")
