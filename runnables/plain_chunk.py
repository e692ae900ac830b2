"""Message chunks that have nothing but text, a finish reason and usage, made without
pydantic: the constructor takes 10 µs, this 2."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from langchain_core.messages import AIMessageChunk
from langchain_openai.chat_models.base import _create_usage_metadata

from azure_openai import outcome

_NAMED = (
    ("model", "model_name"),
    ("system_fingerprint", "system_fingerprint"),
    ("service_tier", "service_tier"),
)
"""What LangChain keeps of a chunk with a finish reason, and its name for it."""

_PLAIN = frozenset(("role", "content", "context"))

_FIELDS = dict(AIMessageChunk(content="").__dict__)
_GIVEN = (
    *("content", "additional_kwargs", "tool_call_chunks"),
    *("id", "response_metadata"),
)

_new: Callable[[type[AIMessageChunk]], AIMessageChunk] = object.__new__
_set = object.__setattr__


def text_chunk(
    text: str, message_id: str, said: dict[str, Any] | None = None, **more: object
) -> AIMessageChunk:
    """The chunk that LangChain makes of a delta with *text* alone.

    *said* is its `response_metadata`, *more* are other fields. Nothing that can change
    is shared between two chunks, and all of pydantic's slots are set, without which
    chunks do not add up.
    """
    message = _new(AIMessageChunk)
    fields = {
        **_FIELDS,
        "content": text,
        "id": message_id,
        "additional_kwargs": {},
        "response_metadata": {"model_provider": "openai"} if said is None else said,
        "tool_calls": [],
        "invalid_tool_calls": [],
        "tool_call_chunks": [],
        **more,
    }
    _set(message, "__dict__", fields)
    _set(message, "__pydantic_fields_set__", {*_GIVEN, *more})
    _set(message, "__pydantic_extra__", {})
    _set(message, "__pydantic_private__", None)
    return message


def plain_chunk(chunk: Mapping[str, Any], message_id: str) -> AIMessageChunk | None:
    """The chunk that LangChain makes of *chunk*; `None` if that has anything else."""
    choices, text = chunk.get("choices"), ""
    said: dict[str, Any] = {}
    if choices:
        choice = choices[0]
        if len(choices) > 1 or not _is_plain(choice):
            return None
        text, said = choice["delta"].get("content") or "", {"model_provider": "openai"}
        if reason := choice.get("finish_reason"):
            found = {"finish_reason": reason} | {n: chunk.get(k) for k, n in _NAMED}
            said |= {name: value for name, value in found.items() if value}
    if upstream := chunk.get("upstream"):
        said["upstream"] = upstream
    if usage := outcome.readable(chunk.get("usage")):
        counts = _create_usage_metadata(usage, chunk.get("service_tier"))
        return text_chunk(text, message_id, said, usage_metadata=counts)
    return text_chunk(text, message_id, said)


def _is_plain(choice: Mapping[str, Any]) -> bool:
    delta = choice["delta"]
    content = delta.get("content")
    strange = any(value for name, value in delta.items() if name not in _PLAIN)
    return (
        not strange
        and (content is None or isinstance(content, str))
        and delta.get("role") in (None, "assistant")
        and not choice.get("logprobs")
        and not choice.get("content_filter_offsets")
    )


def whole(chunks: Sequence[AIMessageChunk], message_id: str) -> AIMessageChunk:
    """All *chunks* of one plain answer as one."""
    text = "".join(str(chunk.content) for chunk in chunks)
    said = {
        name: value
        for chunk in chunks
        for name, value in chunk.response_metadata.items()
    }
    counts = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
    more = {"usage_metadata": counts[-1]} if counts else {}
    return text_chunk(text, message_id, said, **more)
