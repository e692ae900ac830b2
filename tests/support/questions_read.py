"""What an answer asks of a person, read from the bytes of a dialect."""

import json
from typing import Any

from pydantic import JsonValue

from tests.support.said import data, objects

type Questions = list[tuple[str, JsonValue]]
"""The id and the value of each."""


def questions(dialect: str, body: bytes, *, stream: bool) -> tuple[Questions, str]:
    """What is asked, and the reason for which the answer has ended."""
    return _STREAMED[dialect](body) if stream else _WHOLE[dialect](json.loads(body))


def _json(body: bytes) -> tuple[Questions, str]:
    events = objects(body)
    asked = [(each["id"], each["value"]) for each in events if "value" in each]
    return asked, events[-1]["finish_reason"]


def _whole_json(answer: Any) -> tuple[Questions, str]:
    asked = [(each["id"], each["value"]) for each in answer["interrupts"]]
    return asked, answer["finish_reason"]


def _openai(body: bytes) -> tuple[Questions, str]:
    assert data(body)[-1] == "[DONE]"
    choices = [each["choices"][0] for each in objects(body)]
    calls = [c for each in choices for c in each["delta"].get("tool_calls", ())]
    return _called(calls), choices[-1]["finish_reason"]


def _whole_openai(answer: Any) -> tuple[Questions, str]:
    [choice] = answer["choices"]
    return _called(choice["message"]["tool_calls"]), choice["finish_reason"]


def _called(calls: list[Any]) -> Questions:
    asked = [each for each in calls if each["function"]["name"] == "interrupt"]
    values = [json.loads(each["function"]["arguments"]) for each in asked]
    return [(a["id"], v["value"]) for a, v in zip(asked, values, strict=True)]


def _ui_message(body: bytes) -> tuple[Questions, str]:
    assert data(body)[-1] == "[DONE]"
    chunks = objects(body)
    given = {
        each["toolCallId"]: each["input"]
        for each in chunks
        if each["type"] == "tool-input-available" and each["toolName"] == "interrupt"
    }
    requests = [each for each in chunks if each["type"] == "tool-approval-request"]
    asked = [(each["approvalId"], given[each["toolCallId"]]) for each in requests]
    reason = chunks[-1]["messageMetadata"]["finishReason"]
    return [(key, value["value"]) for key, value in asked], reason


def _whole_ui_message(answer: Any) -> tuple[Questions, str]:
    parts = [e for e in answer["parts"] if e.get("state") == "approval-requested"]
    asked = [(each["approval"]["id"], each["input"]["value"]) for each in parts]
    return asked, answer["metadata"]["finishReason"]


def _ag_ui(body: bytes) -> tuple[Questions, str]:
    return _outcome(objects(body))


def _whole_ag_ui(answer: Any) -> tuple[Questions, str]:
    return _outcome(answer["events"])


def _outcome(events: list[Any]) -> tuple[Questions, str]:
    outcome = events[-1]["outcome"]
    asked = [(e["id"], e["metadata"]["value"]) for e in outcome["interrupts"]]
    return asked, outcome["type"]


def _responses(body: bytes) -> tuple[Questions, str]:
    return _whole_response(objects(body)[-1]["response"])


def _whole_response(response: Any) -> tuple[Questions, str]:
    kinds = ("function_call", "mcp_approval_request")
    items = [each for each in response["output"] if each["type"] in kinds]
    calls, requests = items[::2], items[1::2]
    asked = [
        (call["call_id"], json.loads(request["arguments"])["value"])
        for call, request in zip(calls, requests, strict=True)
        if request["id"].endswith(f"_{call['call_id']}")
    ]
    return asked, response["status"]


_STREAMED = {
    "json": _json,
    "openai": _openai,
    "responses": _responses,
    "ui-message": _ui_message,
    "ag-ui": _ag_ui,
}
_WHOLE = {
    "json": _whole_json,
    "openai": _whole_openai,
    "responses": _whole_response,
    "ui-message": _whole_ui_message,
    "ag-ui": _whole_ag_ui,
}

REASONS = {
    "json": "interrupt",
    "openai": "tool_calls",
    "responses": "completed",
    "ui-message": "interrupt",
    "ag-ui": "interrupt",
}
"""Of an answer that waits; the other dialects have no word for it."""
