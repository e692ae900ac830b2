"""A long answer at the pace of a model: whole, and how smoothly it is shown."""

from collections.abc import Callable

from tests.clients.chromium_page import chromium
from tests.support.app_process import AppProcess
from tests.web import frames
from tests.web.chat_page import settings, tab

PATIENCE = 60_000
"""Milliseconds; the answer takes ten seconds."""


def test_two_thousand_tokens_are_shown_as_they_come(
    record_property: Callable[[str, object], None],
) -> None:
    """Its figures are the machine's, and only reported; `make soak` has more."""
    with AppProcess(settings({})) as app, chromium() as browser:
        app.warm()
        with tab(browser, app) as page:
            page.choose("long")
            frames.record(page.page)
            page.ask("2000 200 list")
            over = page.answer.and_(page.page.locator("[aria-busy=false]"))
            over.wait_for(timeout=PATIENCE)
            record_property("frames", str(frames.recorded(page.page)))
            record_property("megabytes", frames.megabytes(page.page))
            assert page.text.inner_text().count("item") > 10
            assert page.errors == []
