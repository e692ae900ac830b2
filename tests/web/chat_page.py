"""The chat page in Chromium, over an app whose chains have all that it can show."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from time import monotonic, time
from typing import Any

from playwright.sync_api import Browser, Locator, Route, expect

from tests.clients.chromium_page import MILLISECONDS
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.web.tab import Tab

CHAINS = ",".join(
    f"{name}=tests.support.page_chains:{name}"
    for name in ("rich", "slow", "quoting", "asking", "long")
)
CHAINS += ",paying=tests.support.waiting_chains:paying"


MANY_CHATS = """count => {
    const messages = [{ role: "user", text: "Hello" }];
    const chats = Array.from({ length: count }, (_, number) => (
        { id: `c${number}`, title: `Conversation ${number}`, updated: number, messages }
    ));
    localStorage.setItem("chat-page:chats", JSON.stringify(chats.reverse()));
}"""


def many_chats(count: int) -> str:
    """A script that keeps so many conversations, before the page begins."""
    return f"({MANY_CHATS})({count})"


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


ANSWER = """\
data: {"deployment":"d","delta_content":"```js\\nlet a = 1;\\n"}

event: done
data: {"deployment":"d","finish_reason":"stop","usage":{}}

"""


def answering(page: ChatPage, *refusals: dict[str, object]) -> list[Any]:
    """Have each question refused, and then answered by `ANSWER`; the bodies sent."""
    bodies: list[Any] = []
    left = list(refusals)

    def answer(route: Route) -> None:
        bodies.append(route.request.post_data_json)
        if left:
            route.fulfill(status=409, json={"error": left.pop(0)})
        else:
            route.fulfill(headers={"content-type": "text/event-stream"}, body=ANSWER)

    page.page.route("**/api/chat", answer)
    return bodies


CLICKED = """() => document.getElementById("send").addEventListener(
    "click", () => (window.clicked = performance.timeOrigin + performance.now()),
    { capture: true, once: true })"""


def stopped_after(page: ChatPage, standin: StandIn, tag: str) -> float:
    """Click on *Stop*; how many ms later the call of *tag* was closed."""
    page.page.evaluate(CLICKED)
    page.button("Stop").click()
    closed = standin.wait_closed(tag)["closed_at"]
    assert closed is not None
    # The stand-in has the clock that never goes back, the page the one of the day.
    since_boot = 1000 * (time() - monotonic())
    clicked: float = page.page.evaluate("window.clicked")
    return 1000 * closed + since_boot - clicked


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
