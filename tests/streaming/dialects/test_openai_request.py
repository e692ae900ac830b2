"""What callers of OpenAI's chat completions post to `openai`, as a chain is asked."""

import json
from typing import Any

import pytest

from streaming import dialects
from streaming.dialects import openai
from streaming.errors import InvalidRequest
from streaming.requests import ChatRequest

USER = {"role": "user", "content": "?"}


def parse(path: dict[str, str] | None = None, **fields: Any) -> ChatRequest:
    body = json.dumps({"messages": [USER], **fields}).encode()
    return dialects.load("openai").parse(body, path or {})


def test_nothing_streams_unless_asked() -> None:
    assert parse().stream is False
    assert parse(stream=None).stream is False
    assert parse(stream=True).stream is True


def test_the_path_names_the_chain_and_else_the_model() -> None:
    assert parse(model="docs").chain == "docs"
    assert parse({"deployment": "chat"}, model="gpt-3.5-turbo").chain == "chat"
    assert parse().chain is None


def test_user_is_who_asks_and_not_what() -> None:
    request = parse(user="end-user-7")
    assert [message.content for message in request.messages] == ["?"]
    with pytest.raises(InvalidRequest, match="messages"):
        openai.parse(b'{"user": "a question"}', {})


def test_sampling_is_heeded_and_what_concerns_no_chain_is_not() -> None:
    request = parse(
        max_completion_tokens=5,
        max_tokens=6,
        temperature=1,
        top_p=0.5,
        stop=["x"],
        seed=7,
        metadata={"a": "b"},
        store=True,
        logit_bias={},
        parallel_tool_calls=True,
        n=1,
        logprobs=False,
        tools=[],
        response_format=None,
        presence_penalty=0,
    )
    assert request.sampling.model_dump() == {
        "temperature": 1,
        "top_p": 0.5,
        "max_tokens": 5,
        "stop": ["x"],
        "seed": 7,
    }


@pytest.mark.parametrize(
    ("fields", "name", "limit"),
    [
        ({}, None, None),
        ({"max_tokens": 6}, "max_tokens", 6),
        ({"max_completion_tokens": 5}, "max_completion_tokens", 5),
        ({"max_completion_tokens": 5, "max_tokens": 6}, "max_completion_tokens", 5),
        ({"max_completion_tokens": None, "max_tokens": 6}, "max_tokens", 6),
        ({"limit_name": "max_tokens"}, None, None),
    ],
)
def test_of_two_token_limits_the_newer_counts_by_its_name(
    fields: dict[str, Any], name: str | None, limit: int | None
) -> None:
    request = parse(**fields)
    assert (request.limit_name, request.sampling.max_tokens) == (name, limit)


@pytest.mark.parametrize(
    "fields",
    [
        {"n": 2},
        {"logprobs": True},
        {"stream": "yes"},
        {"model": 1},
        {"temperature": 3},
        {"max_tokens": 0},
        {"max_completion_tokens": 0},
        {"messages": []},
    ],
)
def test_what_a_chain_cannot_do_is_refused_by_name(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as raised:
        parse(**fields)
    [name] = fields
    assert raised.value.message.startswith(f"{name}: ")
    assert raised.value.param == name


@pytest.mark.parametrize("options", ["x", 1, {"include_usage": "yes"}])
def test_stream_options_are_an_object(options: Any) -> None:
    with pytest.raises(InvalidRequest, match="include_usage"):
        parse(stream_options=options)


def test_usage_is_asked_for_in_stream_options() -> None:
    assert parse(stream_options={"include_usage": True}).include_usage is True
    assert parse(stream_options={}).include_usage is False
    assert parse(stream_options=None).include_usage is False


def test_an_answer_can_be_handed_back_as_it_came() -> None:
    """As an SDK dumps it, with what only answers have."""
    function = {"name": "f", "arguments": "{}", "parsed": None}
    call = {"index": 0, "id": "1", "type": "function", "function": function}
    answers = [
        {"role": "assistant", "content": "a", "refusal": None, "tool_calls": None},
        {"role": "assistant", "content": "a", "tool_calls": [], "context": {}},
        {"role": "assistant", "content": None, "refusal": "no", "annotations": []},
        {"role": "assistant", "content": None, "tool_calls": [call], "audio": None},
        {"role": "tool", "tool_call_id": "1", "content": "result"},
    ]
    request = parse(messages=[*answers, USER])
    contents = [message.content for message in request.messages]
    assert contents == ["a", "a", "no", None, "result", "?"]
    calls = request.messages[3].tool_calls
    assert calls is not None
    assert calls[0].function.name == "f"


def test_a_conversation_from_when_tools_were_functions_is_read() -> None:
    called = {"name": "f", "arguments": "{}"}
    answer = {"role": "assistant", "content": None, "function_call": called}
    result = {"role": "function", "name": "f", "content": "noon"}
    _, call, told, _ = parse(messages=[USER, answer, result, USER]).messages
    assert call.tool_calls is not None
    assert call.tool_calls[0].function.name == "f"
    assert (told.role, told.tool_call_id) == ("tool", call.tool_calls[0].id)


@pytest.mark.parametrize("fields", [{}, {"model": ""}, {"model": None}, {"model": 1}])
def test_a_model_that_is_not_named_is_missed(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="model: "):
        openai.model(fields)
