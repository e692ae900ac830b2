"""`ui-message`, chunk by chunk; that the SDK reads it is for `tests/clients`."""

import json
from typing import Any

import pytest

from streaming.events import FinishReason, ReasoningDelta, ToolCall
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
from tests.streaming.dialects.ui_message_chunks import (
    STEP_ENDS,
    chunks,
    finish,
    part,
    read,
)
from tests.streaming.dialects.use_chat_messages import message, text
from tests.support.app_process import AppProcess


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
    events = [*said("a"), PAGE, *said("b"), *ended()]
    kinds = [chunk["type"] for chunk in await chunks(*events)]
    assert kinds[:4] == ["text-start", "text-delta", "source-url", "text-delta"]


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


def ask(server: AppProcess, question: str, **fields: Any) -> bytes:
    body = {"messages": [message("user", text(question))], **fields}
    response = server.client.post("/api/chat/ui-message", json=body)
    assert response.headers["x-vercel-ai-ui-message-stream"] == "v1"
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    return response.content


def test_over_the_socket_it_streams(app: AppProcess) -> None:
    start, _, *rest, last = read(ask(app, "standin:answer tokens=2"))
    assert start["type"] == "start"
    assert rest == [*part("text", "1", "tok0", " tok1"), STEP_ENDS]
    assert last["messageMetadata"]["deployment"] == "gpt-4o"


def test_each_answer_is_a_message_of_its_own(app: AppProcess) -> None:
    first, second = (read(ask(app, "standin:answer"))[0] for _ in range(2))
    assert first["messageId"] != second["messageId"] != ""


def test_an_error_before_the_stream_is_a_status_and_its_message(
    app: AppProcess,
) -> None:
    body = {"messages": [message("user", text("standin:rate_limited retry_after=7"))]}
    response = app.client.post("/api/chat/ui-message", json=body)
    assert (response.status_code, response.headers["retry-after"]) == (429, "7")
    assert response.text == "The model is busy; try again later."
    assert response.headers["content-type"] == "text/plain; charset=utf-8"


def test_silence_is_a_comment(impatient: AppProcess) -> None:
    stream = ask(impatient, "standin:answer tokens=1 first_ms=900")
    assert b"\n\n: keep-alive\n\n" in stream
    assert [chunk["type"] for chunk in read(stream)][-3:] == [
        "text-end",
        "finish-step",
        "finish",
    ]


def test_the_deadline_is_an_error(brief: AppProcess) -> None:
    stream = ask(brief, "standin:answer tokens=100 delay_ms=100")
    *_, error, last = read(stream)
    assert error == {"type": "error", "errorText": "The answer took too long."}
    assert last["messageMetadata"]["finishReason"] == "deadline"
