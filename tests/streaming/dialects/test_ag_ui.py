"""What `ag-ui` writes. That its own client takes it is in `tests/clients`."""

import json
from typing import Any

import pytest
from pydantic import JsonValue

from streaming.events import (
    Custom,
    Event,
    Interrupt,
    Output,
    Paragraph,
    ToolCall,
    ToolResult,
)
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

RunEvents = list[dict[str, Any]]

ASKED = {"echo": {"threadId": "t", "runId": "r"}, "run_id": "run"}
STARTED = {
    "type": "RUN_STARTED",
    "threadId": "t",
    "runId": "r",
    "protocolVersion": "1.0",
    "metadata": {"runId": "run"},
}
USAGE = [{"inputTokens": 5, "outputTokens": 2, "totalTokens": 7}]


async def run(*events: Event, **fields: Any) -> RunEvents:
    """What is written between the first event and the last; the last is `run[-1]`."""
    stream = (await written("ag-ui", *events, **ASKED, **fields)).decode()
    assert stream.endswith("\n\n")
    frames = [frame.removeprefix("data: ") for frame in stream.split("\n\n")[:-1]]
    started, *rest = [json.loads(frame) for frame in frames]
    assert started == STARTED
    return rest


def text(key: str, *pieces: str) -> RunEvents:
    return message("TEXT_MESSAGE", "assistant", key, *pieces)


def message(kind: str, role: str, key: str, *pieces: str) -> RunEvents:
    deltas = [
        {"type": f"{kind}_CONTENT", "messageId": key, "delta": piece}
        for piece in pieces
    ]
    start = {"type": f"{kind}_START", "messageId": key, "role": role}
    return [start, *deltas, {"type": f"{kind}_END", "messageId": key}]


def called(key: str, name: str, args: str, parent: str) -> RunEvents:
    names = {"toolCallName": name, "parentMessageId": parent}
    return [
        {"type": "TOOL_CALL_START", "toolCallId": key, **names},
        {"type": "TOOL_CALL_ARGS", "toolCallId": key, "delta": args},
        {"type": "TOOL_CALL_END", "toolCallId": key},
    ]


def answered(key: str, result: str) -> dict[str, Any]:
    ids = {"messageId": key, "toolCallId": result}
    content = {"content": "two million", "role": "tool"}
    return {"type": "TOOL_CALL_RESULT", **ids, **content}


PARIS = '{"city":"Paris"}'


async def test_a_run_ends_with_its_usage_and_how_it_went() -> None:
    *found, last = await run(*said("a", "b"), *ended())
    assert found == text("run:1", "a", "b")
    assert last == {
        "type": "RUN_FINISHED",
        "threadId": "t",
        "runId": "r",
        "outcome": {"type": "success"},
        "usage": USAGE,
        "metadata": {
            "finishReason": "stop",
            "deployment": "d",
            "runId": "run",
            "latencyMs": 3,
            "timeToFirstChunkMs": 1,
            "streamingDurationMs": 2,
        },
    }


async def test_reasoning_has_a_span_and_a_message_in_it() -> None:
    *found, _ = await run(REASONING, *said("a"), REASONING, *ended())
    span = [
        {"type": "REASONING_START", "messageId": "run:1"},
        *message("REASONING_MESSAGE", "reasoning", "run:1", "Hm."),
        {"type": "REASONING_END", "messageId": "run:1"},
    ]
    assert found[: len(span) + 3] == [*span, *text("run:2", "a")]
    assert found[-1] == {"type": "REASONING_END", "messageId": "run:3"}


async def test_a_call_belongs_to_the_text_before_it_and_a_result_ends_both() -> None:
    *found, last = await run(*said("a"), CALL, RESULT, *said("b"), *ended())
    assert found == [
        *text("run:1", "a"),
        *called("call_1", "look_up", PARIS, "run:1"),
        answered("run:2", "call_1"),
        *text("run:3", "b"),
    ]
    assert last["outcome"] == {"type": "success"}


async def test_calls_at_once_are_of_one_message_and_wait_for_the_page() -> None:
    other = ToolCall("d", "call_2", "look_up", "{no JSON")
    *found, last = await run(CALL, other, *ended("tool_calls"))
    assert found == [
        *called("call_1", "look_up", PARIS, "run:1"),
        *called("call_2", "look_up", "{no JSON", "run:1"),
    ]
    assert last["outcome"] == {
        "type": "success",
        "pendingToolCallIds": ["call_1", "call_2"],
    }


async def test_calls_without_an_id_or_with_one_twice_get_one_of_their_own() -> None:
    """A client adds the arguments of a call to those of the same id."""
    nameless = ToolCall("d", "", "look_up", {})
    result = ToolResult("d", "", "look_up", "two million")
    found = await run(CALL, RESULT, CALL, RESULT, nameless, result, *ended())
    starts = [each for each in found if each["type"] == "TOOL_CALL_START"]
    results = [each for each in found if each["type"] == "TOOL_CALL_RESULT"]
    ids = [each["toolCallId"] for each in starts]
    assert len(set(ids)) == 3
    assert [each["toolCallId"] for each in results] == ids
    assert found[-1]["outcome"] == {"type": "success"}


async def test_a_new_message_is_one_and_begins_without_a_blank_line() -> None:
    *found, _ = await run(*said("a"), Paragraph("d", "\n\nb"), *ended())
    assert found == [*text("run:1", "a"), *text("run:2", "b")]


async def test_what_the_protocol_has_no_word_for_is_custom() -> None:
    *found, last = await run(PAGE, REDACT, Custom("c", [1]), Output({"a": 1}), *ended())
    source = {"id": "1", "title": "Paris", "url": PAGE.url, "snippet": PAGE.snippet}
    assert found == [
        {"type": "CUSTOM", "name": "citation", "value": source},
        {
            "type": "CUSTOM",
            "name": "redact",
            "value": {"start_offset": 0, "end_offset": 3},
        },
        {"type": "CUSTOM", "name": "c", "value": [1]},
    ]
    assert last["result"] == {"a": 1}


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        ([BROKE_OFF, *ended("error")], "upstream_incomplete"),
        (ended("deadline"), "deadline"),
    ],
)
async def test_an_error_is_the_last_event_and_has_the_usage(
    failure: list[Event], code: str
) -> None:
    *found, last = await run(*said("a"), *failure)
    assert found == text("run:1", "a")
    assert (last["type"], last["code"]) == ("RUN_ERROR", code)
    assert last["usage"] == USAGE


async def test_a_stop_is_an_outcome_and_a_budget_a_reason() -> None:
    *_, last = await run(*said("a"), *ended("cancelled"))
    assert last["outcome"] == {"type": "cancelled"}
    *_, last = await run(*said("a"), *ended("budget"))
    assert last["outcome"] == {"type": "success"}
    assert last["metadata"]["finishReason"] == "budget"


async def test_an_interrupt_names_the_call_that_it_is_about() -> None:
    value: JsonValue = {"action_requests": [{"name": "look_up", "args": {}}]}
    *_, last = await run(CALL, Interrupt("i", value), *ended("interrupt"))
    [asked] = last["outcome"]["interrupts"]
    assert (asked["reason"], asked["toolCallId"]) == ("tool_call", "call_1")
    *_, last = await run(Interrupt("i", "Ok?"), Interrupt("j", 1), *ended("interrupt"))
    assert last["outcome"]["interrupts"] == [
        {
            "id": key,
            "reason": "input_required",
            "message": message,
            "metadata": {"value": value},
        }
        for key, message, value in (("i", "Ok?", "Ok?"), ("j", "1", 1))
    ]


async def test_an_answer_that_does_not_stream_has_the_same_events() -> None:
    events = (REASONING, *said("a"), CALL, RESULT, *ended())
    whole = json.loads(await written("ag-ui", *events, **ASKED, stream=False))
    assert whole == {"events": [STARTED, *await run(*events)]}
