"""Messages and their chunks as LangChain writes them as JSON."""

import json
from collections.abc import Mapping

from streaming import sse
from streaming.events import ToolCall, ToolResult, Usage
from streaming.requests import Message

Fields = dict[str, object]

_TYPES = {"user": "human", "assistant": "ai", "tool": "tool"}


def message(given: Message) -> Fields:
    """*given* whole, as it is in the values of a thread."""
    content: object = given.content
    if isinstance(given.content, list):
        content = [part.model_dump(exclude_none=True) for part in given.content]
    shown = _fields(_TYPES.get(given.role, "system"), given.id, content or "")
    shown["name"] = given.name
    if given.role == "assistant":
        calls = [
            call(each.id, each.function.name, each.function.arguments)
            for each in given.tool_calls or []
        ]
        shown |= {"tool_calls": calls, "invalid_tool_calls": [], "usage_metadata": None}
    if given.role == "tool":
        shown |= {"tool_call_id": given.tool_call_id, "status": "success"}
    return shown


def chunk(id: str, content: str = "", **more: object) -> Fields:
    """A piece of the model's message *id*."""
    calls: Fields = {"tool_calls": [], "invalid_tool_calls": [], "tool_call_chunks": []}
    return {**_fields("AIMessageChunk", id, content), **calls, **more}


def call_chunk(id: str, made: ToolCall, index: int) -> Fields:
    """The whole of a call of a tool, which is the one of that *index*."""
    args = sse.text_of(made.args)
    piece = {"name": made.name, "args": args, "id": made.id, "index": index}
    return chunk(
        id,
        tool_calls=[call(made.id, made.name, made.args)],
        tool_call_chunks=[{**piece, "type": "tool_call_chunk"}],
    )


def _fields(kind: str, id: str | None, content: object) -> Fields:
    return {
        "content": content,
        "additional_kwargs": {},
        "response_metadata": {},
        "type": kind,
        "name": None,
        "id": id,
    }


def call(id: str, name: str, args: Mapping[str, object] | str) -> Fields:
    """A call of a tool; *args* that are not JSON are left out, as LangChain does."""
    known: object = args
    if isinstance(args, str):
        try:
            known = json.loads(args or "{}")
        except (ValueError, RecursionError):
            known = {}
    known = known if isinstance(known, Mapping) else {}
    return {"name": name, "args": known, "id": id, "type": "tool_call"}


class TupleFrames:
    """Frames of a *name*, of the mode `messages-tuple`, which have the same *metadata*.

    All of a token's frame but its text is written once for a message.
    """

    def __init__(self, name: str, metadata: Mapping[str, object]) -> None:
        self._name, self._metadata = name, metadata
        self._id = ""
        self._before = self._after = b""

    def text(self, id: str, text: str) -> bytes:
        if id != self._id:
            self._id = id
            whole = sse.encode([chunk(id), self._metadata], self._name)
            self._before, _, self._after = whole.partition(b'""')
        return b"%b%b%b" % (self._before, sse.dumps(text), self._after)

    def of(self, shown: Mapping[str, object]) -> bytes:
        return sse.encode([shown, self._metadata], self._name)


def result(id: str, given: ToolResult) -> Fields:
    """A tool's result as a message of its own."""
    named = {"name": given.name, "tool_call_id": given.id, "status": "success"}
    return {**_fields("tool", id, given.content), **named}


def usage(counted: Usage) -> Fields:
    return {
        "input_tokens": counted.input_tokens,
        "output_tokens": counted.output_tokens,
        "total_tokens": counted.total_tokens,
        "input_token_details": {"cache_read": counted.cached_tokens},
        "output_token_details": {"reasoning": counted.reasoning_tokens},
    }
