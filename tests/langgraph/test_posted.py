"""What clients of LangChain post as messages."""

from typing import Any

import pytest

from streaming.dialects._langgraph import shown
from streaming.dialects._langgraph.posted import to_messages
from streaming.errors import InvalidRequest
from streaming.requests import Message

CALL = {
    "id": "c",
    "type": "function",
    "function": {"name": "f", "arguments": '{"a":1}'},
}


def one(given: Any) -> dict[str, Any]:
    [message] = to_messages([given])
    return {name: value for name, value in message.items() if name != "id"}


@pytest.mark.parametrize(
    ("given", "role"),
    [
        ({"type": "human", "content": "Hi"}, "user"),
        ({"role": "user", "content": "Hi"}, "user"),
        ({"type": "HumanMessageChunk", "content": "Hi"}, "user"),
        ({"type": "ai", "content": "Hi", "tool_calls": []}, "assistant"),
        ({"type": "AIMessageChunk", "content": "Hi"}, "assistant"),
        ({"role": "assistant", "content": "Hi"}, "assistant"),
        ({"type": "system", "content": [{"type": "text", "text": "Hi"}]}, "system"),
        ({"role": "developer", "content": ["H", "i"]}, "developer"),
        (["human", "Hi"], "user"),
        ("Hi", "user"),
    ],
)
def test_each_form_of_a_message_is_read(given: Any, role: str) -> None:
    assert one(given) == {"role": role, "content": "Hi"}


def test_calls_and_results_are_read_in_both_forms() -> None:
    langchains = {"name": "f", "args": {"a": 1}, "id": "c", "type": "tool_call"}
    for calls in ([langchains], [CALL]):
        called = one({"type": "ai", "content": "", "tool_calls": calls})
        assert called == {"role": "assistant", "content": None, "tool_calls": [CALL]}
    result = {"type": "tool", "content": "ok", "tool_call_id": "c", "name": "f"}
    assert one(result) == {
        **{"role": "tool", "content": "ok"},
        **{"tool_call_id": "c", "name": "f"},
    }


@pytest.mark.parametrize(
    ("part", "read"),
    [
        (
            {"type": "image", "mimeType": "image/png", "data": "QQ=="},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}},
        ),
        (
            {"type": "image", "mime_type": "image/png", "base64": "QQ=="},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,QQ=="}},
        ),
        (
            {"type": "image", "source_type": "url", "url": "https://x/a.png"},
            {"type": "image_url", "image_url": {"url": "https://x/a.png"}},
        ),
        (
            {"type": "image_url", "image_url": "https://x/a.png"},
            {"type": "image_url", "image_url": {"url": "https://x/a.png"}},
        ),
        (
            {
                "type": "file",
                "mimeType": "application/pdf",
                "data": "QQ==",
                "metadata": {"filename": "a.pdf"},
            },
            {
                "type": "file",
                "file": {
                    "filename": "a.pdf",
                    "file_data": "data:application/pdf;base64,QQ==",
                },
            },
        ),
        (
            {"type": "audio", "mime_type": "audio/wav", "base64": "QQ=="},
            {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "wav"}},
        ),
        (
            {"type": "audio", "mime_type": "audio/mpeg", "base64": "QQ=="},
            {"type": "input_audio", "input_audio": {"data": "QQ==", "format": "mp3"}},
        ),
        (
            {"type": "audio", "url": "https://example.com/a.mp3"},
            {
                "type": "file",
                "file": {
                    "filename": "file",
                    "file_data": "https://example.com/a.mp3",
                },
            },
        ),
    ],
)
def test_files_are_read_as_each_version_writes_them(part: Any, read: Any) -> None:
    text = {"type": "text", "text": "See:"}
    content = one({"type": "human", "content": [text, part]})["content"]
    assert content == [text, read]
    Message.model_validate({"role": "user", "content": content})


def test_what_a_model_has_thought_is_left_out() -> None:
    parts = [{"type": "reasoning", "reasoning": "Hm."}, {"type": "text", "text": "Hi"}]
    assert one({"type": "ai", "content": parts})["content"] == "Hi"


@pytest.mark.parametrize(
    "given",
    [
        *(
            1,
            [1],
            [None],
            [{}],
            [{"type": "remove"}],
            [{"type": "human", "content": 1}],
        ),
        [{"type": "ai", "content": "", "tool_calls": [{}]}],
        [{"type": "ai", "content": "", "tool_calls": "f"}],
    ],
)
def test_anything_else_is_refused_by_its_place(given: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"^input\.messages"):
        to_messages(given)


def test_a_message_is_shown_as_it_was_posted() -> None:
    posted: Any = [
        {"type": "human", "content": "Hi", "id": "1"},
        {
            "type": "ai",
            "content": "",
            "id": "2",
            "tool_calls": [
                {"name": "f", "args": {"a": 1}, "id": "c", "type": "tool_call"}
            ],
        },
        {"type": "tool", "content": "ok", "id": "3", "tool_call_id": "c"},
    ]
    messages = [Message.model_validate(each) for each in to_messages(posted)]
    for given, message in zip(posted, messages, strict=True):
        made = shown.message(message)
        assert {name: made[name] for name in given} == given
