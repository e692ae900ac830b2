"""The chat page, used as people use it."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.web.chat_page import ChatPage, settings, stopped_after, tab


@pytest.fixture(scope="module")
def served(standin: StandIn) -> Iterator[AppProcess]:
    prices = '{"*":{"input":2.5,"output":10},"currency":"USD"}'
    with AppProcess(settings(azure(standin, PRICES=prices))) as server:
        server.warm()
        server.events("standin:answer")
        yield server


@pytest.fixture
def page(browser: Browser, served: AppProcess) -> Iterator[ChatPage]:
    with tab(browser, served) as page:
        yield page
        assert page.errors == []


def test_text_grows_between_two_moments(page: ChatPage) -> None:
    page.choose("slow")
    page.ask("Count")
    expect(page.text).to_contain_text("word3 ")
    before = page.text.inner_text()
    expect(page.text).to_contain_text("word20 ")
    assert page.text.inner_text().startswith(before)
    page.button("Stop").click()


def test_an_answer_has_text_sources_steps_and_thoughts(page: ChatPage) -> None:
    page.choose("rich")
    page.ask("How does it fit together?")
    page.finished()
    expect(page.text.get_by_role("heading")).to_have_text("How it fits together")
    expect(page.text.get_by_role("table").get_by_role("row")).to_have_count(4)
    expect(page.text.locator("pre .t-keyword").first).to_have_text("async")
    link = page.text.get_by_role("link", name="the docs")
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(page.answer.locator("summary").first).to_contain_text("Thought for")
    expect(page.answer.locator(".tool summary")).to_contain_text("search")
    expect(page.answer.locator(".sources li")).to_have_count(2)
    page.text.locator("a.cite").first.click()
    expect(page.answer.locator(".sources blockquote").first).to_be_visible()


def test_of_many_sources_the_first_are_shown_until_all_are_asked_for(
    page: ChatPage,
) -> None:
    page.choose("quoting")
    page.ask("\n".join(f"Source [{number}]" for number in range(1, 31)))
    page.finished()
    cards = page.answer.locator(".sources li:visible")
    expect(cards).to_have_count(6)
    page.button("All 30 sources").click()
    expect(cards).to_have_count(30)
    expect(cards.nth(6).locator("summary")).to_be_focused()
    page.page.reload()
    expect(cards).to_have_count(6)
    page.text.get_by_role("link", name="Source 30:").click()
    expect(cards.last.locator("blockquote")).to_be_visible()


def test_usage_and_cost_are_under_the_answer(page: ChatPage) -> None:
    page.choose("chat")
    page.ask("standin:answer tokens=3")
    page.finished()
    expect(page.answer.locator(".facts")).to_contain_text("gpt-4o")
    for said in ("tokens in, 3 out", "first token after", "USD"):
        expect(page.answer.locator(".facts")).to_contain_text(said)


def test_stop_stops_the_model(
    page: ChatPage, standin: StandIn, record_property: Callable[[str, object], None]
) -> None:
    page.choose("chat")
    page.ask("standin:answer tokens=999 delay_ms=50 tag=chat-page-stops")
    expect(page.text).to_contain_text("tok1")
    milliseconds = stopped_after(page, standin, "chat-page-stops")
    record_property("milliseconds from the click to the closed upstream", milliseconds)
    page.finished()
    expect(page.answer).to_contain_text("Stopped.")
    expect(page.button("Send")).to_be_visible()


def test_a_reload_in_mid_answer_reads_on(page: ChatPage) -> None:
    page.choose("slow")
    page.ask("Count")
    expect(page.text).to_contain_text("word10 ")
    page.page.reload()
    expect(page.text).to_contain_text("word1 ")
    page.finished()
    whole = "".join(f"word{number} " for number in range(300))
    assert page.text.inner_text() == whole.strip()


def test_an_error_counts_down_and_can_be_tried_again(page: ChatPage) -> None:
    page.choose("chat")
    page.ask("standin:rate_limited retry_after=2 times=1 tag=chat-page-busy")
    alert = page.answer.get_by_role("alert")
    expect(alert).to_contain_text("The model is busy")
    expect(alert.get_by_role("button")).to_have_text("Try again in 2 s")
    expect(alert.get_by_role("button")).to_be_disabled()
    expect(alert.get_by_role("button")).to_have_text("Try again")
    alert.get_by_role("button").click()
    expect(page.text).to_contain_text("Paris")
    expect(page.page.locator("article.answer")).to_have_count(1)


def test_a_broken_answer_keeps_its_text_and_says_so(page: ChatPage) -> None:
    page.choose("chat")
    page.ask("standin:cut tokens=2")
    expect(page.answer.get_by_role("alert")).to_contain_text("broke off")
    expect(page.text).to_have_text("tok0 tok1")


def test_what_is_read_from_the_right_begins_there(page: ChatPage) -> None:
    page.choose("quoting")
    page.ask("مرحبا `code`\n\n- بند\n\n```\ncode\n```\n\nEnglish")
    page.finished()
    direction = "nodes => nodes.map(node => getComputedStyle(node).direction)"
    of_blocks = page.text.locator(":scope > *").evaluate_all(direction)
    assert of_blocks == ["rtl", "rtl", "ltr", "ltr"]
    assert page.text.locator("p code").evaluate_all(direction) == ["ltr"]
    asked = page.page.locator("article .bubble, #question")
    assert asked.evaluate_all(direction) == ["rtl", "ltr"]


FORMULAS = r"""The root \( x_1 * y_2 * z \) of $a_1 * b_2 * c$ is

\[
f(x) = x^2 \\
\]

$$ g = \{1\} $$
Not *one*: it costs $5 or $10, \[1\], $HOME or $PATH."""


def test_formulas_are_shown_as_they_are_written(page: ChatPage) -> None:
    page.choose("quoting")
    page.ask(FORMULAS)
    page.finished()
    expect(page.text.locator("p code")).to_have_text(
        ["x_1 * y_2 * z", "$a_1 * b_2 * c$"]
    )
    expect(page.text.locator("pre")).to_have_text([r"f(x) = x^2 \\", r"g = \{1\}"])
    expect(page.text.locator("p").last).to_have_text(
        "Not one: it costs $5 or $10, [1], $HOME or $PATH."
    )


def test_a_formula_is_found_behind_much_text(page: ChatPage) -> None:
    text = "word " * 2000
    page.choose("quoting")
    page.ask(f"{text}$x_1$ and {text}")
    page.finished()
    expect(page.text.locator("p code")).to_have_text("$x_1$")
    expect(page.text.locator("p")).to_have_text(f"{text}$x_1$ and {text}")


def test_a_question_is_edited_in_a_branch(page: ChatPage) -> None:
    page.choose("chat")
    page.ask("standin:answer tokens=2")
    page.finished()
    page.page.locator(".question-asked").hover()
    page.button("Edit and ask again").click()
    page.page.get_by_label("Your question").fill("standin:answer tokens=1")
    page.button("Ask again").click()
    page.finished()
    expect(page.text).to_have_text("tok0")
    expect(page.page.locator("#chat-list .chat")).to_have_count(2)


def test_an_answer_is_given_again(page: ChatPage) -> None:
    page.choose("chat")
    page.ask("standin:answer tokens=2")
    page.finished()
    page.button("Answer again").click()
    page.finished()
    expect(page.text).to_have_text("tok0 tok1")
    expect(page.page.locator("article.answer")).to_have_count(1)


def test_a_conversation_is_exported(page: ChatPage) -> None:
    page.choose("rich")
    page.ask("How?")
    page.finished()
    with page.page.expect_download() as saved:
        page.button("Export as Markdown").click()
    text = saved.value.path().read_text("utf-8")
    assert saved.value.suggested_filename == "How-.md"
    assert text.startswith("# How?\n\n## You\n\nHow?\n\n## Answer\n\n## How it fits")
    assert "- [2] Dialects https://example.com/dialects" in text


def test_a_file_goes_with_the_question(page: ChatPage) -> None:
    page.choose("quoting")
    content = FilePayload(name="a.txt", mimeType="text/plain", buffer=b"What I know")
    page.page.locator("#pick").set_input_files([content])
    expect(page.page.locator("#files li")).to_have_text("a.txt")
    page.ask("Look")
    page.finished()
    expect(page.text).to_contain_text("What I know")


def test_it_is_used_with_the_keyboard_alone(page: ChatPage) -> None:
    keyboard = page.page.keyboard
    expect(page.page.locator("#question")).to_be_focused()
    page.choose("slow")
    page.page.locator("#question").focus()
    keyboard.type("Count\n")
    expect(page.text).to_contain_text("word1 ")
    keyboard.press("Escape")
    page.finished()
    expect(page.page.locator("#status")).to_have_text("Stopped.")
    expect(page.answer).to_contain_text("Stopped.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_light_or_dark_as_the_system_and_the_other_on_demand(
    browser: Browser, served: AppProcess, scheme: str
) -> None:
    dark = "matchMedia('(prefers-color-scheme: dark)').matches"
    back = "getComputedStyle(document.body).backgroundColor"
    with tab(browser, served, color_scheme=scheme) as page:
        assert page.page.evaluate(dark) == (scheme == "dark")
        before = page.page.evaluate(back)
        page.button("Light or dark").click()
        after = page.page.evaluate(back)
        assert sorted([before, after]) == ["rgb(21, 23, 28)", "rgb(255, 255, 255)"]
        page.page.reload()
        expect(page.button("Light or dark")).to_be_visible()
        assert page.page.evaluate(back) == after


def _fits(page: ChatPage, width: int) -> None:
    shown = "document.documentElement.scrollWidth"
    inside = (
        "(log => log.scrollWidth - log.clientWidth)(document.getElementById('log'))"
    )
    assert [page.page.evaluate(shown), page.page.evaluate(inside)] == [width, 0]


def test_it_fits_the_smallest_window_with_a_tool_of_a_long_name(
    browser: Browser, served: AppProcess
) -> None:
    with tab(browser, served, viewport={"width": 320, "height": 480}) as page:
        page.choose("quoting")
        page.ask("Look it up")
        page.finished()
        _fits(page, 320)


def test_it_fits_a_phone(browser: Browser, served: AppProcess) -> None:
    with tab(browser, served, viewport={"width": 360, "height": 640}) as page:
        page.choose("rich")
        page.ask("x" * 300)
        page.finished()
        _fits(page, 360)
        page.button("Conversations").click()
        expect(page.button("New conversation")).to_be_focused()
        page.page.keyboard.press("Escape")
        expect(page.button("Conversations")).to_be_focused()


def test_a_key_is_asked_for_once(browser: Browser) -> None:
    with AppProcess({"FUNCTIONS_KEY": "function-key"}) as server:
        context = browser.new_context()
        page = ChatPage(context, server)
        page.page.goto(f"{server.url}/chat")
        dialog = page.page.get_by_role("dialog")
        dialog.get_by_role("button", name="Cancel").click()
        expect(page.page.locator("#welcome-text")).to_contain_text("asks for a key")
        page.button("Key").click()
        page.page.get_by_label("Key", exact=True).last.fill("function-key")
        dialog.get_by_role("button", name="Use this key").click()
        expect(page.page.locator("#chain option").first).to_be_attached()
        page.page.reload()
        page.ask("How do I add my own chain?")
        page.finished()
        expect(page.text).to_contain_text("configured")
        expect(dialog).to_have_count(0)
        context.close()
