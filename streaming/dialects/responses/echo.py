"""What a response repeats of its request."""

import json
from collections.abc import Mapping

from streaming import sse
from streaming.dialects._answer import Fields
from streaming.errors import invalid
from streaming.requests import ChatRequest, only

LARGEST = 64 * 1024
"""Bytes that an answer repeats of one field."""

AS_GIVEN: Mapping[str, object] = {
    "background": False,
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "prompt_cache_key": None,
    "safety_identifier": None,
    "store": True,
    "temperature": 1.0,
    "tool_choice": "auto",
    "top_p": 1.0,
    "user": None,
}
"""Fields that are repeated as they were given, and what they are if they were not."""

OF_ALL: Mapping[str, object] = {
    "frequency_penalty": 0.0,
    "max_tool_calls": None,
    "presence_penalty": 0.0,
    "service_tier": "default",
    "top_logprobs": 0,
    "truncation": "disabled",
}
"""Fields that no chain heeds, as every response has them."""


def written(fields: Fields, functions: list[Fields], thread: object) -> str:
    """As JSON, without what is too large for the log that the answer is read in."""
    given = only(AS_GIVEN, fields) | _objects(fields)
    given["tools"] = [*map(_tool, functions)]
    given |= {"conversation": {"id": thread}} if thread else {}
    small = [name for name in given if len(sse.dumps(given[name])) <= LARGEST]
    return sse.text_of({name: given[name] for name in small})


def read(request: ChatRequest) -> Fields:
    """All that is repeated of *request*, which another wire may have asked."""
    given = json.loads(request.echo.get("response", "{}"))
    return {**OF_ALL, **AS_GIVEN, "tools": [], **_objects({}), **given}


def _objects(fields: Fields) -> Fields:
    """`text` and `reasoning` with all of their members."""
    text = object_at(fields, "text")
    match text.get("format"):
        case {"type": "json_schema", **rest}:
            form = {"description": None, "strict": False, "type": "json_schema", **rest}
        case dict(form):
            pass
        case _:
            form = {"type": "text"}
    thought = {"effort": None, "summary": None, **object_at(fields, "reasoning")}
    return {"text": {**text, "format": form}, "reasoning": thought}


def _tool(tool: Fields) -> Fields:
    return {"description": None, "parameters": None, "strict": None, **tool}


def object_at(fields: Fields, name: str) -> Fields:
    """The object at *name*, empty if there is none; raises `InvalidRequest`."""
    value = fields.get(name, {})
    if not isinstance(value, dict):
        raise invalid(name, "expected an object")
    return value
