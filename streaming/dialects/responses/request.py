"""Reads requests in the form of OpenAI's Responses API."""

from collections.abc import Mapping

from streaming import caller_tools, requests
from streaming.dialects._answer import Fields
from streaming.dialects.json import decode
from streaming.dialects.responses import echo
from streaming.dialects.responses.items import conversation
from streaming.errors import invalid
from streaming.requests import ChatRequest, only

NAMES = {
    "chain": "model",
    "messages": "input",
    "max_tokens": "max_output_tokens",
    "reasoning_effort": "reasoning.effort",
    "response_format": "text.format",
    "thread_id": "conversation",
}
"""Fields of a `ChatRequest` by their names on this wire."""

OF_RESPONSES = ("background", "instructions", "previous_response_id", "store")
"""Fields that `AsResponse` has by the same names."""


def parse(body: bytes, path: Mapping[str, str]) -> ChatRequest:
    """Read what the Responses API takes; what does not concern a chain is ignored.

    The chain is the path's `deployment`, else the body's `model`.
    """
    fields = {name: value for name, value in decode(body).items() if value is not None}
    for name in ("prompt", "top_logprobs"):
        if fields.get(name):
            raise invalid(name, "is not supported by a chain")
    items, functions = _items(fields), _functions(fields)
    known = only(requests.OF_CHAINS, fields)
    if fields.get("background") is True:
        known["on_disconnect"] = "continue"
    known["thread_id"] = thread = _thread(fields)
    repeated = echo.written(fields, functions, thread)
    asked = {
        **known,
        "messages": [*_instructions(fields), *conversation(items)],
        "chain": path.get("deployment") or fields.get("model"),
        "stream": fields.get("stream", False),
        "sampling": {
            "max_tokens": fields.get("max_output_tokens"),
            **only(("temperature", "top_p"), fields),
        },
        "limit_name": "max_completion_tokens",
        "caller_tools": _caller_tools(fields, functions),
        "end_user": requests.end_user(
            fields.get("safety_identifier") or fields.get("user")
        ),
        "echo": {"response": repeated},
        "response": {"items": items, **only(OF_RESPONSES, fields)},
    }
    return requests.validate(asked, NAMES)


def _items(fields: Fields) -> list[Fields]:
    match fields.get("input"):
        case str(text) if text:
            return [{"type": "message", "role": "user", "content": text}]
        case list(items) if items and all(isinstance(item, dict) for item in items):
            return items
        case None if "resume" in fields:
            return []
        case _:
            raise invalid(
                "input", "expected a text, or a list of items; not an empty one"
            )


def _instructions(fields: Fields) -> list[Fields]:
    text = fields.get("instructions", "")
    if not isinstance(text, str):
        raise invalid("instructions", "expected a string")
    waits = "resume" in fields
    return [{"role": "system", "content": text}] if text and not waits else []


def _thread(fields: Fields) -> object:
    """The thread's id, under either name."""
    match fields.get("conversation"):
        case None:
            return fields.get("thread_id")
        case str(key) | {"id": str(key)} if "previous_response_id" not in fields:
            return key
        case _:
            message = "expected an id, or an object with one"
            raise invalid("conversation", f"{message}, without previous_response_id")


def _caller_tools(fields: Fields, functions: list[Fields]) -> Fields:
    flat = {
        "tools": functions,
        "tool_choice": fields.get("tool_choice"),
        "response_format": echo.object_at(fields, "text").get("format"),
    }
    asked = caller_tools.nested(flat) | only(("parallel_tool_calls",), fields)
    asked["reasoning_effort"] = echo.object_at(fields, "reasoning").get("effort")
    return caller_tools.normalized(asked)


def _functions(fields: Fields) -> list[Fields]:
    """The caller's own functions: tools of a provider are none that a chain has."""
    match fields.get("tools", []):
        case list(tools) if all(isinstance(tool, dict) for tool in tools):
            found = [tool for tool in tools if tool.get("type") == "function"]
            for tool in found:
                if not caller_tools.name_of(tool):
                    raise invalid("tools", "each function needs a 'name'")
            return found
        case _:
            raise invalid("tools", "expected a list of objects")
