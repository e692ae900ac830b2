"""What a question is made of: text, files, a chain's fields; and what is kept of it."""

from typing import Any

import pytest
from playwright.sync_api import FilePayload, expect

from tests.web.chat_page import ANSWER, ChatPage

SCHEMA = {
    "properties": {
        "tone": {"enum": ["plain", "formal"]},
        "level": {"anyOf": [{"enum": [1, 2], "type": "integer"}, {"type": "null"}]},
        "colour": {"enum": ["red", "blue"], "default": "blue"},
        "always": {"type": "boolean"},
        "sure": {"type": "boolean"},
        "count": {"type": "integer"},
        "name": {"type": "string"},
        "tags": {"type": "array"},
        "others": {"type": "array"},
    },
    "required": ["name", "sure", "tags"],
}
PASTE = """([text, html]) => {
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File(["a"], "pasted.txt", { type: "text/plain" }));
    if (text) clipboardData.setData("text/plain", text);
    if (html) clipboardData.setData("text/html", html);
    const event = new ClipboardEvent("paste", { clipboardData, bubbles: true });
    document.getElementById("question").dispatchEvent(event);
}"""
DROP = """text => {
    const dataTransfer = new DataTransfer();
    if (text) dataTransfer.setData("text/plain", text);
    else dataTransfer.items.add(new File(["a"], "dropped.txt", { type: "text/plain" }));
    const how = { dataTransfer, bubbles: true, cancelable: true };
    const event = new DragEvent("drop", how);
    return document.getElementById("question").dispatchEvent(event);
}"""
PRESS = """given => document.getElementById("question").dispatchEvent(
    new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...given }))"""


@pytest.fixture
def fields(page: ChatPage, asked: list[Any]) -> list[Any]:
    """The same, of a chain with fields."""
    described = {"name": "docs", "input_schema": SCHEMA}
    page.page.route("**/api/chains/*", lambda route: route.fulfill(json=described))
    page.page.reload()
    expect(page.page.locator("#fields label")).to_have_count(8)
    return asked


def text_file(name: str, content: bytes = b"a") -> FilePayload:
    return FilePayload(name=name, mimeType="text/plain", buffer=content)


def test_of_fields_is_sent_what_was_filled_in(
    page: ChatPage, fields: list[Any]
) -> None:
    page.ask("Hello")
    expect(page.page.get_by_label("name")).to_be_focused()
    page.page.locator("#inputs summary").click()
    page.button("Send").click()  # The browser points at no field that is folded.
    expect(page.page.get_by_label("name")).to_be_focused()
    page.page.get_by_label("name").fill("Ann")
    tags = page.page.get_by_label("tags")
    for text in ("one, two", '["one"]'):
        tags.fill(text)
        assert fields == []
        page.button("Send").click()
    page.finished()
    given = {"colour": "blue", "name": "Ann", "sure": False, "tags": ["one"]}
    assert fields[0]["inputs"] == given
    page.page.get_by_label("level").select_option("2")
    page.page.get_by_label("always").select_option("no")
    page.page.get_by_label("count").fill("1.5")
    page.ask("Again")
    expect(page.page.get_by_label("count")).to_be_focused()
    page.page.get_by_label("count").fill("3")
    page.button("Send").click()
    page.finished()
    assert fields[1]["inputs"] == {**given, "level": 2, "always": False, "count": 3}


def test_what_was_filled_in_stays(page: ChatPage, fields: list[Any]) -> None:
    page.page.get_by_label("name").fill("Ann")
    page.page.get_by_label("tags").fill("[]")
    page.page.get_by_label("level").select_option("2")
    page.ask("Hello")
    page.finished()
    page.button("Answer again").click()
    page.finished()
    expect(page.page.get_by_label("name")).to_have_value("Ann")
    page.page.reload()
    expect(page.page.get_by_label("name")).to_have_value("Ann")
    page.ask("Again")
    page.finished()
    assert fields[2]["inputs"] == fields[0]["inputs"]


def test_an_edit_asks_something_or_is_left_where_it_was(
    page: ChatPage, asked: list[Any]
) -> None:
    for question in ("One", "Two"):
        page.ask(question)
        page.finished()
    page.button("Edit and ask again").first.focus()
    page.page.keyboard.press("Enter")
    page.page.get_by_label("Your question").fill(" ")
    page.button("Ask again").click()
    expect(page.page.get_by_label("Your question")).to_be_focused()
    page.page.keyboard.press("Escape")
    expect(page.button("Edit and ask again").first).to_be_focused()
    expect(page.page.locator("article")).to_have_count(4)
    assert len(asked) == 2


def test_of_two_cards_the_one_that_is_decided_is_answered(page: ChatPage) -> None:
    cards = [
        f'event: interrupt\ndata: {{"id":"{name}","value":"{name}?"}}\n\n'
        for name in ("one", "two")
    ]
    kind = {"content-type": "text/event-stream"}
    body = "".join([*cards, ANSWER])
    page.page.route("**/api/chat", lambda route: route.fulfill(headers=kind, body=body))
    page.ask("Hello")
    page.finished()
    page.button("Approve").last.click()
    expect(page.page.locator("article.answer")).to_have_count(2)
    first = page.page.locator("article.answer").first.get_by_role("form")
    expect(first.first).to_contain_text("Not answered.")
    expect(first.last).to_contain_text("Answered.")


def test_what_is_wrong_with_a_file_is_seen(page: ChatPage, asked: list[Any]) -> None:
    page.page.locator("#pick").set_input_files(
        [
            text_file("a.txt"),
            text_file("b.zip", b"PK\x03\x04\x00\xff"),
            text_file("c.txt", b"x" * 2_500_000),
        ]
    )
    note = page.page.locator("#note")
    expect(note).to_contain_text("b.zip is no image")
    expect(note).to_contain_text("c.txt is too large")
    expect(note).to_be_in_viewport()
    expect(page.page.locator("#files li")).to_have_text("a.txt")
    page.button("Remove a.txt").click()
    expect(page.page.locator("#question")).to_be_focused()
    page.page.locator("#pick").set_input_files([text_file("d.txt")])
    page.ask("Look")
    page.finished()
    expect(note).to_be_empty()
    expect(page.page.locator(".files li")).to_have_text("d.txt")
    page.page.reload()
    expect(page.page.locator(".files li")).to_have_text("d.txt (no longer kept)")


def test_files_are_pasted_and_dropped_and_text_is_text(page: ChatPage) -> None:
    rows = page.page.locator("#files li")
    page.page.evaluate(PASTE, ["a\tb", "<table>"])  # Cells come with a picture.
    assert page.page.evaluate(DROP, "text") is True
    page.page.evaluate(PASTE, ["", "<img>"])
    assert page.page.evaluate(DROP, "") is False
    expect(rows).to_have_text(["pasted.txt", "dropped.txt"])


def test_the_files_of_earlier_questions_are_left_out_if_they_are_too_many(
    page: ChatPage, asked: list[Any]
) -> None:
    for name in ("a.txt", "b.txt"):
        content = text_file(name, b"x" * 2_400_000)
        page.page.locator("#pick").set_input_files([content])
        expect(page.page.locator("#files li")).to_have_text(name)
        page.ask(name)
        page.finished()
    first, _, second = asked[1]["messages"]
    assert first["content"] == "a.txt"
    assert [part["type"] for part in second["content"]] == ["text", "text"]


def test_keys_for_an_input_method_neither_send_nor_stop(
    page: ChatPage, asked: list[Any]
) -> None:
    page.page.get_by_label("Question", exact=True).fill("に")
    for given in ({"isComposing": True}, {"keyCode": 229}):
        page.page.evaluate(PRESS, {"key": "Enter", **given})
        page.page.evaluate(PRESS, {"key": "Escape", **given})
    assert asked == []
    page.page.evaluate(PRESS, {"key": "Enter"})
    page.finished()
    assert len(asked) == 1


def test_code_is_copied_also_without_a_clipboard(
    page: ChatPage, asked: list[Any]
) -> None:
    page.ask("Code")
    page.finished()
    gone = "Object.defineProperty(navigator, 'clipboard', { value: undefined })"
    page.page.evaluate(gone)
    page.text.get_by_role("button").click()
    expect(page.text.get_by_role("button")).to_have_text("Copied")
    page.page.locator("#question").focus()
    page.page.keyboard.press("ControlOrMeta+V")
    expect(page.page.locator("#question")).to_have_value("let a = 1;")
