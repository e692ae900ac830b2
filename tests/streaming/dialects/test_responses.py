"""The items that `responses` writes. That clients take it is in `tests/clients`."""

from typing import Any

import pytest

from streaming.events import (
    Citation,
    Custom,
    Interrupt,
    Output,
    Paragraph,
    Refusal,
    ToolCall,
    ToolResult,
)
from tests.streaming.dialects.dialect_output import (
    CALL,
    PAGE,
    REASONING,
    REDACT,
    RESULT,
    ended,
    said,
)
from tests.streaming.dialects.response_events import (
    HEX,
    Events,
    message,
    output,
    run,
    text_part,
    told,
    whole,
)

OWN = {"tools": [{"type": "function", "function": {"name": "look_up"}}]}


def kinds(events: Events) -> list[str]:
    return [each["type"].removeprefix("response.") for each in events]


async def test_a_text_is_an_item_with_one_part() -> None:
    found, last = await run(*said("a", "b"), *ended())
    place = {"output_index": 0, "content_index": 0, "item_id": f"msg_{HEX}_0"}
    item = {**message(0, "ab"), "content": []}
    delta = {"type": "response.output_text.delta", **place, "logprobs": []}
    done = {"type": "response.output_text.done", **place, "logprobs": []}
    added = {"type": "response.output_item.added", "output_index": 0}
    assert found == [
        {**added, "item": {**item, "status": "in_progress"}},
        {"type": "response.content_part.added", **place, "part": text_part("")},
        {**delta, "delta": "a"},
        {**delta, "delta": "b"},
        {**done, "text": "ab"},
        {"type": "response.content_part.done", **place, "part": text_part("ab")},
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": message(0, "ab"),
        },
    ]
    assert last["type"] == "response.completed"


async def test_the_response_has_its_id_and_all_of_its_fields() -> None:
    found = await whole(*said("a"), *ended())
    assert found == {
        "id": f"resp_{HEX}",
        "object": "response",
        "created_at": 5,
        "completed_at": 5,
        "model": "c",
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "output": [message(0, "a")],
        "usage": {
            "input_tokens": 5,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 2,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 7,
        },
        "instructions": None,
        "tools": [],
        "tool_choice": "auto",
        "parallel_tool_calls": True,
        "truncation": "disabled",
        "text": {"format": {"type": "text"}},
        "reasoning": {"effort": None, "summary": None},
        "temperature": 1.0,
        "top_p": 1.0,
        "top_logprobs": 0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "max_output_tokens": None,
        "max_tool_calls": None,
        "store": True,
        "background": False,
        "service_tier": "default",
        "metadata": {},
        "user": None,
        "safety_identifier": None,
        "prompt_cache_key": None,
        "previous_response_id": None,
    }


async def test_a_stream_ends_with_what_would_not_have_streamed() -> None:
    events = [REASONING, *said("a"), CALL, RESULT, *said("b"), PAGE, CALL, *ended()]
    assert (await told(*events))[-1]["response"] == await whole(*events)


async def test_reasoning_is_a_summary() -> None:
    found, last = await run(REASONING, *said("a"), REASONING, *ended())
    assert kinds(found)[:6] == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
    ]
    summary = [{"type": "summary_text", "text": "Hm."}]
    first, _, third = last["response"]["output"]
    assert first == {"id": f"rs_{HEX}_0", "type": "reasoning", "summary": summary}
    assert third["id"] == f"rs_{HEX}_2"


async def test_a_new_message_is_one_and_begins_without_a_blank_line() -> None:
    found = await output(*said("a"), Paragraph("d", "\n\nb"), *ended())
    assert found == [message(0, "a"), message(1, "b")]


async def test_a_refusal_is_no_text() -> None:
    refused = (Refusal("d", "I "), Refusal("d", "won't."))
    found, last = await run(*refused, *ended("content_filter"))
    assert kinds(found)[2:5] == ["refusal.delta", "refusal.delta", "refusal.done"]
    [item] = last["response"]["output"]
    assert item["content"] == [{"type": "refusal", "refusal": "I won't."}]


def called(place: int, status: str = "completed", **fields: str) -> dict[str, Any]:
    about = {"call_id": "call_1", "name": "look_up", "arguments": '{"city":"Paris"}'}
    made = {"id": f"fc_{HEX}_{place}", "type": "function_call", "status": status}
    return {**made, **about, **fields}


async def test_a_call_that_has_no_result_is_the_callers() -> None:
    found, last = await run(*said("a"), CALL, *ended("tool_calls"))
    assert kinds(found)[-4:] == [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ]
    assert found[-4]["item"] == called(1, "in_progress", arguments="")
    assert (last["type"], last["response"]["output"][1]) == (
        "response.completed",
        called(1),
    )


@pytest.mark.parametrize("tools", [{}, OWN])
async def test_a_call_that_the_server_has_run_is_none_of_the_callers(
    tools: dict[str, Any],
) -> None:
    """Also if the caller has a tool of that name: it would run it too."""
    events = (CALL, RESULT, *said("a"), *ended())
    found, last = await run(*events, caller_tools=tools)
    served = {
        "id": f"mcp_{HEX}_0",
        "type": "mcp_call",
        "server_label": "c",
        "name": "look_up",
        "arguments": '{"city":"Paris"}',
        "output": "two million",
        "error": None,
        "status": "completed",
    }
    assert last["response"]["output"] == [served, message(1, "a")]
    assert kinds(found)[:6] == [
        "output_item.added",
        "mcp_call.in_progress",
        "mcp_call_arguments.delta",
        "mcp_call_arguments.done",
        "mcp_call.completed",
        "output_item.done",
    ]


async def test_a_result_of_an_earlier_runs_call_is_shown() -> None:
    [item] = await output(RESULT, *ended())
    assert (item["arguments"], item["output"]) == ("{}", "two million")


async def test_calls_without_an_id_or_with_one_twice_get_one_of_their_own() -> None:
    nameless = ToolCall("d", "", "look_up", "{no JSON")
    found = await output(CALL, CALL, nameless, nameless, *ended("tool_calls"))
    ids = [f"fc_{HEX}_{place}" for place in (1, 2, 3)]
    assert [each["call_id"] for each in found] == ["call_1", *ids]
    assert found[2]["arguments"] == "{no JSON"
    result = ToolResult("d", "", "look_up", "two million")
    assert [each["type"] for each in await output(nameless, result, *ended())] == [
        "mcp_call"
    ]


async def test_sources_are_annotations_of_the_next_text_that_ends() -> None:
    other = Citation("2", "Rome", "https://example.com/rome", "Rome.")
    texts = said("Paris [1]", " is large.")
    found, last = await run(PAGE, texts[0], other, texts[1], *ended())
    [item] = last["response"]["output"]
    paris = {"type": "url_citation", "url": PAGE.url, "title": "Paris"}
    rome = {"type": "url_citation", "url": other.url, "title": "Rome"}
    assert item["content"][0]["annotations"] == [
        {**paris, "start_index": 6, "end_index": 9},
        {**rome, "start_index": 19, "end_index": 19},
    ]
    annotated = [each for each in found if "annotation" in each]
    assert [each["annotation_index"] for each in annotated] == [0, 1]
    assert [each["annotation"] for each in annotated] == item["content"][0][
        "annotations"
    ]


async def test_a_question_is_a_call_and_a_request_for_approval() -> None:
    asked = Interrupt("i1", {"question": "Shall I?"})
    found = await output(*said("a"), CALL, asked, *ended("interrupt"))
    arguments = '{"value":{"question":"Shall I?"}}'
    about = {"name": "interrupt", "arguments": arguments}
    request = {"id": f"mcpr_{HEX}_i1", "type": "mcp_approval_request"}
    assert found[1:] == [
        called(1, call_id="i1", **about),
        {**request, "server_label": "c", **about},
    ]


async def test_a_call_beside_a_question_is_the_callers_if_its_tool_is() -> None:
    events = (CALL, Interrupt("i1", 1), *ended("interrupt"))
    found = await output(*events, caller_tools=OWN)
    assert [each["type"] for each in found] == [
        "function_call",
        "mcp_approval_request",
        "function_call",
    ]


async def test_what_the_wire_has_no_word_for_is_left_out() -> None:
    events = (*said("abc"), Custom("c", [1]), Output({"a": 1}), *ended())
    assert await output(*events) == [message(0, "abc")]


async def test_what_was_withdrawn_is_left_out() -> None:
    assert await output(*said("abcdef"), REDACT, *ended()) == [message(0, "def")]
