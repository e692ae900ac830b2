"""A page of the app in a tab of Chromium."""

from playwright.sync_api import BrowserContext, Locator, Page, Route

from tests.clients.chromium_page import MILLISECONDS
from tests.support.app_process import AppProcess


class Tab:
    """*elsewhere* are the requests that it made to other hosts, *errors* the page's."""

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

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def shot(self, path: str) -> None:
        self.page.screenshot(path=path)
