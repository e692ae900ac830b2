"""`useChat({resume: true})` in a page that is reloaded in the middle of an answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.clients.chromium_page import Page, served
from tests.clients.node_scripts import SCRIPTS
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess

pytestmark = pytest.mark.client("ai")

PATH = "/api/chat/ui-message"


@pytest.fixture
def resuming(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    with served(SCRIPTS / "resuming_page.jsx", tmp_path) as origin:
        page = Page(browser, origin.url)
        yield page
        page.close()
        assert page.errors == []


@pytest.mark.tries("resume")
def test_a_page_that_is_reloaded_goes_on_and_doubles_nothing(
    app: AppProcess, resuming: Page
) -> None:
    resuming.open(app.url + PATH)
    resuming.ask("standin:answer tokens=60 delay_ms=50")
    resuming.shows("assistant", "tok5")
    resuming.reload()
    resuming.shows("assistant", "tok59")
    resuming.says("ready")
    text = " ".join(f"tok{number}" for number in range(60))
    assert resuming.glimpse("assistant", "tok59").strip() == text


@pytest.mark.tries("resume", "stop")
def test_a_page_that_stops_by_id_is_at_its_end_after_a_reload(
    app: AppProcess, standin: StandIn, resuming: Page
) -> None:
    resuming.open(app.url + PATH)
    resuming.ask("standin:answer tokens=999 delay_ms=50 tag=stopped-by-id")
    resuming.shows("assistant", "tok5")
    resuming.click("Stop")
    assert standin.wait_closed("stopped-by-id")["closed_at"] is not None
    resuming.says("ready")
    seen = resuming.glimpse("assistant", "tok5")
    resuming.reload()
    resuming.says("ready")
    assert resuming.glimpse("assistant", "tok5") == seen
