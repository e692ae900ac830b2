"""`openai`, byte by byte."""

import json
import re
from typing import Any

import pytest

from streaming.dialects import openai
from streaming.errors import (
    ChatError,
    InvalidRequest,
    Overloaded,
    RateLimited,
    Unauthorized,
    UnknownModel,
)
from streaming.events import Event, ToolCall
from tests.streaming.dialects.dialect_output import (
    BROKE_OFF,
    CALL,
    PAGE,
    REASONING,
    REDACT,
    RESULT,
    ended,
    said,
    written,
)

HEAD = (
    b'"id":"chatcmpl-run","object":"chat.completion.chunk","created":0,"model":"%b",'
    b'"choices":['
)
DONE = b"data: [DONE]\n\n"


async def stream(*events: Event, **fields: Any) -> bytes:
    """The stream, as if it had begun in 1970."""
    frames = await written("openai", *events, run_id="run", chain="c", **fields)
    return re.sub(rb'"created":\d+', b'"created":0', frames)


async def whole(*events: Event) -> dict[str, Any]:
    """The one object, without the time."""
    begun = {"run_id": "run", "chain": "c", "created": 1}
    frames = await written("openai", *events, **begun, stream=False)
    answer = dict(json.loads(frames))
    assert answer.pop("created") == 1
    return answer


def chunk(delta: bytes, reason: bytes = b"null", model: bytes = b"d") -> bytes:
    choice = b'{"index":0,"delta":{%b},"finish_reason":%b}' % (delta, reason)
    return b"data: {%b%b]}\n\n" % (HEAD % model, choice)


def role(model: bytes = b"d") -> bytes:
    return chunk(b'"role":"assistant","content":""', model=model)


async def test_the_role_comes_first_and_done_last() -> None:
    assert await stream(*said("Hel", "lo\n\u2028"), *ended()) == (
        role()
        + chunk(b'"content":"Hel"')
        + chunk(b'"content":"lo\\n\\u2028"')
        + chunk(b"", b'"stop"')
        + DONE
    )


@pytest.mark.parametrize("reason", ["length", "content_filter"])
async def test_the_finish_reason_is_the_models(reason: Any) -> None:
    frames = await stream(*said("a"), *ended(reason))
    assert frames.endswith(chunk(b"", b'"%b"' % reason.encode()) + DONE)


async def test_an_empty_answer_is_one_that_finished() -> None:
    assert await stream(*ended()) == role() + chunk(b"", b'"stop"') + DONE


async def test_usage_is_a_chunk_without_choices_where_it_is_asked_for() -> None:
    frames = await stream(*said("a"), *ended(), include_usage=True)
    *chunks, usage, done = frames.split(b"\n\n")[:-1]
    assert usage == (
        b"data: {%b]," % (HEAD % b"d") + b'"usage":{"prompt_tokens":5,'
        b'"completion_tokens":2,"total_tokens":7,'
        b'"prompt_tokens_details":{"cached_tokens":0},'
        b'"completion_tokens_details":{"reasoning_tokens":0}}}'
    )
    assert done == DONE.strip()
    assert all(each.endswith(b',"usage":null}') for each in chunks)


async def test_reasoning_has_a_field_of_its_own() -> None:
    assert await stream(REASONING, *said("a"), *ended()) == (
        role()
        + chunk(b'"reasoning_content":"Hm."')
        + chunk(b'"content":"a"')
        + chunk(b"", b'"stop"')
        + DONE
    )


async def test_a_tool_call_is_the_callers_to_run() -> None:
    raw = ToolCall("d", "call_2", "look_up", '{"city": "Par')
    assert await stream(CALL, raw, *ended("tool_calls")) == (
        role()
        + chunk(
            b'"tool_calls":[{"index":0,"id":"call_1","type":"function","function":'
            b'{"name":"look_up","arguments":"{\\"city\\":\\"Paris\\"}"}}]'
        )
        + chunk(
            b'"tool_calls":[{"index":1,"id":"call_2","type":"function","function":'
            b'{"name":"look_up","arguments":"{\\"city\\": \\"Par"}}]'
        )
        + chunk(b"", b'"tool_calls"')
        + DONE
    )


async def test_a_tool_that_the_server_has_run_is_not_the_callers_to_run() -> None:
    """An agent at the other end would run it again, or fail for not having it."""
    expected = role() + chunk(b'"content":"a"') + chunk(b"", b'"stop"') + DONE
    assert await stream(CALL, RESULT, *said("a"), *ended()) == expected
    assert await stream(CALL, RESULT, *said("a"), *ended("tool_calls")) == expected


OPEN = ToolCall("d", "call_2", "look_up", {})


@pytest.mark.parametrize("reason", ["stop", "tool_calls"])
async def test_a_tool_call_left_open_is_why_the_answer_ends(reason: Any) -> None:
    """The chain ends as its last model call did, which may have called nothing."""
    events = [CALL, OPEN, RESULT, *said("a"), *ended(reason)]
    assert await stream(*events) == (
        role()
        + chunk(b'"content":"a"')
        + chunk(
            b'"tool_calls":[{"index":0,"id":"call_2","type":"function","function":'
            b'{"name":"look_up","arguments":"{}"}}]'
        )
        + chunk(b"", b'"tool_calls"')
        + DONE
    )
    [choice] = (await whole(*events))["choices"]
    assert [call["id"] for call in choice["message"]["tool_calls"]] == ["call_2"]
    assert choice["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("reason", ["length", "content_filter"])
async def test_an_answer_that_was_cut_is_so_with_tool_calls_too(reason: Any) -> None:
    events = [OPEN, *said("a"), *ended(reason)]
    end = chunk(b"", b'"%b"' % reason.encode())
    assert (await stream(*events)).endswith(end + DONE)
    [choice] = (await whole(*events))["choices"]
    assert choice["finish_reason"] == reason


async def test_a_citation_is_context_as_azure_has_it() -> None:
    cited = (
        b'"context":{"citations":[{"content":"Paris is in France.","title":"Paris",'
        b'"url":"https://example.com/paris","chunk_id":"1"}]}'
    )
    assert await stream(PAGE, *said("a"), *ended()) == (
        role(b"c")
        + chunk(cited, model=b"c")
        + chunk(b'"content":"a"')
        + chunk(b"", b'"stop"')
        + DONE
    )


async def test_a_redaction_is_said_as_the_asynchronous_filter_does() -> None:
    frames = await stream(*said("abc"), REDACT, *ended("content_filter"))
    choice = (
        b'{"index":0,"delta":{},"finish_reason":null,"content_filter_offsets":'
        b'{"check_offset":0,"start_offset":0,"end_offset":3}}'
    )
    assert b"data: {%b%b]}\n\n" % (HEAD % b"d", choice) in frames
    assert frames.endswith(chunk(b"", b'"content_filter"') + DONE)


async def test_an_error_in_the_middle_is_the_last_thing_said() -> None:
    """SDKs take any finish chunk, and `[DONE]`, for success."""
    assert await stream(CALL, *said("a"), BROKE_OFF, *ended("error")) == (
        role()
        + chunk(b'"content":"a"')
        + b'data: {"error":{"message":"The model\'s answer broke off.",'
        b'"type":"server_error","param":null,"code":"upstream_incomplete"}}\n\n'
    )


async def test_a_deadline_is_an_error_in_the_middle() -> None:
    assert await stream(*said("a"), *ended("deadline"), include_usage=False) == (
        role()
        + chunk(b'"content":"a"')
        + b'data: {"error":{"message":"The answer took too long.",'
        b'"type":"server_error","param":null,"code":"deadline"}}\n\n'
    )


def test_a_keep_alive_is_a_comment() -> None:
    assert openai.keep_alive("d") == b": keep-alive\n\n"


async def test_an_answer_that_does_not_stream_is_one_object() -> None:
    assert await whole(PAGE, REASONING, *said("Hel", "lo"), *ended()) == {
        "id": "chatcmpl-run",
        "object": "chat.completion",
        "model": "d",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "refusal": None,
                    "content": "Hello",
                    "reasoning_content": "Hm.",
                    "context": {
                        "citations": [
                            {
                                "content": "Paris is in France.",
                                "title": "Paris",
                                "url": "https://example.com/paris",
                                "chunk_id": "1",
                            }
                        ]
                    },
                },
                "finish_reason": "stop",
                "logprobs": None,
            }
        ],
        "usage": {
            "prompt_tokens": 5,
            "completion_tokens": 2,
            "total_tokens": 7,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }


async def test_tool_calls_that_do_not_stream() -> None:
    [choice] = (await whole(CALL, *ended("tool_calls")))["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["content"] is None
    function = {"name": "look_up", "arguments": '{"city":"Paris"}'}
    assert choice["message"]["tool_calls"] == [
        {"id": "call_1", "type": "function", "function": function}
    ]
    [choice] = (await whole(CALL, RESULT, *said("a"), *ended()))["choices"]
    assert "tool_calls" not in choice["message"]


@pytest.mark.parametrize(
    ("error", "written_as"),
    [
        (
            InvalidRequest("n: no", param="n"),
            {"type": "invalid_request_error", "param": "n", "code": "invalid_request"},
        ),
        (
            Unauthorized("x"),
            {"type": "authentication_error", "param": None, "code": "unauthorized"},
        ),
        (
            UnknownModel("x", param="model"),
            {"type": "invalid_request_error", "param": "model", "code": "not_found"},
        ),
        (
            RateLimited("x", retry_after_ms=7),
            {"type": "rate_limit_error", "param": None, "code": "rate_limited"},
        ),
        (
            Overloaded("x"),
            {"type": "server_error", "param": None, "code": "overloaded"},
        ),
    ],
)
def test_an_error_has_openais_shape(
    error: ChatError, written_as: dict[str, Any]
) -> None:
    assert json.loads(openai.error(error, "req")) == {
        "error": {"message": error.message, **written_as}
    }
