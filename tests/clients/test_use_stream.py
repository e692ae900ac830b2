"""LangGraph's `useStream` in Chromium: send, stop, reload, approve."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.clients.chromium_page import Page, served
from tests.clients.node_scripts import SCRIPTS
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, until
from tests.support.piecewise_server import Origin
from tests.support.waiting_chains import CHAINS

pytestmark = pytest.mark.client("use-stream")


@pytest.fixture(scope="module")
def waiting() -> Iterator[AppProcess]:
    with AppProcess({"CHAINS": CHAINS, "CHAT_CHAIN": "approval"}) as server:
        server.warm()
        yield server


@pytest.fixture(scope="module")
def page_of_streams(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origin]:
    folder = tmp_path_factory.mktemp("streams")
    with served(SCRIPTS / "stream_page.jsx", folder) as origin:
        yield origin


@pytest.fixture
def streaming(browser: Browser, page_of_streams: Origin) -> Iterator[Page]:
    page = Page(browser, page_of_streams.url)
    yield page
    page.close()
    assert page.errors == []


def opened(page: Page, server: AppProcess, assistant: str = "chat") -> None:
    page.open(f"{server.url}/langgraph", assistant=assistant)


@pytest.mark.tries("stream")
def test_a_conversation_goes_on(app: AppProcess, streaming: Page) -> None:
    opened(streaming, app)
    streaming.ask("standin:answer tokens=3")
    streaming.says("ready: 2")
    streaming.shows("ai", "tok0 tok1 tok2")
    streaming.ask("standin:answer tokens=5")
    streaming.says("ready: 4")
    streaming.shows("ai", "tok3 tok4")
    streaming.reload()
    streaming.says("ready: 4")
    streaming.shows("human", "standin:answer tokens=5")


@pytest.mark.tries("resume")
def test_a_page_that_is_reloaded_rejoins_its_run(
    app: AppProcess, streaming: Page
) -> None:
    opened(streaming, app)
    streaming.ask("standin:answer tokens=60 delay_ms=50")
    streaming.shows("ai", "tok5")
    streaming.reload()
    streaming.says("loading: 2")
    streaming.shows("ai", "tok59")
    streaming.says("ready: 2")
    text = " ".join(f"tok{number}" for number in range(60))
    assert streaming.glimpse("ai", "tok59").strip() == text


@pytest.mark.tries("stop")
def test_a_page_stops_its_run(
    app: AppProcess, standin: StandIn, streaming: Page
) -> None:
    opened(streaming, app)
    streaming.ask("standin:answer tokens=999 delay_ms=50 tag=stream-stopped")
    streaming.shows("ai", "tok5")
    streaming.click("Stop")
    assert standin.wait_closed("stream-stopped")["closed_at"] is not None
    streaming.says("ready")
    streaming.reload()
    streaming.says("ready: 2")
    streaming.shows("ai", "tok5")


@pytest.mark.tries("approval")
def test_a_tool_is_approved_after_a_reload(
    waiting: AppProcess, streaming: Page
) -> None:
    opened(streaming, waiting, "paying")
    streaming.ask("Pay.")
    streaming.says("Asked")
    streaming.reload()
    streaming.says('"pay"')
    streaming.click("Approve")
    streaming.shows("tool", "Paid 5.")
    streaming.shows("ai", "Done.")
    streaming.says("ready: 4")


def test_an_answer_is_made_anew_and_a_question_edited(
    app: AppProcess, standin: StandIn, streaming: Page
) -> None:
    opened(streaming, app)
    streaming.ask("standin:answer tokens=3 tag=stream-again")
    streaming.says("ready: 2")
    streaming.click("Again")
    until(lambda: len(standin.requests("stream-again")) == 2)
    streaming.says("ready: 2")
    streaming.fill("standin:answer tokens=7")
    streaming.click("Edit")
    streaming.shows("ai", "tok6")
    streaming.says("ready: 2")
    streaming.reload()
    streaming.says("ready: 2")
    streaming.shows("human", "standin:answer tokens=7")


@pytest.mark.tries("error")
def test_an_error_is_shown(app: AppProcess, streaming: Page) -> None:
    opened(streaming, app)
    streaming.ask("standin:cut tokens=3")
    streaming.alerts("broke off")
