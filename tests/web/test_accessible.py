"""axe-core finds nothing on any page, in any of its states."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, FilePayload

from telemetry.usage.tally import Tally
from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.aimock import PACKAGE
from tests.support.app_process import AppProcess
from tests.web.chat_page import settings, tab
from tests.web.tab import Tab
from tests.web.usage_page import RUN, ago, in_journal, settled, some_runs, usage_tab

AXE = PACKAGE / "node_modules" / "axe-core" / "axe.min.js"
FOUND = """async () => {
    const { violations } = await axe.run(document);
    return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
}"""


NOTHING = {
    **{"since": ago(hours=24), "until": ago(), "by": "chain", "instance": "None."},
    **{"totals": Tally().as_dict(), "groups": [], "errors": []},
}


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AppProcess]:
    path = in_journal(tmp_path_factory.mktemp("journal"), *some_runs())
    with AppProcess({"TELEMETRY_PATH": path}) as server:
        settled(server)
        yield server


@pytest.fixture(scope="module")
def served(standin: StandIn) -> Iterator[AppProcess]:
    with AppProcess(settings(azure(standin))) as server:
        server.warm()
        server.events("standin:answer")
        yield server


SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])
WIDTHS = pytest.mark.parametrize("width", [1100, 360])


def found(page: Tab) -> object:
    """What axe-core complains of."""
    page.page.evaluate(AXE.read_text("utf-8"))
    return page.page.evaluate(FOUND)


def options(scheme: str, width: int) -> dict[str, object]:
    size = {"width": width, "height": 700}
    return {"color_scheme": scheme, "viewport": size, "reduced_motion": "reduce"}


@SCHEMES
@WIDTHS
def test_nothing_is_found_of_a_chat(
    browser: Browser, served: AppProcess, scheme: str, width: int
) -> None:
    with tab(browser, served, **options(scheme, width)) as page:
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
        page.page.locator(".question-asked").last.hover()
        page.button("Edit and ask again").last.click()
        assert found(page) == []
        page.button("Cancel").click()
        if width < 800:
            page.button("Conversations").click()
            assert found(page) == []


@SCHEMES
@WIDTHS
def test_nothing_is_found_of_a_chat_that_waits_or_has_failed(
    browser: Browser, served: AppProcess, scheme: str, width: int
) -> None:
    with tab(browser, served, **options(scheme, width)) as page:
        page.choose("asking")
        page.ask("Please send it")
        page.answer.get_by_role("form").wait_for()
        assert found(page) == []
        page.button("Approve").click()
        page.text.get_by_text("The answer was").wait_for()
        assert found(page) == []
        page.choose("chat")
        files = [FilePayload(name="a.txt", mimeType="text/plain", buffer=b"a")]
        page.page.locator("#pick").set_input_files(files)
        page.page.locator("#files li").wait_for()
        assert found(page) == []
        page.ask("standin:rate_limited retry_after=60")
        page.answer.get_by_role("alert").wait_for()
        assert found(page) == []
        page.button("Key").click()
        page.page.get_by_role("dialog").wait_for()
        assert found(page) == []


@SCHEMES
@WIDTHS
def test_nothing_is_found_of_usage(
    browser: Browser, used: AppProcess, scheme: str, width: int
) -> None:
    with usage_tab(browser, used, **options(scheme, width)) as page:
        page.open()
        page.page.locator("#speed .mark").first.wait_for()
        assert found(page) == []
        page.button("chain-0").click()
        for folded in page.page.locator("summary").all():
            folded.click()
        assert found(page) == []
        page.open(f"?again#since=7d&run={RUN}")
        page.page.locator(".timeline li").first.wait_for()
        assert found(page) == []


@SCHEMES
def test_nothing_is_found_of_usage_that_cannot_be_shown(
    browser: Browser, used: AppProcess, scheme: str
) -> None:
    with usage_tab(browser, used, **options(scheme, 360)) as page:
        page.page.route("**/api/usage?*", lambda route: route.fulfill(status=401))
        page.open()
        page.page.get_by_role("dialog").wait_for()
        assert found(page) == []
        page.button("Cancel").click()
        page.page.get_by_role("alert").first.wait_for()
        assert found(page) == []
        page.page.unroute("**/api/usage?*")
        page.page.route("**/api/usage?*", lambda route: route.fulfill(json=NOTHING))
        page.open("?again")
        page.page.get_by_text("No run has ended").wait_for()
        assert found(page) == []
