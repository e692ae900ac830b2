"""The chat page in Chromium, over an app whose chains have all that it can show."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from playwright.sync_api import Browser, BrowserContext, Locator, Page, Route, expect

from tests.clients.chromium_page import MILLISECONDS
from tests.support.app_process import AppProcess

CHAINS = ",".join(
    f"{name}=tests.support.page_chains:{name}"
    for name in ("rich", "slow", "quoting", "asking")
)


class ChatPage:
    """A tab; `elsewhere` are the requests that it made to other hosts."""

    def __init__(self, context: BrowserContext, app: AppProcess) -> None:
        self.page: Page = context.new_page()
        self.page.set_default_timeout(MILLISECONDS)
        self.app = app
        self.elsewhere: list[str] = []
        self.errors: list[str] = []
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self._hear(said.type, said.text))
        self.page.route("**/*", self._let_through)
        self.page.on("dialog", lambda dialog: self._complain(dialog.message))

    def _complain(self, message: str) -> None:
        self.errors.append(f"dialog: {message}")

    def _hear(self, kind: str, text: str) -> None:
        if kind == "error" and "Failed to load resource" not in text:
            self.errors.append(text)

    def _let_through(self, route: Route) -> None:
        url = route.request.url
        if not url.startswith((self.app.url, "data:", "blob:")):
            self.elsewhere.append(url)
            route.abort()
            return
        route.continue_()

    def open(self) -> None:
        self.page.goto(f"{self.app.url}/")
        expect(self.page.locator("#chain option").first).to_be_attached()

    def choose(self, chain: str) -> None:
        self.page.get_by_label("Chain", exact=True).select_option(chain)

    def ask(self, question: str) -> None:
        self.page.get_by_label("Question", exact=True).fill(question)
        self.button("Send").click()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

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

    def shot(self, path: str) -> None:
        self.page.screenshot(path=path)


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
