"""A caller's tools, form and effort: the chain heeds, leaves out, or refuses them."""

import json
from typing import Any

import httpx
import pytest

from tests.standin.process import StandIn
from tests.support.app_process import AppProcess

TOOL = {
    "type": "function",
    "function": {
        "name": "look_up",
        "description": "Look up a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "default": None}},
        },
    },
}
NAMED = {"type": "function", "function": {"name": "look_up"}}
FORM = {
    "type": "json_schema",
    "json_schema": {"name": "city", "strict": True, "schema": {"type": "object"}},
}


def complete(
    app: AppProcess, model: str, user: str = "standin:answer", **fields: Any
) -> httpx.Response:
    messages = [{"role": "user", "content": user}]
    body = {"model": model, "messages": messages, **fields}
    return app.client.post("/openai/v1/chat/completions", json=body)


def sent(standin: StandIn, tag: str) -> dict[str, Any]:
    """What the model was asked, but for what it is asked every time."""
    body = standin.wait(tag)["body"]
    usual = {"messages", "model", "stream", "stream_options"}
    return {name: body[name] for name in body if name not in usual}


HEEDED: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"tools": [TOOL]}, {"tools": [TOOL]}),
    *(
        ({"tools": [TOOL], "tool_choice": choice},) * 2
        for choice in ("auto", "none", "required", NAMED)
    ),
    ({"tools": [TOOL], "parallel_tool_calls": False},) * 2,
    ({"tools": [TOOL], "tool_choice": None}, {"tools": [TOOL]}),
    ({"functions": [TOOL["function"]]}, {"tools": [TOOL]}),
    (
        {"functions": [TOOL["function"]], "function_call": {"name": "look_up"}},
        {"tools": [TOOL], "tool_choice": NAMED},
    ),
    ({"response_format": FORM},) * 2,
    ({"response_format": {"type": "json_object"}},) * 2,
    ({"reasoning_effort": "minimal"},) * 2,
    ({"tools": []}, {}),
    ({"tools": [], "tool_choice": "auto", "parallel_tool_calls": True}, {}),
    ({"tool_choice": "none"}, {}),
    ({"functions": [], "function_call": "none"}, {}),
    ({"response_format": {"type": "text"}}, {}),
    ({"response_format": None, "reasoning_effort": None, "logprobs": False}, {}),
]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("fields", "expected"), HEEDED)
def test_the_chain_chat_hands_them_to_the_model(
    app: AppProcess,
    standin: StandIn,
    fields: dict[str, Any],
    expected: dict[str, Any],
    stream: bool,
) -> None:
    tag = f"handed-{HEEDED.index((fields, expected))}-{stream}"
    user = f"standin:answer tokens=2 tag={tag}"
    response = complete(app, "chat", user, stream=stream, **fields)
    assert response.status_code == 200, response.text
    assert sent(standin, tag) == expected


def test_the_models_call_reaches_the_caller(app: AppProcess) -> None:
    answer = complete(app, "chat", "standin:tools", tools=[TOOL]).json()
    [choice] = answer["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"]["tool_calls"][0]["function"]["name"] == "get_weather"


def test_an_answer_in_a_form_that_is_cut_ends_with_length(app: AppProcess) -> None:
    answer = complete(app, "chat", "standin:length", response_format=FORM).json()
    assert answer["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("model", ["docs", "strings", "graph", "agent", "sources"])
@pytest.mark.parametrize(
    "fields",
    [
        {"tools": [TOOL]},
        {"tools": [TOOL], "tool_choice": "auto", "parallel_tool_calls": True},
        {"tools": [TOOL], "tool_choice": "none"},
        {"functions": [TOOL["function"]], "function_call": "auto"},
        {"response_format": {"type": "json_object"}},
        {"reasoning_effort": "high"},
    ],
)
def test_a_chain_that_cannot_heed_them_answers_without(
    app: AppProcess, model: str, fields: dict[str, Any]
) -> None:
    response = complete(app, model, **fields)
    assert response.status_code == 200, response.text
    assert response.json()["choices"][0]["finish_reason"] == "stop"


ALLOWED = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": []}}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("tool_choice", {"tools": [TOOL], "tool_choice": "required"}),
        ("tool_choice", {"tools": [TOOL], "tool_choice": NAMED}),
        ("tool_choice", {"tools": [TOOL], "tool_choice": ALLOWED}),
        (
            "tool_choice",
            {"functions": [TOOL["function"]], "function_call": {"name": "look_up"}},
        ),
        ("response_format", {"response_format": FORM}),
        ("n", {"n": 2}),
        ("logprobs", {"logprobs": True}),
    ],
)
def test_what_is_demanded_of_a_chain_that_cannot_is_refused_by_name(
    app: AppProcess, field: str, fields: dict[str, Any], stream: bool
) -> None:
    response = complete(app, "strings", stream=stream, **fields)
    error = response.json()["error"]
    assert (response.status_code, error["param"]) == (400, field)
    assert error["message"].startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("tools", {"tools": "look_up"}),
        ("tools.0", {"tools": [1]}),
        ("tools.0", {"tools": [{}]}),
        ("tools.0", {"tools": [{"type": "function"}]}),
        ("tools.1", {"tools": [TOOL, {"type": "function", "function": {"name": ""}}]}),
        ("tool_choice", {"tools": [TOOL], "tool_choice": "look_up"}),
        ("tool_choice", {"tools": [TOOL], "tool_choice": {}}),
        ("tool_choice", {"tools": [TOOL], "tool_choice": {"type": "function"}}),
        ("tool_choice", {"tool_choice": "required"}),
        (
            "tool_choice",
            {
                "tools": [TOOL],
                "tool_choice": {"type": "function", "function": {"name": "f"}},
            },
        ),
        ("parallel_tool_calls", {"tools": [TOOL], "parallel_tool_calls": "yes"}),
        ("response_format", {"response_format": "json"}),
        ("response_format", {"response_format": {}}),
        ("response_format", {"response_format": {"type": "json_schema"}}),
        ("reasoning_effort", {"reasoning_effort": 1}),
        ("reasoning_effort", {"reasoning_effort": ""}),
        ("reasoning_effort", {"reasoning_effort": "x" * 33}),
    ],
)
def test_what_is_malformed_is_refused_by_the_fields_name(
    app: AppProcess, field: str, fields: dict[str, Any]
) -> None:
    response = complete(app, "chat", **fields)
    error = response.json()["error"]
    assert (response.status_code, error["param"]) == (400, field)


@pytest.mark.parametrize(
    ("path", "answering"),
    [
        ("/api/chat", "chat"),
        ("/api/chat-stream", "chat"),
        ("/api/stream", "docs"),
        ("/api/chat/ui-message", "chat"),
    ],
)
def test_every_wire_has_the_reasoning_effort(
    app: AppProcess, standin: StandIn, path: str, answering: str
) -> None:
    tag = f"effort-{path.rpartition('/')[2]}"
    user = f"standin:answer tokens=2 tag={tag}"
    message = {"role": "user", "parts": [{"type": "text", "text": user}]}
    ask = {"messages": [message]} if "ui-" in path else {"user": user}
    body = {**ask, "chain": answering, "reasoning_effort": "low"}
    assert app.client.post(path, json=body).status_code == 200
    assert sent(standin, tag) == {"reasoning_effort": "low"}


def test_a_bare_model_takes_them_all(app: AppProcess) -> None:
    fields: dict[str, Any] = {"tools": [TOOL], "reasoning_effort": "low"}
    answer = complete(app, "told", temperature=0.5, **fields).json()
    told = json.loads(answer["choices"][0]["message"]["content"])
    assert told == {**fields, "temperature": 0.5}


def test_a_bare_model_gets_tools_in_its_own_form(app: AppProcess) -> None:
    fields: dict[str, Any] = {"tools": [TOOL], "tool_choice": NAMED}
    answer = complete(app, "bound", **fields).json()
    told = json.loads(answer["choices"][0]["message"]["content"])
    assert told == {"bound": ["look_up"], "tool_choice": "look_up"}
