"""Message chunks that have nothing but text, a finish reason and usage, made without
pydantic: the constructor takes 10 µs, this 2."""

from collections.abc import Callable, Iterable, Sequence

from langchain_core.messages import AIMessageChunk
from langchain_openai.chat_models.base import _create_usage_metadata

from azure_openai import outcome
from runnables.callback import Fields, Json

_NAMED = (
    ("model", "model_name"),
    ("system_fingerprint", "system_fingerprint"),
    ("service_tier", "service_tier"),
)
"""What LangChain keeps of a chunk with a finish reason, and its name for it."""

_PLAIN = frozenset(("role", "content", "context"))

_FIELDS = dict(AIMessageChunk(content="").__dict__)

_DELTA = frozenset(("additional_kwargs", "tool_call_chunks", "response_metadata"))
"""What LangChain sets of any delta, besides its text and id."""

_new: Callable[[type[AIMessageChunk]], AIMessageChunk] = object.__new__
_set = object.__setattr__


def text_chunk(text: str, message_id: str) -> AIMessageChunk:
    """The chunk that LangChain makes of a delta with *text* alone."""
    said = {"model_provider": "openai"}
    return _built(_DELTA, content=text, id=message_id, response_metadata=said)


def last_chunk(message_id: str) -> AIMessageChunk:
    """The empty chunk that LangChain adds to an answer."""
    return _built((), content="", id=message_id, chunk_position="last")


def _built(given: Iterable[str], **fields: object) -> AIMessageChunk:
    """A chunk of *fields*, of which LangChain sets those *given* as well.

    Nothing that can change is shared between two chunks, and all of pydantic's slots
    are set, without which chunks do not add up.
    """
    message = _new(AIMessageChunk)
    whole: Fields = {
        **_FIELDS,
        "additional_kwargs": {},
        "response_metadata": {},
        "tool_calls": [],
        "invalid_tool_calls": [],
        "tool_call_chunks": [],
        **fields,
    }
    _set(message, "__dict__", whole)
    _set(message, "__pydantic_fields_set__", {*given, *fields})
    _set(message, "__pydantic_extra__", {})
    _set(message, "__pydantic_private__", None)
    return message


def plain_chunk(chunk: Json, message_id: str) -> AIMessageChunk | None:
    """The chunk that LangChain makes of *chunk*; `None` if that has anything else."""
    choices = chunk.get("choices")
    fields: Fields = {"content": "", "id": message_id}
    said: Fields = {}
    if choices:
        choice = choices[0]
        if len(choices) > 1 or not _is_plain(choice):
            return None
        fields["content"] = choice["delta"].get("content") or ""
        said["model_provider"] = "openai"
        if reason := choice.get("finish_reason"):
            found = {"finish_reason": reason} | {n: chunk.get(k) for k, n in _NAMED}
            said |= {name: value for name, value in found.items() if value}
    if upstream := chunk.get("upstream"):
        said["upstream"] = upstream
    usage = outcome.readable(chunk.get("usage"))
    if usage or not choices:
        tier = chunk.get("service_tier")
        counts = _create_usage_metadata(usage, tier) if usage else None
        fields["usage_metadata"] = counts
    given = _DELTA if choices else ()
    return _built(given, **fields, response_metadata=said)


def _is_plain(choice: Json) -> bool:
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


def says_more(chunk: AIMessageChunk) -> bool:
    """Whether a plain *chunk* adds anything to those before it."""
    said = len(chunk.response_metadata) > 1 or chunk.usage_metadata is not None
    return bool(chunk.content) or said


def whole(chunks: Sequence[AIMessageChunk], message_id: str) -> AIMessageChunk:
    """All *chunks* of one plain answer as one."""
    said = {
        name: value
        for chunk in chunks
        for name, value in chunk.response_metadata.items()
    }
    counts = [chunk.usage_metadata for chunk in chunks if chunk.usage_metadata]
    return _built(
        _DELTA,
        content="".join(str(chunk.content) for chunk in chunks),
        id=message_id,
        response_metadata=said,
        usage_metadata=counts[-1] if counts else None,
    )
