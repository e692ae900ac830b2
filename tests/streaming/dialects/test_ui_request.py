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
        ([{"role": "user", "content": 1}], r"messages\.0\.parts: expected a list"),
        ([{"role": "user", "parts": "x"}], r"messages\.0\.parts: expected a list"),
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


@pytest.mark.parametrize("part", [text(""), {"type": "data-place", "data": {"x": 1}}])
def test_what_cannot_be_read_of_an_earlier_turn_ends_no_later_one(
    part: dict[str, Any],
) -> None:
    said = message("user", part), message("assistant", text("one"))
    request = parse(*said, message("user", text("two")))
    assert [each.text for each in request.messages] == ["one", "two"]
    with pytest.raises(InvalidRequest, match=r"messages\.0\.parts: has neither"):
        parse(message("user", part))


def test_messages_that_are_no_list_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="messages: expected a list"):
        dialects.load("ui-message").parse(b'{"messages": {}}', {})


def called(name: str, state: str, **more: Any) -> dict[str, Any]:
    call = {"type": "dynamic-tool", "toolName": name, "toolCallId": f"call_{name}"}
    return {**call, "state": state, "input": {"city": "Paris"}, **more}


def conversation(*parts: Any) -> list[dict[str, Any]]:
    """What becomes of the parts of an assistant's message."""
    asked = message("user", text("?"))
    request = parse(asked, message("assistant", *parts), message("user", text("So?")))
    return [each.model_dump(exclude_none=True) for each in request.messages[1:-1]]


def answered(name: str, result: str) -> list[dict[str, Any]]:
    function = {"name": name, "arguments": '{"city":"Paris"}'}
    call = {"id": f"call_{name}", "type": "function", "function": function}
    return [call, {"role": "tool", "tool_call_id": f"call_{name}", "content": result}]


STEP = {"type": "step-start"}


@pytest.mark.parametrize(
    ("part", "result"),
    [
        (called("find", "output-available", output="here"), "here"),
        (called("find", "output-available", output={"at": [1, 2]}), '{"at":[1,2]}'),
        (called("find", "output-available", output=None), "null"),
        (called("find", "output-available"), "null"),
        (called("find", "output-error", errorText="no such city"), "no such city"),
        (called("find", "output-denied"), "The user denied the call."),
    ],
)
def test_a_pages_own_result_reaches_the_chain(
    part: dict[str, Any], result: str
) -> None:
    call, answer = answered("find", result)
    static = {name: part[name] for name in part if name != "toolName"}
    for each in (part, {**static, "type": "tool-find"}):
        assert conversation(STEP, text("Wait."), each, STEP, text("There.")) == [
            {"role": "assistant", "content": "Wait.", "tool_calls": [call]},
            answer,
            {"role": "assistant", "content": "There."},
        ]


def test_a_pages_result_may_be_the_newest_of_the_conversation() -> None:
    part = called("find", "output-available", output="here")
    request = parse(message("user", text("?")), message("assistant", STEP, part))
    assert [each.role for each in request.messages] == ["user", "assistant", "tool"]
    assert request.continues == "m"


@pytest.mark.parametrize(
    "part",
    [
        called("find", "input-streaming"),
        called("find", "input-available"),
        called("find", "output-available", output="x", preliminary=True),
        called("find", "approval-requested"),
        called("find", "output-available", output="x", providerExecuted=True),
    ],
)
def test_calls_without_a_result_and_of_the_server_are_left_out(
    part: dict[str, Any],
) -> None:
    assert conversation(STEP, text("a"), part, STEP, text("b")) == [
        {"role": "assistant", "content": "ab"}
    ]


def test_beside_a_pages_result_the_servers_are_not_left_out() -> None:
    ours = called("search", "output-available", output="x", providerExecuted=True)
    theirs = called("find", "output-available", output="here")
    (first, one), (second, two) = answered("search", "x"), answered("find", "here")
    calls = {"role": "assistant", "tool_calls": [first, second]}
    assert conversation(ours, theirs) == [calls, one, two]


def test_an_assistants_last_word_is_no_question() -> None:
    with pytest.raises(InvalidRequest, match="the last one must not be the assistant"):
        parse(message("user", text("?")), message("assistant", STEP, text("a")))


@pytest.mark.parametrize("content", ["hi", [{"type": "text", "text": "hi"}]])
@pytest.mark.parametrize("more", [{}, {"parts": None}, {"parts": []}])
def test_a_message_may_have_content_in_place_of_parts(
    content: Any, more: dict[str, Any]
) -> None:
    request = parse({"role": "user", "content": content, **more})
    assert [each.content for each in request.messages] == ["hi"]


def test_tools_may_be_named_by_an_object() -> None:
    """As assistant-ui posts them."""
    tools = {"find": {"description": "Finds.", "parameters": {"type": "object"}}}
    request = parse(message("user", text("?")), tools=tools, system="")
    function = {"name": "find", **tools["find"]}
    expected = [{"type": "function", "function": function}]
    assert request.caller_tools.tools == expected
    assert parse(message("user", text("?")), tools={}).caller_tools.tools is None


def test_a_result_that_is_nested_too_deep_is_refused() -> None:
    deep = '{"a":' * 1000 + "1" + "}" * 1000
    part = json.dumps(called("find", "output-available", output="DEEP"))
    body = f'{{"messages": [{{"role": "assistant", "parts": [{part}]}}]}}'
    with pytest.raises(InvalidRequest, match="nested too deep"):
        dialects.load("ui-message").parse(body.replace('"DEEP"', deep).encode(), {})
