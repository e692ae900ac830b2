"""The chat page in Chromium, over an app whose chains have all that it can show."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import Browser, Locator, expect

from tests.clients.chromium_page import MILLISECONDS
from tests.support.app_process import AppProcess
from tests.web.tab import Tab

CHAINS = ",".join(
    f"{name}=tests.support.page_chains:{name}"
    for name in ("rich", "slow", "quoting", "asking")
)


class ChatPage(Tab):
    def open(self) -> None:
        self.page.goto(f"{self.app.url}/")
        expect(self.page.locator("#chain option").first).to_be_attached()

    def choose(self, chain: str) -> None:
        self.page.get_by_label("Chain", exact=True).select_option(chain)

    def ask(self, question: str) -> None:
        self.page.get_by_label("Question", exact=True).fill(question)
        self.button("Send").click()

    @property
    def answer(self) -> Locator:
        return self.page.locator("article.answer").last

    @property
    def text(self) -> Locator:
        return self.answer.locator("> .text")

    def finished(self) -> None:
        """Wait until the last answer is over."""
        answered = expect(self.answer)
        answered.to_have_attribute("aria-busy", "false", timeout=MILLISECONDS)


@contextmanager
def tab(browser: Browser, app: AppProcess, **options: object) -> Iterator[ChatPage]:
    context = browser.new_context(**options)  # type: ignore[arg-type] # Playwright's.
    try:
        page = ChatPage(context, app)
        page.open()
        yield page
        assert page.elsewhere == []
    finally:
        context.close()


def settings(given: Mapping[str, str]) -> dict[str, str]:
    return {**given, "CHAINS": CHAINS}
