"""What is kept of the chat page's conversations, and graphs that wait for a person."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Route, expect

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.web.chat_page import ChatPage, many_chats, settings, tab


@pytest.fixture(scope="module")
def keeping(
    standin: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AppProcess]:
    store: Path = tmp_path_factory.mktemp("store") / "store.db"
    with AppProcess(settings(azure(standin, STORE=f"sqlite:{store}"))) as server:
        server.warm()
        server.events("standin:answer")
        yield server


@pytest.fixture(scope="module")
def forgetful(standin: StandIn) -> Iterator[AppProcess]:
    with AppProcess(settings(azure(standin))) as server:
        server.warm()
        server.events("standin:answer")
        yield server


@pytest.fixture(params=["keeping", "forgetful"])
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[ChatPage]:
    with tab(browser, request.getfixturevalue(request.param)) as page:
        yield page
        assert page.errors == []


@pytest.fixture
def kept_here(browser: Browser, forgetful: AppProcess) -> Iterator[ChatPage]:
    with tab(browser, forgetful) as page:
        yield page
        assert page.errors == []


def test_a_graph_goes_on_once_it_is_approved(page: ChatPage) -> None:
    page.choose("asking")
    page.ask("Please send it")
    card = page.answer.get_by_role("form", name="The answer waits for you")
    expect(card).to_contain_text("May I send the letter?")
    card.get_by_role("button", name="Approve").click()
    expect(page.page.locator("#send")).to_be_focused()
    expect(page.text).to_have_text("The answer was True.")
    waited = page.page.get_by_role("form", name="The answer waits for you")
    expect(waited).to_contain_text("Answered.")


def test_a_graph_goes_on_with_what_is_written(page: ChatPage) -> None:
    page.choose("asking")
    page.ask("Please send it")
    page.page.get_by_label("Your answer").fill("not today")
    page.page.keyboard.press("Enter")
    expect(page.text).to_have_text("The answer was not today.")


def test_a_graph_goes_on_with_one_of_its_options(page: ChatPage) -> None:
    page.choose("asking")
    page.ask("Which one do you send?")
    card = page.answer.get_by_role("form", name="The answer waits for you")
    expect(card).to_contain_text("Which letter?")
    expect(card).to_contain_text("the move")
    expect(card.get_by_role("button")).to_have_text(
        ["the first", "the second", "Answer"]
    )
    page.button("the second").click()
    expect(page.text).to_have_text("The answer was the second.")


def test_a_card_that_a_question_has_passed_over_decides_nothing(
    kept_here: ChatPage,
) -> None:
    page = kept_here
    page.choose("asking")
    page.ask("Please send it")
    expect(page.button("Approve")).to_be_visible()
    page.ask("Which one do you send?")
    expect(page.button("the first")).to_be_visible()
    cards = page.page.get_by_role("form", name="The answer waits for you")
    expect(cards.first).to_contain_text("Not answered.")
    expect(page.button("Approve")).to_have_count(0)
    page.page.reload()
    expect(page.button("the first")).to_be_visible()
    expect(cards.first).to_contain_text("Not answered.")


def test_a_decision_that_has_failed_is_sent_again(kept_here: ChatPage) -> None:
    page = kept_here
    page.choose("asking")
    page.ask("Please send it")
    expect(page.button("Approve")).to_be_visible()
    busy = {"error": {"code": "rate_limited", "message": "Busy.", "retryable": True}}
    refusals = [busy]

    def answer(route: Route) -> None:
        if refusals:
            route.fulfill(status=429, json=refusals.pop())
        else:
            route.continue_()

    page.page.route("**/api/chat", answer)
    page.button("Approve").click()
    page.button("Try again").click()
    expect(page.text).to_have_text("The answer was True.")
    page.button("Answer again").last.click()  # Which asks the question again.
    expect(page.button("Approve")).to_be_visible()
    expect(page.page.locator("article")).to_have_count(2)


def test_what_a_tool_is_called_with_is_edited(page: ChatPage) -> None:
    page.choose("paying")
    page.ask("Pay five")
    args = page.page.get_by_label("Arguments of pay")
    args.fill("five")
    page.button("Approve").click()
    expect(args).to_be_focused()  # It is no JSON, and nothing was sent.
    args.fill('{"amount": 7}')
    page.button("Approve").click()
    expect(page.text).to_have_text("Done.")
    expect(page.page.locator("main")).to_contain_text("Paid 7.")


def test_a_reason_rejects_and_never_approves(page: ChatPage) -> None:
    page.choose("paying")
    page.ask("Pay five")
    page.page.get_by_label("Your answer, or the reason").press("Enter")
    expect(page.button("Approve")).to_be_visible()
    page.page.get_by_label("Your answer, or the reason").fill("too much")
    page.page.keyboard.press("Enter")
    expect(page.text).to_have_text("Done.")
    expect(page.page.locator("body")).not_to_contain_text("Paid")


def test_a_chain_refuses_once_to_answer_without_a_thread(
    browser: Browser, forgetful: AppProcess
) -> None:
    with tab(browser, forgetful) as page:
        answers: list[tuple[str, int]] = []
        page.page.on(
            "response", lambda answer: answers.append((answer.url, answer.status))
        )
        for _ in range(2):
            page.choose("asking")
            page.ask("Please send it")
            page.answer.get_by_role("form").wait_for()
            page.button("New conversation").click()
        chats = [status for url, status in answers if url.endswith("/api/chat")]
        assert chats == [400, 200, 200]


def test_another_chain_goes_on_with_the_conversation(page: ChatPage) -> None:
    page.choose("asking")
    page.ask("Please send it")
    page.button("Approve").click()
    expect(page.text).to_have_text("The answer was True.")
    page.choose("chat")
    page.ask("standin:echo tag=other-chain")
    page.finished()
    expect(page.text).to_contain_text("The answer was True.")


def test_a_conversation_is_opened_in_another_browser(
    browser: Browser, keeping: AppProcess
) -> None:
    with tab(browser, keeping) as one:
        one.choose("chat")
        one.ask("standin:answer tokens=2 tag=elsewhere")
        one.finished()
    with tab(browser, keeping) as other:
        other.button("standin:answer tokens=2 tag=elsewhere").click()
        expect(other.text).to_have_text("tok0 tok1")
        other.button("Answer again").click()
        other.finished()
        other.ask("standin:echo")
        other.finished()
        expect(other.text).to_contain_text("tok0 tok1")
        assert other.text.inner_text().count("tag=elsewhere") == 1
        with other.page.expect_response("**/api/threads/*") as deleted:
            other.button("Delete standin:answer tokens=2 tag=elsewhere").click()
        assert deleted.value.ok
        expect(other.page.locator("#chat-list")).not_to_contain_text("elsewhere")
    threads = keeping.client.get("/api/threads").json()["threads"]
    assert "elsewhere" not in str(threads)


def test_a_graph_that_waits_is_answered_in_another_browser(
    browser: Browser, keeping: AppProcess
) -> None:
    with tab(browser, keeping) as one:
        one.choose("asking")
        one.ask("Please send it from afar")
        expect(one.button("Approve")).to_be_visible()
    with tab(browser, keeping) as other:
        other.page.route("**/api/threads/*", lambda route: route.abort())
        other.button("Please send it from afar").click()
        expect(other.page.locator("#note")).to_contain_text("could not be loaded")
        other.page.unroute("**/api/threads/*")
        other.button("Please send it from afar").dblclick()
        expect(other.page.locator("article")).to_have_count(2)
        other.button("Approve").click()
        expect(other.text).to_have_text("The answer was True.")
        assert other.errors == []


def test_conversations_are_kept_and_go_on(kept_here: ChatPage) -> None:
    page = kept_here
    page.choose("chat")
    page.ask("standin:answer tokens=2")
    page.finished()
    page.button("New conversation").click()
    expect(page.page.locator("article")).to_have_count(0)
    page.ask("standin:echo tag=second")
    page.finished()
    page.page.reload()
    expect(page.text).to_contain_text("standin:echo tag=second")
    chats = page.page.locator("#chat-list .chat")
    expect(chats).to_have_count(2)
    chats.last.click()
    expect(page.text).to_have_text("tok0 tok1")
    page.ask("standin:echo tag=third")
    page.finished()
    expect(page.text).to_contain_text("tok0 tok1")  # Which it was sent again.
    page.button("Delete standin:answer tokens=2").click()
    expect(chats).to_have_count(1)


def test_two_tabs_keep_what_either_asks_and_deletes(kept_here: ChatPage) -> None:
    page = kept_here
    other = ChatPage(page.page.context, page.app)
    other.open()
    for each, tokens in ((page, 1), (other, 2)):
        each.choose("chat")
        each.ask(f"standin:answer tokens={tokens}")
        each.finished()
    for each in (page, other):
        expect(each.page.locator("#chat-list .chat")).to_have_count(2)
    page.page.reload()
    expect(page.text).to_have_text("tok0")
    page.button("Delete standin:answer tokens=2").click()
    expect(other.page.locator("#chat-list .chat")).to_have_count(1)
    expect(other.page.locator("article")).to_have_count(0)
    other.ask("standin:answer tokens=3")
    other.finished()
    page.page.reload()
    expect(page.page.locator("#chat-list .chat")).to_have_count(2)


def test_a_tab_follows_what_another_one_has_asked(kept_here: ChatPage) -> None:
    page = kept_here
    page.choose("chat")
    page.ask("standin:answer tokens=1")
    page.finished()
    other = ChatPage(page.page.context, page.app)
    other.open()
    other.button("standin:answer tokens=1").click()
    page.choose("slow")
    page.ask("Count")
    expect(other.text).to_contain_text("word3 ")
    other.button("Stop").click()
    for each in (page, other):
        each.finished()
        expect(each.answer).to_contain_text("Stopped.")
        expect(each.page.locator("article")).to_have_count(4)
    assert other.errors == []


def test_only_the_newest_of_many_conversations_are_listed_at_first(
    kept_here: ChatPage,
) -> None:
    page = kept_here
    page.page.add_init_script(many_chats(250))
    page.page.reload()
    chats = page.page.locator("#chat-list .chat")
    expect(chats).to_have_count(101)
    chats.last.click()
    expect(chats).to_have_count(201)
    expect(chats.nth(100)).to_be_focused()
    chats.last.click()
    expect(chats).to_have_count(250)
    expect(chats.last).to_have_text("Conversation 0")
