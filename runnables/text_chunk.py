"""A message chunk that has nothing but text, made without pydantic."""

from collections.abc import Callable
from typing import Any

from langchain_core.messages import AIMessageChunk

_FIELDS = dict(AIMessageChunk(content="").__dict__)
_GIVEN = (
    *("content", "additional_kwargs", "tool_call_chunks"),
    *("id", "response_metadata"),
)

_new: Callable[[type[AIMessageChunk]], AIMessageChunk] = object.__new__
_set = object.__setattr__


def text_chunk(text: str, message_id: str) -> AIMessageChunk:
    """The chunk that LangChain makes of a delta with *text* alone.

    The constructor takes 10 µs, this 2. Nothing that can change is shared between two
    chunks, and all of pydantic's slots are set, without which chunks do not add up.
    """
    message = _new(AIMessageChunk)
    fields: dict[str, Any] = {
        **_FIELDS,
        "content": text,
        "id": message_id,
        "additional_kwargs": {},
        "response_metadata": {"model_provider": "openai"},
        "tool_calls": [],
        "invalid_tool_calls": [],
        "tool_call_chunks": [],
    }
    _set(message, "__dict__", fields)
    _set(message, "__pydantic_fields_set__", {*_GIVEN})
    _set(message, "__pydantic_extra__", {})
    _set(message, "__pydantic_private__", None)
    return message
