"""Tool calls: put together from pieces, and each shown once."""

import json
from collections.abc import Container, Iterable, Iterator, Set
from dataclasses import dataclass, field

from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    FunctionMessage,
    ToolMessage,
)
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk

from runnables import blocks
from runs.tool_calls import CallIndexes, new_id
from streaming.events import Progress, ToolCall, ToolResult

DEPTH = 100
"""Levels of JSON to send as such: of a tool's arguments, or of a structured result."""

WITHDRAWN = "The call was withdrawn."

type _Key = tuple[str | None, object]


@dataclass(slots=True)
class _Pieces:
    """A tool call, as far as it has arrived."""

    id: str = ""
    name: str = ""
    args: list[str] = field(default_factory=list)


class ToolCalls:
    """The tool calls of a run; those of messages that have *failed* are not shown."""

    def __init__(self, progress: Progress, failed: Set[str] = frozenset()) -> None:
        self._progress = progress
        self._failed = failed
        self._pieces: dict[_Key, _Pieces] = {}
        self._indexes: dict[str | None, CallIndexes] = {}
        self._names: dict[str, str] = {}
        self._messages: dict[str, str] = {}  # Of which a call is.
        self._results: set[str] = set()

    @property
    def waiting(self) -> bool:
        """Whether a call has no result."""
        return not self._names.keys() <= self._results

    def awaits(self, message: BaseMessage) -> bool:
        """Whether *message* is the result of a call that has none."""
        called = isinstance(message, ToolMessage) and message.tool_call_id
        return called in self._names and called not in self._results

    def has_result(self, message: BaseMessage) -> bool:
        """Whether *message* is a result, and one of the same call was shown."""
        return (
            isinstance(message, ToolMessage) and message.tool_call_id in self._results
        )

    def add(self, message: AIMessageChunk) -> None:
        """Keep the pieces in *message* until it ends."""
        for piece in message.tool_call_chunks or _function_call(message):
            indexes = self._indexes.setdefault(message.id, CallIndexes())
            function = {"name": piece["name"], "arguments": piece["args"]}
            said = {"index": piece["index"], "id": piece["id"], "function": function}
            [numbered] = indexes.number([said])
            call = self._pieces.setdefault((message.id, numbered["index"]), _Pieces())
            # Some servers repeat the id and the name in each piece.
            call.id = call.id or str(numbered.get("id") or "")
            if piece["name"] != call.name:
                call.name += piece["name"] or ""
            call.args.append(piece["args"] or "")

    def flush(self, ids: Iterable[str | None] | None = None) -> Iterator[ToolCall]:
        """The calls of the messages with these *ids*, or of all, as they are."""
        if not self._pieces:
            return
        for key in [key for key in self._pieces if ids is None or key[0] in ids]:
            call = self._pieces.pop(key)
            if key[0] in self._failed:
                continue
            self._messages[call.id] = key[0] or ""
            yield self._shown(call.id, call.name, _decoded("".join(call.args)))

    def whole(self, message: AIMessage, *, streamed: bool) -> Iterator[ToolCall]:
        """The calls of a *message*, unless they were shown.

        Of one that has *streamed*, those without an id were.
        """
        for call in message.tool_calls:
            args = json.dumps(call["args"]) if is_deep(call["args"]) else call["args"]
            if not self._is_known(call["id"], streamed=streamed):
                self._messages[call["id"] or ""] = message.id or ""
                yield self._shown(call["id"] or "", call["name"], args)
        for wrong in message.invalid_tool_calls:
            if not self._is_known(wrong["id"], streamed=streamed):
                args = wrong["args"] or ""
                yield self._shown(wrong["id"] or "", wrong["name"] or "", args)
        if streamed or message.tool_calls or message.invalid_tool_calls:
            return
        for piece in _function_call(message):
            args = _decoded(piece["args"] or "")
            yield self._shown(new_id(), piece["name"] or "", args)

    def _is_known(self, call_id: str | None, *, streamed: bool) -> bool:
        return call_id in self._names if call_id else streamed

    def _shown(
        self, call_id: str, name: str, args: dict[str, object] | str
    ) -> ToolCall:
        self._names[call_id] = name
        return ToolCall(self._progress.deployment, call_id, name, args)

    def result(self, message: ToolMessage | FunctionMessage) -> Iterator[ToolResult]:
        if isinstance(message, ToolMessage):
            call_id = message.tool_call_id
        elif (found := self._waiting_for(message.name)) is not None:
            call_id = found
        else:
            return
        self._results.add(call_id)
        name = message.name or self._names.get(call_id, "")
        yield ToolResult(
            self._progress.deployment, call_id, name, blocks.whole_text(message)
        )

    def withdraw(self, ids: Container[str | None]) -> Iterator[ToolResult]:
        """Results for the calls of messages with these *ids*, which nobody makes."""
        for call_id in self._names.keys() - self._results:
            if self._messages.get(call_id, "") in ids:
                self._results.add(call_id)
                name = self._names[call_id]
                yield ToolResult(self._progress.deployment, call_id, name, WITHDRAWN)

    def _waiting_for(self, name: str) -> str | None:
        """The first call of the function *name* without a result."""
        waiting = (each for each in self._names if each not in self._results)
        return next((each for each in waiting if self._names[each] == name), None)


def _function_call(message: AIMessage) -> list[ToolCallChunk]:
    """The call in *message*, or a piece of it, as OpenAI's API had it before tools."""
    match message.additional_kwargs.get("function_call"):
        case {"name": str() as name, **rest} if name:
            return [_piece(name, rest.get("arguments"))]
        case {"arguments": arguments}:
            return [_piece(None, arguments)]
        case _:
            return []


def _piece(name: str | None, arguments: object) -> ToolCallChunk:
    if isinstance(arguments, dict | list):
        arguments = json.dumps(arguments)
    args = arguments if isinstance(arguments, str) else None
    return tool_call_chunk(name=name, args=args, id=None, index=0)


def _decoded(args: str) -> dict[str, object] | str:
    try:
        value = json.loads(args or "{}")
    except (ValueError, RecursionError):
        return args
    return value if isinstance(value, dict) and not is_deep(value) else args


def is_deep(value: object) -> bool:
    """Whether *value* is nested more deeply than all dialects can write."""
    level = [value]
    for _ in range(DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return False
    return True


def _children(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
