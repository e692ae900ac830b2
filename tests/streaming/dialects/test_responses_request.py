"""What `responses` reads of a request to OpenAI's Responses API."""

import json
from typing import Any

import pytest

from streaming.dialects import responses
from streaming.errors import InvalidRequest
from streaming.requests import ChatRequest
from tests.streaming.dialects.response_events import HEX

CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "c", "output": "done"}
MADE = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ANSWERED = {"role": "tool", "tool_call_id": "c", "content": "done"}
HI = {"role": "user", "content": "hi"}


def parsed(given: Any = "hi", path: str | None = None, **fields: Any) -> ChatRequest:
    body = json.dumps({"model": "chat", "input": given, **fields}).encode()
    return responses.parse(body, {"deployment": path} if path else {})


def repeated(request: ChatRequest) -> Any:
    return json.loads(request.echo["response"])


def turns(*items: Any, **fields: Any) -> list[dict[str, Any]]:
    found = parsed([*items], **fields).messages
    return [message.model_dump(exclude_none=True) for message in found]


def test_a_text_is_a_users_and_does_not_stream() -> None:
    request = parsed(unknown={"a": 1}, include=["reasoning.encrypted_content"])
    assert [each.content for each in request.messages] == ["hi"]
    assert (request.chain, request.stream) == ("chat", False)
    assert (request.response.store, request.response.background) == (True, False)
    assert request.response.items == [{"type": "message", **HI}]
    assert parsed(path="other").chain == "other"


def test_instructions_come_before_all_messages() -> None:
    system = {"role": "system", "content": "Be brief."}
    assert turns(HI, instructions="Be brief.") == [system, HI]


def test_items_are_turns() -> None:
    said = {"role": "assistant", "content": [{"type": "output_text", "text": "Well."}]}
    reasoning = {"type": "reasoning", "id": "rs", "summary": []}
    assert turns(HI, reasoning, said, CALL, RESULT, HI) == [
        HI,
        {"role": "assistant", "content": "Well.", "tool_calls": [MADE]},
        ANSWERED,
        HI,
    ]
    other = {**CALL, "call_id": "d"}
    both = {"role": "assistant", "tool_calls": [MADE, {**MADE, "id": "d"}]}
    assert turns(HI, CALL, other, RESULT)[1:] == [both, ANSWERED]


def test_what_the_server_has_run_is_a_call_and_its_result() -> None:
    served = {"type": "mcp_call", "id": "c", "name": "f", "arguments": "{}"}
    assert turns(HI, {**served, "server_label": "s", "output": "done"}) == [
        HI,
        {"role": "assistant", "tool_calls": [MADE]},
        ANSWERED,
    ]


def test_a_custom_tools_input_is_its_arguments() -> None:
    call = {"type": "custom_tool_call", "call_id": "c", "name": "f", "input": "x"}
    result = {"type": "custom_tool_call_output", "call_id": "c", "output": "done"}
    [_, made, answered] = turns(HI, call, result)
    assert made["tool_calls"][0]["function"]["arguments"] == '{"input":"x"}'
    assert answered == ANSWERED


def test_parts_are_those_of_chat_completions() -> None:
    url = "data:image/png;base64,AA=="
    parts = [
        {"type": "input_text", "text": "See:"},
        {"type": "input_image", "image_url": url, "detail": "low"},
        {"type": "input_file", "filename": "a.pdf", "file_data": "data:,"},
        {"type": "input_file", "file_url": "https://example.com/a.pdf"},
        {"type": "input_file", "file_id": "file-1"},
        {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
    ]
    [found] = turns({"role": "user", "content": parts})
    assert found["content"] == [
        {"type": "text", "text": "See:"},
        {"type": "image_url", "image_url": {"url": url, "detail": "low"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:,"}},
        {
            "type": "file",
            "file": {"filename": "file", "file_data": "https://example.com/a.pdf"},
        },
        {"type": "file", "file": {"file_id": "file-1"}},
        {"type": "input_audio", "input_audio": {"data": "", "format": "wav"}},
    ]
    declined = [{"type": "refusal", "refusal": "No."}]
    assert turns({"role": "assistant", "content": declined}, HI)[0]["content"] == [
        {"type": "text", "text": "No."}
    ]


def test_what_the_model_is_to_heed_has_the_names_of_chat_completions() -> None:
    form = {"type": "json_schema", "name": "n", "schema": {}, "strict": True}
    request = parsed(
        tools=[
            {"type": "function", "name": "f", "parameters": {}, "strict": None},
            {"type": "web_search"},
        ],
        tool_choice={"type": "function", "name": "f"},
        parallel_tool_calls=False,
        text={"format": form, "verbosity": "low"},
        reasoning={"effort": "low"},
        max_output_tokens=9,
        temperature=1,
        top_p=0.5,
        metadata={"a": "b"},
        safety_identifier="someone",
    )
    asked = request.caller_tools.model_dump(exclude_none=True)
    schema = {"name": "n", "schema": {}, "strict": True}
    assert asked == {
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "parallel_tool_calls": False,
        "response_format": {"type": "json_schema", "json_schema": schema},
        "reasoning_effort": "low",
    }
    sampling = {"temperature": 1, "top_p": 0.5, "max_tokens": 9}
    assert request.sampling.model_dump(exclude_none=True) == sampling
    assert (request.metadata, request.end_user) == ({"a": "b"}, "someone")
    assert request.limit_name == "max_completion_tokens"
    whole = {"description": None, **form}
    assert repeated(request)["text"] == {"format": whole, "verbosity": "low"}
    assert repeated(request)["reasoning"] == {"effort": "low", "summary": None}
    assert repeated(request)["tools"] == [
        {
            **{"type": "function", "name": "f", "parameters": {}},
            **{"strict": None, "description": None},
        }
    ]


def test_what_asks_for_nothing_is_not_given() -> None:
    nothing: dict[str, Any] = {"text": {"format": {"type": "text"}}, "tools": []}
    request = parsed(**nothing, tool_choice="auto", reasoning={}, temperature=None)
    assert not request.caller_tools.model_dump(exclude_none=True)


def test_of_several_tools_some_may_be_allowed() -> None:
    function = {"type": "function", "name": "f"}
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [function]}
    named = [{"type": "function", "function": {"name": "f"}}]
    assert parsed(tools=[function], tool_choice=allowed).caller_tools.tool_choice == {
        "type": "allowed_tools",
        "allowed_tools": {"mode": "required", "tools": named},
    }


def test_what_is_large_is_not_repeated() -> None:
    found = repeated(parsed(instructions="x" * 70_000, user="u"))
    assert (found.get("instructions"), found["user"]) == (None, "u")


def test_a_conversation_is_a_thread() -> None:
    for given in ("conv_1", {"id": "conv_1"}):
        request = parsed(conversation=given)
        assert request.thread_id == "conv_1"
        assert repeated(request)["conversation"] == {"id": "conv_1"}
    assert parsed(thread_id="t").thread_id == "t"


def test_in_the_background_it_goes_on_without_its_caller() -> None:
    request = parsed(background=True)
    assert (request.on_disconnect, request.response.background) == ("continue", True)
    assert parsed(previous_response_id=f"resp_{HEX}").response.previous_response_id


def test_a_decision_is_the_result_of_the_question() -> None:
    given = {"type": "mcp_approval_response", "approve": True}
    decided = {**given, "approval_request_id": f"mcpr_{HEX}_i1"}
    assert turns(decided) == [{"role": "tool", "tool_call_id": "i1", "content": "true"}]


def text(*parts: Any) -> list[Any]:
    return [{"role": "user", "content": [*parts]}]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": None}, "input"),
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": [1]}, "input"),
        ({"input": {}}, "input"),
        ({"input": [{"type": 1}]}, "input.0.type"),
        ({"input": [{"role": "tool", "content": "x"}]}, "input.0.role"),
        ({"input": [{"role": "user"}]}, "input.0.content"),
        ({"input": text({"type": "input_image", "file_id": "f"})}, "input.0.content.0"),
        ({"input": [{**CALL, "name": ""}]}, "input.0.name"),
        ({"input": [{**CALL, "arguments": {}}]}, "input.0.arguments"),
        ({"input": [{**RESULT, "call_id": None}]}, "input.0.call_id"),
        ({"input": [{**RESULT, "output": 1}]}, "input.0.output"),
        ({"input": [{"type": "mcp_approval_response"}]}, "input.0.approve"),
        ({"input": [{"role": "assistant", "content": "x"}]}, "input"),
        ({"model": 1}, "model"),
        ({"instructions": 1}, "instructions"),
        ({"stream": "yes"}, "stream"),
        ({"store": "no"}, "store"),
        ({"background": 1}, "background"),
        ({"background": True, "store": False}, "background"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": 1}, "conversation"),
        ({"conversation": "a b"}, "conversation"),
        (
            {"conversation": "c", "previous_response_id": f"resp_{HEX}"},
            "conversation",
        ),
        ({"tools": {}}, "tools"),
        ({"tools": [{"type": "function"}]}, "tools"),
        ({"tool_choice": {"type": "web_search"}}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"text": "json"}, "text"),
        ({"text": {"format": {"type": "json_schema"}}}, "text.format"),
        ({"reasoning": "low"}, "reasoning"),
        ({"reasoning": {"effort": 1}}, "reasoning.effort"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"top_p": "1"}, "top_p"),
        ({"metadata": {"a": 1}}, "metadata"),
        ({"prompt": {"id": "p"}}, "prompt"),
        ({"top_logprobs": 1}, "top_logprobs"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parsed(**{"given": "hi", **fields})
    assert refused.value.message.startswith(f"{param}: "), refused.value.message
    assert refused.value.param == param
