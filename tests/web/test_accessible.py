"""axe-core finds nothing on the page, in any of its states."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.clients.chromium_page import chromium
from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.aimock import PACKAGE
from tests.support.app_process import AppProcess
from tests.web.chat_page import ChatPage, settings, tab

AXE = PACKAGE / "node_modules" / "axe-core" / "axe.min.js"
FOUND = """async () => {
    const { violations } = await axe.run(document);
    return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def served(standin: StandIn) -> Iterator[AppProcess]:
    with AppProcess(settings(azure(standin))) as server:
        server.warm()
        server.events("standin:answer")
        yield server


def found(page: ChatPage) -> object:
    page.page.evaluate(AXE.read_text("utf-8"))
    return page.page.evaluate(FOUND)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1100, 360])
def test_nothing_is_found(
    browser: Browser, served: AppProcess, scheme: str, width: int
) -> None:
    size = {"width": width, "height": 700}
    with tab(browser, served, color_scheme=scheme, viewport=size) as page:
        assert found(page) == []
        page.choose("slow")
        page.ask("Count")
        page.text.get_by_text("word3 ").wait_for()
        assert found(page) == []
        page.button("Stop").click()
        page.finished()
        page.choose("rich")
        page.ask("How does it fit together?")
        page.finished()
        for folded in page.answer.locator("summary").all():
            folded.click()
        assert found(page) == []
        page.choose("chat")
        page.ask("standin:rate_limited retry_after=60")
        page.finished()
        assert found(page) == []
        page.button("Key").click()
        assert found(page) == []
