"""What `ag-ui` reads of what a page posts."""

import json
from typing import Any

import pytest

from streaming.dialects import ag_ui
from streaming.errors import InvalidRequest
from streaming.requests import ChatRequest

USER = {"id": "1", "role": "user", "content": "hi"}
CALLS = [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]
CALLED = {"id": "2", "role": "assistant", "content": "", "toolCalls": CALLS}
RESULT = {"id": "3", "role": "tool", "toolCallId": "c", "content": "done"}


def parsed(*messages: Any, **fields: Any) -> ChatRequest:
    given = {"threadId": "t", "runId": "r", "messages": messages, **fields}
    return ag_ui.parse(json.dumps(given).encode(), {})


def turns(*messages: Any) -> list[dict[str, Any]]:
    found = parsed(*messages).messages
    return [message.model_dump(exclude_none=True) for message in found]


def test_the_thread_and_the_run_are_named_and_the_rest_is_ignored() -> None:
    request = parsed(USER, state={"a": 1}, protocolVersion="9.9", unknown=[None])
    assert (request.thread_id, request.echo) == ("t", {"threadId": "t", "runId": "r"})
    assert (request.whole, request.replaces, request.stream) == (True, True, True)
    assert parsed(USER, threadId="no thread!").thread_id is None
    assert parsed(USER, threadId="no thread!").echo["threadId"] == "no thread!"


def test_forwarded_props_have_what_is_of_this_app() -> None:
    props = {"chain": "c", "temperature": 1, "stream": False, "inputs": {"a": 1}}
    props |= {"on_disconnect": "continue", "tool_choice": "required", "mine": {"x": 1}}
    request = parsed(USER, forwardedProps=props, tools=[{"name": "f"}])
    assert (request.chain, request.stream, request.inputs) == ("c", False, {"a": 1})
    assert (request.sampling.temperature, request.on_disconnect) == (1, "continue")
    assert request.caller_tools.tool_choice == "required"
    assert request.caller_tools.tools == [
        {"type": "function", "function": {"name": "f"}}
    ]
    assert parsed(USER, forwardedProps=[1]).chain is None


def test_calls_and_their_results_are_turns() -> None:
    call = {"id": "c", "type": "function", "function": CALLS[0]["function"]}
    assert turns(USER, CALLED, RESULT) == [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "done"},
    ]
    failed = {**RESULT, "content": "", "error": "It broke."}
    assert turns(USER, CALLED, failed)[-1]["content"] == "It broke."


def test_a_call_and_its_result_do_not_go_alone() -> None:
    said = {**CALLED, "content": "Let me see."}
    assert turns(USER, CALLED, USER) == turns(USER, USER)
    assert turns(USER, RESULT, USER) == turns(USER, USER)
    assert turns(USER, said, USER)[1] == {"role": "assistant", "content": "Let me see."}
    assert turns(USER, CALLED, RESULT, RESULT) == turns(USER, CALLED, RESULT)


def test_a_pages_notes_and_reasoning_are_no_turns() -> None:
    notes = {"role": "activity", "activityType": "a", "content": {"x": 1}}
    thought = {"role": "reasoning", "content": "Hm."}
    later = {"role": "not yet invented"}
    assert turns(notes, USER, thought, later, USER) == turns(USER, USER)


def source(kind: str, value: str, mime: str = "") -> dict[str, Any]:
    return {"type": kind, "value": value, **({"mimeType": mime} if mime else {})}


def test_parts_are_read_and_what_no_model_can_use_is_left_out() -> None:
    parts = [
        {"type": "text", "text": "What is it?"},
        {"type": "image", "source": source("data", "AA==", "image/png")},
        {"type": "image", "source": source("url", "https://e.com/a.png")},
        {"type": "audio", "source": source("data", "AA==", "audio/mpeg")},
        {
            "type": "document",
            "source": source("data", "AA==", "application/pdf"),
            "metadata": {"filename": "a.pdf"},
        },
        {"type": "image", "source": source("file", "file-1")},
        {"type": "video", "source": source("url", "https://e.com/a.mp4")},
    ]
    [turn] = turns({**USER, "content": parts})
    pdf = {"filename": "a.pdf", "file_data": "data:application/pdf;base64,AA=="}
    assert turn["content"] == [
        {"type": "text", "text": "What is it?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
        {"type": "image_url", "image_url": {"url": "https://e.com/a.png"}},
        {"type": "input_audio", "input_audio": {"data": "AA==", "format": "mp3"}},
        {"type": "file", "file": pdf},
    ]
    assert turns({**USER, "content": parts[-2:]}) == [{"role": "user", "content": ""}]
    assert turns({**USER, "content": parts[:1]})[0]["content"] == "What is it?"


def test_context_is_a_system_message_before_the_others() -> None:
    context = [{"description": "The user", "value": "Ann"}, {"description": "Day"}]
    first, second = parsed(USER, context=context).messages
    assert (first.role, first.content, second.text) == (
        "system",
        "The user: Ann",
        "hi",
    )


def answer(status: str = "resolved", **fields: Any) -> dict[str, Any]:
    return {"interruptId": "i", "status": status, **fields}


def test_a_resume_answers_by_ids_and_brings_no_messages() -> None:
    request = parsed(USER, resume=[answer(payload={"a": 1})], context=[])
    assert (request.resume, request.messages) == ({"i": {"a": 1}}, [])
    assert request.by_id
    assert parsed(USER, resume=[answer("cancelled")]).resume == {"i": False}
    assert parsed(USER, resume=[answer()]).resume == {"i": None}
    assert parsed(USER, resume=[]).resume is None


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"messages": "x"}, "messages: expected a list"),
        ({"messages": []}, "messages: expected one at least"),
        ({"messages": [{"content": "x"}]}, "messages.0.role"),
        ({"messages": [{"role": "user"}]}, "messages.0.content"),
        ({"messages": [{"role": "user", "content": [{}]}]}, "messages.0.content.0"),
        ({"messages": [USER, {"role": "tool", "content": "x"}]}, "messages.1.tool"),
        ({"messages": [{**CALLED, "toolCalls": [1]}]}, "messages.0.toolCalls.0"),
        ({"messages": [{**CALLED, "toolCalls": "x"}]}, "messages.0.toolCalls"),
        ({"threadId": 1}, "threadId: expected a string"),
        ({"resume": {"i": 1}}, "resume: expected a list"),
        ({"resume": [{"interruptId": "i"}]}, "resume.0"),
        ({"resume": [answer()], "threadId": "no thread!"}, "threadId"),
        ({"tools": "x"}, "tools"),
        ({"tools": [{"description": "x"}]}, "tools"),
        ({"forwardedProps": {"chain": 1}}, "chain"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], named: str) -> None:
    given = {"threadId": "t", "runId": "r", "messages": [USER], **fields}
    with pytest.raises(InvalidRequest) as raised:
        ag_ui.parse(json.dumps(given).encode(), {})
    assert named in raised.value.message
