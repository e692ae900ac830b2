"""What the OpenAPI description says of requests: the same as the server does."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from jsonschema_rs import Draft202012Validator

from app.openapi import FILE, paths, with_dialects
from streaming import dialects
from tests.support.app_process import AppProcess

DESCRIPTION = json.loads(FILE.read_text(encoding="utf-8"))
COMPLETIONS = "/openai/v1/chat/completions"
USER = {"role": "user", "content": "standin:answer tokens=1"}
PARTS = [{"type": "text", "text": USER["content"]}]
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in DESCRIPTION["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def is_valid(path: str, body: Any) -> bool:
    content = DESCRIPTION["paths"][path]["post"]["requestBody"]["content"]
    schema = content["application/json"]["schema"]
    return Draft202012Validator({**DESCRIPTION, **schema}).is_valid(body)


def test_each_operation_has_an_id_of_its_own() -> None:
    names = [operation.get("operationId") for _, _, operation in operations()]
    assert all(names)
    assert len(set(names)) == len(names)


def test_nothing_is_any_of_one() -> None:
    text = json.dumps(DESCRIPTION)
    singles: list[Any] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        singles.extend(v for k, v in pairs if k in ("anyOf", "oneOf") and len(v) == 1)
        return dict(pairs)

    json.loads(text, object_pairs_hook=look)
    assert singles == []


def native(**fields: Any) -> dict[str, Any]:
    return {"chain": "strings", "user": "hello", **fields}


def talk(*messages: Any) -> dict[str, Any]:
    return {"chain": "strings", "messages": [*messages, USER]}


def ui(*messages: Any, **fields: Any) -> dict[str, Any]:
    return {"chain": "strings", "messages": [*messages], **fields}


ANSWER = {"role": "assistant", "content": None, "tool_calls": [CALL]}
RESULT = {"role": "tool", "content": "x", "tool_call_id": "c"}
BODIES: list[tuple[str, Any]] = [
    ("/api/chat", native()),
    ("/api/chat", native(messages=None, message=None, stream=None, unknown=None)),
    ("/api/chat", native(message="x")),
    ("/api/chat", native(messages=[USER])),
    ("/api/chat", {"chain": "strings"}),
    ("/api/chat", {"user": None}),
    ("/api/chat", native(user="")),
    ("/api/chat", native(unknown=1)),
    ("/api/chat", native(system_prompt="x")),
    ("/api/stream", native(system_prompt="x")),
    ("/api/stream", native(system_prompt=1)),
    ("/api/chat", native(reasoning_effort="low")),
    ("/api/chat", native(reasoning_effort="x" * 33)),
    ("/api/chat", native(temperature=2.1)),
    ("/api/chat", native(stop=[])),
    ("/api/chat", native(stop=None, seed=None)),
    ("/api/chat", talk()),
    ("/api/chat", talk(ANSWER, RESULT)),
    ("/api/chat", talk({**ANSWER, "tool_calls": [{**CALL, "type": None}]}, RESULT)),
    ("/api/chat", talk({**ANSWER, "tool_calls": [{**CALL, "x": 1}]}, RESULT)),
    ("/api/chat", talk({**ANSWER, "tool_calls": []})),
    ("/api/chat", talk({"role": "user"})),
    ("/api/chat", talk({"role": "user", "content": None})),
    ("/api/chat", talk({"role": "boss", "content": "x"})),
    ("/api/chat", talk({"role": "user", "content": "x", "tool_calls": [CALL]})),
    ("/api/chat", talk({"role": "user", "content": "x", "tool_calls": None})),
    ("/api/chat", talk({"role": "tool", "content": "x"})),
    ("/api/chat", talk({"role": "tool", "content": "x", "tool_call_id": None})),
    ("/api/chat", talk({"role": "user", "content": "x", "extra": 1})),
    ("/api/chat", talk({"role": "user", "content": PARTS})),
    ("/api/chat", talk({"role": "user", "content": [{"type": "text"}]})),
    ("/api/chat", talk({"role": "user", "content": [{"type": "image_url"}]})),
    ("/api/chat", {"chain": "strings", "messages": []}),
    (COMPLETIONS, {"model": "strings", "messages": [USER]}),
    (COMPLETIONS, {"messages": [USER]}),
    (COMPLETIONS, {"model": "", "messages": [USER]}),
    (COMPLETIONS, {"model": "strings", "messages": []}),
    (COMPLETIONS, {"model": "strings"}),
    (COMPLETIONS, {"model": "strings", "messages": [{"content": "x"}]}),
    (COMPLETIONS, {"model": "strings", "messages": [USER], "tools": [], "x": 1}),
    (COMPLETIONS, {"model": "strings", "messages": [USER], "tools": "x"}),
    (COMPLETIONS, {"model": "strings", "messages": [USER], "temperature": None}),
]


@pytest.mark.parametrize(("path", "body"), BODIES)
def test_the_server_takes_what_the_schema_takes_and_nothing_else(
    app: AppProcess, path: str, body: Any
) -> None:
    status = app.client.post(path, json=body).status_code
    assert is_valid(path, body) is (status == 200), status


UI: list[Any] = [
    ui({"role": "user", "parts": PARTS}, id="c", trigger="submit-message"),
    ui({"role": "user", "content": "x"}),
    ui({"role": "user", "parts": None, "content": PARTS}),
    ui({"role": "user", "parts": PARTS}, tools={}, stream=None),
    ui({"role": "user"}),
    ui({"role": "boss", "parts": PARTS}),
    ui({"role": "user", "parts": "x"}),
    ui({"role": "user", "parts": [{}]}),
    ui(),
]


@pytest.mark.parametrize("body", UI)
def test_so_it_is_of_what_use_chat_posts(app: AppProcess, body: Any) -> None:
    schema = {"$ref": "#/components/schemas/UIMessageRequest"}
    valid = Draft202012Validator({**DESCRIPTION, **schema}).is_valid(body)
    status = app.client.post("/api/chat/ui-message", json=body).status_code
    assert valid is (status == 200), status


RUN: dict[str, Any] = {"threadId": "t", "runId": "r", "messages": [USER]}
RESOLVED: dict[str, Any] = {"interruptId": "i", "status": "resolved"}
RUNS: list[Any] = [
    RUN | {"threadId": str(uuid4()), "state": {"a": 1}, "tools": [], "context": []},
    {"messages": [USER]},
    {"messages": [USER], "forwardedProps": {"temperature": None, "mine": 1}},
    {"messages": [USER], "tools": [{"name": "f", "description": "d"}]},
    {"messages": [USER], "forwardedProps": {"temperature": "hot"}},
    {"messages": [USER], "forwardedProps": {"on_disconnect": "stay"}},
    {"messages": [USER], "tools": [{"description": "d"}]},
    {"messages": [USER], "resume": [{"interruptId": "i"}]},
    {"messages": [USER], "resume": RESOLVED},
    {"messages": [{"content": "x"}]},
    {"messages": [USER], "runId": 1},
    {},
]


@pytest.mark.parametrize("body", RUNS)
def test_and_of_what_ag_ui_posts(app: AppProcess, body: Any) -> None:
    schema = {"$ref": "#/components/schemas/RunAgentInput"}
    valid = Draft202012Validator({**DESCRIPTION, **schema}).is_valid(body)
    status = app.client.post("/api/chat/ag-ui", json=body).status_code
    assert valid is (status == 200), status


RESPONSE: dict[str, Any] = {"model": "strings", "input": "hello"}
RESPONSES: list[Any] = [
    RESPONSE,
    RESPONSE | {"input": [USER], "tools": [], "text": {}, "unknown": 1},
    RESPONSE | {"conversation": {"id": str(uuid4())}, "temperature": None},
    RESPONSE | {"conversation": {}},
    RESPONSE | {"conversation": "a b"},
    RESPONSE | {"previous_response_id": "resp_1"},
    RESPONSE | {"max_output_tokens": 0},
    RESPONSE | {"stream": "yes"},
    RESPONSE | {"store": 1},
    RESPONSE | {"input": []},
    RESPONSE | {"input": ""},
    {"model": "strings"},
]


@pytest.mark.parametrize("body", RESPONSES)
def test_and_of_what_asks_for_a_response(app: AppProcess, body: Any) -> None:
    schema = {"$ref": "#/components/schemas/ChainResponseRequest"}
    valid = Draft202012Validator({**DESCRIPTION, **schema}).is_valid(body)
    status = app.client.post("/api/chat/responses", json=body).status_code
    assert valid is (status == 200), status


def test_the_dialects_of_this_project_are_named() -> None:
    [parameter] = DESCRIPTION["paths"]["/api/chat/{dialect}"]["post"]["parameters"]
    assert set(parameter["schema"]["enum"]) == set(dialects.names())


def test_a_dialect_that_is_added_appears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "DIALECTS", ("json",))
    description = paths.build()
    with_dialects(description)
    chat = description["paths"]["/api/chat/{dialect}"]["post"]
    [parameter] = chat["parameters"]
    assert set(parameter["schema"]["enum"]) == set(dialects.names())
