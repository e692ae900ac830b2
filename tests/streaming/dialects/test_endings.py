"""How each dialect ends an answer that waits, was stopped, or came to its budget."""

import json
from typing import Any

import pytest

from streaming.errors import Cancelled
from streaming.events import Error, FinishReason, Interrupt
from tests.streaming.dialects.dialect_output import CALL, RESULT, ended, said, written
from tests.streaming.dialects.ui_message_chunks import (
    STEP_ENDS,
    chunks,
    finish,
    part,
    read,
)

ASKED = Interrupt("i1", {"question": "Shall I?"})
SECOND = Interrupt("i2", "Really?")
WAITS = [*said("Hi."), ASKED, *ended("interrupt")]


def frames(stream: bytes) -> list[str]:
    return stream.decode().replace("\r\n", "\n").strip().split("\n\n")


async def test_json_has_an_event_of_it() -> None:
    stream = frames(await written("json", *WAITS))
    assert stream[1] == (
        'event: interrupt\ndata: {"id":"i1","value":{"question":"Shall I?"}}'
    )
    assert '"finish_reason":"interrupt"' in stream[2]
    whole = json.loads(await written("json", *WAITS, stream=False))
    assert whole["interrupts"] == [{"id": "i1", "value": {"question": "Shall I?"}}]
    assert (whole["content"], whole["finish_reason"]) == ("Hi.", "interrupt")


async def test_text_plain_and_delta_say_the_question() -> None:
    question = '{"question":"Shall I?"}'
    lines = (await written("text", *WAITS)).decode().split("\r\n")
    assert [line for line in lines if line] == [
        "data: Hi.",
        "data: ",
        "data: ",
        f"data: {question}",
        "data: [DONE]",
    ]
    assert (await written("plain", *WAITS)).decode() == f"Hi.\n\n{question}"
    last = frames(await written("delta", *WAITS))[-1]
    assert last == 'event: done\ndata: {"status":"completed"}'
    assert (await written("text", *WAITS, stream=False)).decode() == (
        f"Hi.\n\n{question}"
    )
    whole = await written("delta", *WAITS, stream=False)
    assert json.loads(whole) == {"message": f"Hi.\n\n{question}"}


async def test_openai_has_a_tool_call() -> None:
    stream = frames(await written("openai", *WAITS))
    assert stream[-1] == "data: [DONE]"
    made = [json.loads(each.removeprefix("data: ")) for each in stream[:-1]]
    choices = [choice for each in made for choice in each["choices"]]
    [calls] = [c["delta"]["tool_calls"] for c in choices if "tool_calls" in c["delta"]]
    arguments = '{"value":{"question":"Shall I?"}}'
    assert calls == [
        {
            "index": 0,
            "id": "i1",
            "type": "function",
            "function": {"name": "interrupt", "arguments": arguments},
        }
    ]
    assert choices[-1]["finish_reason"] == "tool_calls"
    whole = json.loads(await written("openai", *WAITS, stream=False))
    [choice] = whole["choices"]
    assert choice["finish_reason"] == "tool_calls"
    [call] = choice["message"]["tool_calls"]
    assert (call["id"], call["function"]["arguments"]) == ("i1", arguments)


def asked(interrupt: Interrupt) -> list[dict[str, Any]]:
    key = interrupt.id
    return [
        {
            "type": "tool-input-available",
            "toolCallId": key,
            "toolName": "interrupt",
            "input": {"value": interrupt.value},
            "dynamic": True,
        },
        {"type": "tool-approval-request", "approvalId": key, "toolCallId": key},
    ]


async def test_ui_message_asks_for_approvals_in_a_step_of_their_own() -> None:
    found = await chunks(CALL, ASKED, SECOND, *ended("interrupt"))
    assert found[1:] == [
        STEP_ENDS,
        {"type": "start-step"},
        *asked(ASKED),
        *asked(SECOND),
        STEP_ENDS,
        finish("interrupt"),
    ]
    found = await chunks(*WAITS)
    assert found == [
        *part("text", "1", "Hi."),
        *asked(ASKED),
        STEP_ENDS,
        finish("interrupt"),
    ]
    whole = json.loads(await written("ui-message", *WAITS, stream=False))
    assert whole["parts"][-1] == {
        "type": "dynamic-tool",
        "toolName": "interrupt",
        "toolCallId": "i1",
        "input": {"value": {"question": "Shall I?"}},
        "state": "approval-requested",
        "approval": {"id": "i1"},
    }


async def test_a_result_and_then_a_question_make_two_steps() -> None:
    found = await chunks(CALL, RESULT, ASKED, *ended("interrupt"))
    assert [each["type"] for each in found].count("start-step") == 1


STOPPED = Error("d", Cancelled())


@pytest.mark.parametrize(
    ("dialect", "reason", "last"),
    [
        ("json", "cancelled", "event: done"),
        ("json", "budget", "event: done"),
        ("text", "budget", "data: [DONE]"),
        ("text", "cancelled", "event: error"),
        ("delta", "budget", 'event: done\ndata: {"status":"completed"}'),
        ("delta", "cancelled", 'event: done\ndata: {"status":"failed"}'),
        ("openai", "budget", "data: [DONE]"),
        ("openai", "cancelled", 'data: {"error":'),
    ],
)
async def test_a_stop_and_a_budget_end_as_the_contract_says(
    dialect: str, reason: FinishReason, last: str
) -> None:
    stream = frames(await written(dialect, *said("Hi"), *ended(reason)))
    assert stream[-1].startswith(last)
    done = [frame for frame in stream if '"finish_reason":"length"' in frame]
    assert bool(done) == ((dialect, reason) == ("openai", "budget"))


async def test_ui_message_aborts_and_is_cut_at_a_budget() -> None:
    budget = await chunks(*said("Hi"), *ended("budget"))
    assert budget[-1] == finish("length")
    stopped = read(await written("ui-message", *said("Hi"), *ended("cancelled")))
    assert stopped[-1] == {"type": "abort"}
