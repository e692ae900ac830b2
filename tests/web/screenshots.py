"""Takes the pictures of docs: `python -m tests.web.screenshots`."""

from pathlib import Path
from tempfile import mkdtemp

from playwright.sync_api import Browser

from tests.clients.chromium_page import chromium
from tests.support.app_process import ROOT, AppProcess
from tests.web.chat_page import settings, tab
from tests.web.usage_page import busy_week, in_journal, settled, usage_tab

SIZE = {"width": 1000, "height": 720}
QUESTIONS = {
    "light": ("rich", "How does it fit together?"),
    "dark": ("docs", "How do I add my own chain?"),
}


def chat(browser: Browser, server: AppProcess, to: Path) -> None:
    for scheme, (chain, question) in QUESTIONS.items():
        with tab(browser, server, color_scheme=scheme, viewport=SIZE) as page:
            page.choose(chain)
            page.ask(question)
            page.finished()
            page.page.locator("#log").evaluate("log => (log.scrollTop = 0)")
            page.page.locator("#to-end").wait_for()
            page.shot(str(to / f"chat-{scheme}.png"))


def usage(browser: Browser, server: AppProcess, to: Path) -> None:
    size = {"width": 1000, "height": 940}
    for scheme in ("light", "dark"):
        with usage_tab(browser, server, color_scheme=scheme, viewport=size) as page:
            page.open("#since=7d")
            page.page.locator("#speed .mark").first.wait_for()
            page.shot(str(to / f"usage-{scheme}.png"))


def take(to: Path) -> None:
    journal = in_journal(Path(mkdtemp()), *busy_week())
    given = settings({"TELEMETRY_PATH": journal})
    with AppProcess(given) as server, chromium() as browser:
        server.warm()
        settled(server)
        usage(browser, server, to)
        chat(browser, server, to)


if __name__ == "__main__":
    take(ROOT / "docs")
