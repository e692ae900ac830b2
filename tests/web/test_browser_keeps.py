"""What the browser keeps of conversations, and the key; and what becomes of them."""

from typing import Any

from playwright.sync_api import Route, expect

from tests.web.chat_page import ChatPage, answering

DENIED = """for (const name of ["localStorage", "sessionStorage"])
    Object.defineProperty(window, name, { get() { throw new Error("denied"); } });
"""
GIANT = """async () => {
    const { Chats } = await import("/assets/chat/storage.js");
    const chats = new Chats(() => false);
    const said = (length) => [{ role: "user", text: "x".repeat(length) }];
    const say = (updated, length) =>
        chats.start({ id: `c${updated}`, updated, messages: said(length) });
    say(1, 3e6), say(2, 3e6), say(3, 6e6), say(4, 10);
    const all = chats.save();
    return [all, new Chats(() => false).all.map(({ id }) => id)];
}"""
LONG = """() => {
    const lists = { tools: [], sources: [], questions: [] };
    const answer = { role: "assistant", status: "ended", text: "A", ...lists };
    const messages = Array.from({ length: 301 }, (_, number) =>
        number % 2 ? answer : { role: "user", text: "Q" });
    const chats = [{ id: "long", title: "Long", updated: 1, messages }];
    localStorage.setItem("chat-page:chats", JSON.stringify(chats));
    sessionStorage.setItem("chat-page:shown", "long");
}"""
STRANGE = """() => {
    const messages = [{ role: "user", text: "Q" }];
    const odd = [null, { role: "assistant", text: "A" }];
    const chats = [null, { id: 1 }, { id: "odd", updated: 2, messages: odd },
        { id: "good", title: "Good", updated: 1, messages }];
    localStorage.setItem("chat-page:chats", JSON.stringify(chats));
}"""
EXPORTED = """async chat => {
    const { asMarkdown } = await import("/assets/chat/export.js");
    return asMarkdown(chat);
}"""


def test_an_export_closes_code_and_has_one_line_for_a_title(
    page: ChatPage, asked: list[Any]
) -> None:
    page.ask("One\ntwo " + "🙂" * 90)
    page.finished()
    expect(page.page.locator("#title")).to_have_text("One two " + "🙂" * 72)
    answer = {
        **{"role": "assistant", "text": "~~~\n```\n", "sources": [], "tools": []},
        "questions": [{"id": "1", "value": "May\nI?"}],
    }
    chat = {"title": "T", "messages": [{"role": "user", "text": "```"}, answer]}
    assert page.page.evaluate(EXPORTED, chat) == (
        "# T\n\n## You\n\n```\n```\n\n## Answer\n\n~~~\n```\n\n~~~\n\n"
        "> waited for: May\n> I?\n"
    )


def test_of_a_long_conversation_the_newest_messages_are_sent(
    page: ChatPage, asked: list[Any]
) -> None:
    page.page.add_init_script(f"({LONG})()")
    page.page.reload()
    page.ask("Q")
    page.finished()
    assert len(asked[0]["messages"]) <= 200
    assert asked[0]["messages"][0]["role"] == "user"


def test_a_page_that_is_left_before_the_answer_says_so(page: ChatPage) -> None:
    with page.page.expect_request("**/api/chat"):
        page.page.route("**/api/chat", lambda route: None)
        page.ask("Hello")
    page.page.reload()
    expect(page.answer.get_by_role("alert")).to_contain_text("The page was left")


def test_a_run_that_is_still_on_the_thread_is_waited_for(page: ChatPage) -> None:
    busy = {"code": "thread_busy", "message": "Busy.", "retryable": True}
    asked = answering(page, busy, busy)
    page.ask("Hello")
    expect(page.text.locator("pre")).to_have_text("let a = 1;")
    assert len(asked) == 3


def test_the_focus_goes_to_the_next_conversation(
    page: ChatPage, asked: list[Any]
) -> None:
    for question in ("One", "Two", "Three"):
        page.button("New conversation").click()
        page.ask(question)
        page.finished()
    page.button("Delete Two").click()
    expect(page.button("One")).to_be_focused()
    page.button("Delete One").click()
    expect(page.button("Three")).to_be_focused()


def test_what_another_version_has_kept_breaks_nothing(page: ChatPage) -> None:
    page.page.add_init_script(f"({STRANGE})()")
    page.page.reload()
    expect(page.page.locator("#chain option").first).to_be_attached()
    expect(page.page.locator("#chat-list .chat")).to_have_text("Good")


def test_older_threads_are_listed_on_demand(page: ChatPage) -> None:
    threads = [
        {"id": f"t{n}", "title": f"T{n}", "chain": "docs", "updated_at": f"{3000 - n}"}
        for n in range(60)
    ]
    pages = {"": threads[:50], "?before=2951": threads[50:]}

    def answer(route: Route) -> None:
        query = route.request.url.partition("/api/threads")[2]
        route.fulfill(json={"threads": pages[query]})

    listed = {"default": "docs", "chains": [{"name": "docs"}], "threads": True}
    page.page.route("**/api/chains", lambda route: route.fulfill(json=listed))
    page.page.route("**/api/threads*", answer)
    page.page.reload()
    rows = page.page.locator("#chat-list .chat")
    expect(rows).to_have_count(51)
    page.button("Older conversations").click()
    expect(rows).to_have_count(60)
    expect(page.button("T50")).to_be_focused()


def test_as_many_conversations_are_kept_as_fit(page: ChatPage) -> None:
    assert page.page.evaluate(GIANT) == [False, ["c4", "c2"]]


def locked(page: ChatPage) -> None:
    """Have the list of chains ask for the key `right`."""

    def answer(route: Route) -> None:
        given = route.request.headers.get("x-functions-key")
        chains = {"default": "docs", "chains": [{"name": "docs"}], "threads": False}
        route.fulfill(status=200 if given == "right" else 401, json=chains)

    page.page.route("**/api/chains", answer)
    page.page.reload()


def give(page: ChatPage, key: str, then: str = "Enter") -> None:
    page.page.get_by_label("Key", exact=True).last.fill(key)
    page.page.keyboard.press(then)


def test_a_key_that_no_request_can_have_is_asked_for_again(page: ChatPage) -> None:
    locked(page)
    give(page, "right\u200b")
    expect(page.page.get_by_role("dialog")).to_contain_text("Copy it once more")
    give(page, "right")
    expect(page.page.locator("#chain option")).to_have_count(1)
    page.button("Key").click()
    give(page, "other", "Escape")
    page.page.reload()
    expect(page.page.locator("#chain option")).to_have_count(1)


def test_a_question_without_a_key_can_be_asked_with_one(page: ChatPage) -> None:
    page.page.route("**/api/chat", lambda route: route.fulfill(status=401))
    page.ask("Hello")
    page.button("Cancel").click()
    alert = page.answer.get_by_role("alert")
    expect(alert.locator("p")).to_have_text("This app asks for a key.")
    answering(page)
    alert.get_by_role("button").click()
    page.finished()
    expect(page.text.locator("pre")).to_have_text("let a = 1;")


def test_a_browser_that_keeps_nothing_is_asked_once_for_the_key(
    page: ChatPage, asked: list[Any]
) -> None:
    page.page.add_init_script(DENIED)
    locked(page)
    give(page, "right")
    expect(page.page.locator("#chain option")).to_have_count(1)
    page.ask("Hello")
    page.finished()
    expect(page.page.get_by_role("dialog")).to_have_count(0)


def test_a_countdown_is_not_read_out(page: ChatPage) -> None:
    answering(page, {"code": "rate_limited", "retry_after_ms": 60_000})
    page.ask("Hello")
    button = page.answer.get_by_role("alert").get_by_role("button")
    expect(button).to_have_attribute("aria-live", "off")
