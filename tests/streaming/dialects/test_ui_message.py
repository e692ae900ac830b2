"""`ui-message`, chunk by chunk; that the SDK reads it is for `tests/clients`."""

import json
from typing import Any

import pytest

from streaming.events import Event, FinishReason, ReasoningDelta, ToolCall
from tests.streaming.dialects.dialect_output import (
    BROKE_OFF,
    CALL,
    FILE,
    PAGE,
    REASONING,
    REDACT,
    RESULT,
    ended,
    said,
    written,
)
from tests.streaming.dialects.use_chat_messages import message, text
from tests.support.app_process import Server

Chunk = dict[str, Any]

START: list[Chunk] = [{"type": "start", "messageId": "req"}, {"type": "start-step"}]
STEP_ENDS: Chunk = {"type": "finish-step"}
CALLED: Chunk = {
    "type": "tool-input-available",
    "toolCallId": "call_1",
    "toolName": "look_up",
    "input": {"city": "Paris"},
    "dynamic": True,
}
ANSWERED: Chunk = {
    "type": "tool-output-available",
    "toolCallId": "call_1",
    "output": "two million",
    "providerExecuted": True,
    "dynamic": True,
}


def finish(reason: str = "stop") -> Chunk:
    metadata = {
        "finishReason": reason,
        "deployment": "d",
        "runId": "run",
        "usage": {
            "inputTokens": 5,
            "outputTokens": 2,
            "totalTokens": 7,
            "cachedInputTokens": 0,
            "reasoningTokens": 0,
        },
        "latencyMs": 3,
        "timeToFirstChunkMs": 1,
        "streamingDurationMs": 2,
    }
    return {"type": "finish", "messageMetadata": metadata}


def part(kind: str, number: str, *pieces: str) -> list[Chunk]:
    """The chunks of one text or reasoning."""
    deltas = [
        {"type": f"{kind}-delta", "id": number, "delta": piece} for piece in pieces
    ]
    begin, end = ({"type": f"{kind}-{edge}", "id": number} for edge in ("start", "end"))
    return [begin, *deltas, end]


def read(stream: bytes) -> list[Chunk]:
    """The chunks of a stream, which must end as one does."""
    frames = stream.decode().split("\n\n")
    assert frames[-2:] == ["data: [DONE]", ""]
    shown = [frame for frame in frames[:-2] if not frame.startswith(":")]
    return [json.loads(frame.removeprefix("data: ")) for frame in shown]


async def chunks(*events: Event) -> list[Chunk]:
    """What is written for *events* between the first chunks and the last."""
    first, second, *rest = read(await written("ui-message", *events))
    assert [first, second] == START
    return rest


async def test_the_least_answer_byte_by_byte() -> None:
    stream = await written("ui-message", *said("Hi\u2028"), *ended())
    assert stream == (
        b'data: {"type":"start","messageId":"req"}\n\n'
        b'data: {"type":"start-step"}\n\n'
        b'data: {"type":"text-start","id":"1"}\n\n'
        b'data: {"type":"text-delta","id":"1","delta":"Hi\\u2028"}\n\n'
        b'data: {"type":"text-end","id":"1"}\n\n'
        b'data: {"type":"finish-step"}\n\n'
        b'data: {"type":"finish","messageMetadata":{"finishReason":"stop",'
        b'"deployment":"d","runId":"run","usage":{"inputTokens":5,"outputTokens":2,'
        b'"totalTokens":7,"cachedInputTokens":0,"reasoningTokens":0},"latencyMs":3,'
        b'"timeToFirstChunkMs":1,"streamingDurationMs":2}}\n\n'
        b"data: [DONE]\n\n"
    )


async def test_reasoning_and_text_are_parts_of_their_own() -> None:
    again = ReasoningDelta("d", "So.")
    events = [REASONING, again, *said("Hel", "lo"), REASONING, *ended()]
    assert await chunks(*events) == [
        *part("reasoning", "1", "Hm.", "So."),
        *part("text", "2", "Hel", "lo"),
        *part("reasoning", "3", "Hm."),
        STEP_ENDS,
        finish(),
    ]


async def test_an_answered_call_ends_its_step() -> None:
    """`sendAutomaticallyWhen` asks again while the last step is an answered call."""
    events = [*said("Wait."), CALL, RESULT, PAGE, *said("Done."), *ended()]
    source = {
        "type": "source-url",
        "sourceId": "1",
        "url": "https://example.com/paris",
        "title": "Paris",
    }
    assert await chunks(*events) == [
        *part("text", "1", "Wait."),
        CALLED,
        ANSWERED,
        source,
        STEP_ENDS,
        {"type": "start-step"},
        *part("text", "2", "Done."),
        STEP_ENDS,
        finish(),
    ]


async def test_a_call_that_the_page_has_to_answer_is_the_end() -> None:
    assert await chunks(CALL, *ended("tool_calls")) == [
        CALLED,
        STEP_ENDS,
        finish("tool-calls"),
    ]


async def test_an_answer_that_ends_with_a_result_ends_with_an_empty_step() -> None:
    assert await chunks(CALL, RESULT, *ended()) == [
        CALLED,
        ANSWERED,
        STEP_ENDS,
        {"type": "start-step"},
        STEP_ENDS,
        finish(),
    ]


async def test_a_call_that_waits_for_the_page_stays_in_the_last_step() -> None:
    waiting = ToolCall("d", "call_2", "locate", {})
    kinds = [chunk["type"] for chunk in await chunks(CALL, waiting, RESULT, *ended())]
    assert kinds.count("start-step") == 0


async def test_a_tool_of_the_page_is_not_dynamic() -> None:
    tools = [{"type": "function", "function": {"name": "look_up"}}]
    asked = {"tools": tools}
    stream = await written("ui-message", CALL, *ended("tool_calls"), caller_tools=asked)
    shown = read(stream)[2]
    assert shown == {name: CALLED[name] for name in CALLED if name != "dynamic"}


async def test_an_answer_goes_on_with_the_message_that_the_page_has() -> None:
    stream = await written("ui-message", *said("a"), *ended(), continues="m7")
    assert read(stream)[0] == {"type": "start", "messageId": "m7"}


async def test_arguments_that_are_no_object_are_an_error_of_the_call() -> None:
    call = ToolCall("d", "call_1", "look_up", '{"city": "Par')
    shown, error, *_ = await chunks(call, *ended("tool_calls"))
    assert shown == {**CALLED, "input": '{"city": "Par'}
    assert error == {
        "type": "tool-output-error",
        "toolCallId": "call_1",
        "errorText": "The arguments are not a JSON object.",
        "providerExecuted": True,
        "dynamic": True,
    }


async def test_a_result_whose_call_was_not_shown_is_shown_with_one() -> None:
    shown, answered, *_ = await chunks(RESULT, *ended())
    assert shown == {**CALLED, "input": {}}
    assert answered == ANSWERED


async def test_a_source_that_is_no_page_is_a_document() -> None:
    document, *_ = await chunks(FILE, *said("a"), *ended())
    assert document == {
        "type": "source-document",
        "sourceId": "2",
        "mediaType": "text/markdown",
        "title": "README > Stream",
        "filename": "README.md",
    }


async def test_sources_do_not_tear_a_text_apart() -> None:
    kinds = [chunk["type"] for chunk in await chunks(*said("a"), PAGE, *said("b"))]
    assert kinds == ["text-start", "text-delta", "source-url", "text-delta"]


@pytest.mark.parametrize("reason", ["length", "content_filter"])
async def test_the_metadata_says_how_it_ended(reason: FinishReason) -> None:
    *_, last = await chunks(*said("a"), REDACT, *ended(reason))
    assert last == finish(reason.replace("_", "-"))


async def test_an_error_closes_what_is_open() -> None:
    assert await chunks(*said("a"), BROKE_OFF, *ended("error")) == [
        *part("text", "1", "a"),
        STEP_ENDS,
        {"type": "error", "errorText": "The model's answer broke off."},
        finish("error"),
    ]


async def test_a_deadline_is_an_error() -> None:
    assert await chunks(REASONING, *ended("deadline")) == [
        *part("reasoning", "1", "Hm."),
        STEP_ENDS,
        {"type": "error", "errorText": "The answer took too long."},
        finish("deadline"),
    ]


async def test_without_streaming_it_is_the_message() -> None:
    failing = ToolCall("d", "call_2", "look_up", "{")
    events = [REASONING, CALL, failing, RESULT, PAGE, *said("Hel", "lo"), *ended()]
    assert json.loads(await written("ui-message", *events, stream=False)) == {
        "id": "req",
        "role": "assistant",
        "metadata": finish()["messageMetadata"],
        "parts": [
            {"type": "step-start"},
            {"type": "reasoning", "id": "1", "text": "Hm.", "state": "done"},
            {
                "type": "dynamic-tool",
                "toolName": "look_up",
                "toolCallId": "call_1",
                "input": {"city": "Paris"},
                "state": "output-available",
                "output": "two million",
                "providerExecuted": True,
            },
            {
                "type": "dynamic-tool",
                "toolName": "look_up",
                "toolCallId": "call_2",
                "input": "{",
                "errorText": "The arguments are not a JSON object.",
                "providerExecuted": True,
                "state": "output-error",
            },
            {
                "type": "source-url",
                "sourceId": "1",
                "url": "https://example.com/paris",
                "title": "Paris",
            },
            {"type": "step-start"},
            {"type": "text", "text": "Hello", "state": "done"},
        ],
    }


def ask(server: Server, question: str, **fields: Any) -> bytes:
    body = {"messages": [message("user", text(question))], **fields}
    response = server.client.post("/api/chat/ui-message", json=body)
    assert response.headers["x-vercel-ai-ui-message-stream"] == "v1"
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    return response.content


def test_over_the_socket_it_streams(app: Server) -> None:
    start, _, *rest, last = read(ask(app, "standin:answer tokens=2"))
    assert start["type"] == "start"
    assert rest == [*part("text", "1", "tok0", " tok1"), STEP_ENDS]
    assert last["messageMetadata"]["deployment"] == "gpt-4o"


def test_each_answer_is_a_message_of_its_own(app: Server) -> None:
    first, second = (read(ask(app, "standin:answer"))[0] for _ in range(2))
    assert first["messageId"] != second["messageId"] != ""


def test_an_error_before_the_stream_is_a_status_and_json(app: Server) -> None:
    body = {"messages": [message("user", text("standin:rate_limited retry_after=7"))]}
    response = app.client.post("/api/chat/ui-message", json=body)
    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    assert response.json()["error"]["code"] == "rate_limited"


def test_silence_is_a_comment(impatient: Server) -> None:
    stream = ask(impatient, "standin:answer tokens=1 first_ms=900")
    assert b"\n\n: keep-alive\n\n" in stream
    assert [chunk["type"] for chunk in read(stream)][-3:] == [
        "text-end",
        "finish-step",
        "finish",
    ]


def test_the_deadline_is_an_error(brief: Server) -> None:
    stream = ask(brief, "standin:answer tokens=100 delay_ms=100")
    *_, error, last = read(stream)
    assert error == {"type": "error", "errorText": "The answer took too long."}
    assert last["messageMetadata"]["finishReason"] == "deadline"
