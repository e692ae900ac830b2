"""Takes the pictures of docs/chat-page.md: `python -m tests.web.screenshots`."""

from tests.clients.chromium_page import chromium
from tests.support.app_process import ROOT, AppProcess
from tests.web.chat_page import settings, tab

SIZE = {"width": 1000, "height": 720}
QUESTIONS = {
    "light": ("rich", "How does it fit together?"),
    "dark": ("docs", "How do I add my own chain?"),
}


def main() -> None:
    with AppProcess(settings({})) as server, chromium() as browser:
        server.warm()
        for scheme, (chain, question) in QUESTIONS.items():
            with tab(browser, server, color_scheme=scheme, viewport=SIZE) as page:
                page.choose(chain)
                page.ask(question)
                page.finished()
                page.page.locator("#log").evaluate("log => (log.scrollTop = 0)")
                page.page.locator("#to-end").wait_for()
                page.shot(str(ROOT / "docs" / f"chat-{scheme}.png"))


if __name__ == "__main__":
    main()
