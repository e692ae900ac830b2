"""What `useChat` posts to `ui-message`, as a chain is asked."""

import json
from typing import Any

import pytest

from streaming import dialects
from streaming.errors import InvalidRequest
from streaming.requests import ChatRequest
from tests.streaming.dialects.use_chat_messages import message, text


def parse(*messages: Any, **fields: Any) -> ChatRequest:
    posted = {"id": "chat", "trigger": "submit-message", "messageId": "m", **fields}
    body = json.dumps({**posted, "messages": list(messages)}).encode()
    return dialects.load("ui-message").parse(body, {})


def test_what_use_chat_posts_is_a_conversation() -> None:
    image = {"type": "file", "mediaType": "image/png", "url": "data:image/png;base64,a"}
    audio = {"type": "file", "mediaType": "audio/mpeg", "url": "data:audio/mpeg;,b"}
    paper = {
        "type": "file",
        "mediaType": "application/pdf",
        "url": "data:application/pdf;,c",
        "filename": "paper.pdf",
    }
    request = parse(
        message("system", text("Be "), text("brief.")),
        message("user", text("one")),
        message("assistant", {"type": "step-start"}, text("two"), text(" three")),
        message("assistant", {"type": "dynamic-tool", "toolName": "look_up"}),
        message("user", text(""), text("four"), image, audio, paper),
        chain="docs",
        temperature=0.5,
        stream=False,
    )
    assert request.model_dump(exclude_unset=True)["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "two three"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "four"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,a"}},
                {"type": "input_audio", "input_audio": {"data": "b", "format": "mp3"}},
                {
                    "type": "file",
                    "file": {
                        "filename": "paper.pdf",
                        "file_data": "data:application/pdf;,c",
                    },
                },
            ],
        },
    ]
    assert (request.chain, request.stream) == ("docs", False)
    assert request.sampling.temperature == 0.5


@pytest.mark.parametrize(
    ("messages", "problem"),
    [
        ([], "messages: "),
        (["hello"], r"messages\.0\.role: expected 'system', 'user' or 'assistant'"),
        ([message("tool", text("x"))], r"messages\.0\.role: expected"),
        ([{"role": "user", "content": "x"}], r"messages\.0\.parts: expected a list"),
        ([message("user")], r"messages\.0\.parts: has neither text nor a file"),
        ([message("user", "x")], r"messages\.0\.parts\.0\.type: expected a string"),
        (
            [message("user", {"type": "text"})],
            r"messages\.0\.parts\.0\.text: expected a string",
        ),
        (
            [message("user", {"type": "file", "url": "x"})],
            r"messages\.0\.parts\.0: expected the strings url and mediaType",
        ),
        (
            [message("user", text("x")), message("assistant", text("y"))],
            "the last one must not be the assistant's",
        ),
    ],
)
def test_what_is_no_conversation_is_refused_by_the_fields_name(
    messages: list[Any], problem: str
) -> None:
    with pytest.raises(InvalidRequest, match=problem):
        parse(*messages)


def test_messages_that_are_no_list_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="messages: expected a list"):
        dialects.load("ui-message").parse(b'{"messages": {}}', {})
