"""What a LangChain runnable streams, chunk by chunk, as neutral events."""

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from langchain_core.documents import Document
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ToolMessage,
)
from langchain_core.runnables import AddableDict

from streaming.events import (
    Citation,
    Event,
    Progress,
    ReasoningDelta,
    Redact,
    TextDelta,
    ToolCall,
    ToolResult,
)

log = logging.getLogger(__name__)

SNIPPET = 300
"""Characters of a source to show in a citation."""

DEPTH = 100
"""Levels of a tool's arguments to send as JSON; deeper arguments are sent as text."""

ANY = object()


@dataclass(slots=True)
class _Call:
    """A tool call, as far as it has arrived."""

    id: str = ""
    name: str = ""
    args: list[str] = field(default_factory=list)


class Translator:
    """Keeps what chunks have left open: unfinished tool calls, and the count of
    sources."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._calls: dict[tuple[Any, ...], _Call] = {}
        self._tools: dict[str, str] = {}
        self._before: dict[str, Any] = {}
        self._piece: AddableDict | None = None
        self._sources = 0

    def events(self, chunk: object) -> Iterator[Event]:
        """Translate *chunk*, which a chain has yielded, into the caller's events."""
        match chunk:
            case str():
                if chunk:
                    yield TextDelta(self._progress.deployment, str(chunk))
            case AIMessage():
                yield from self._answer(chunk)
            case ToolMessage():
                yield from self._tool_result(chunk)
            case Document():
                yield self._citation(chunk)
            case BaseMessage():
                pass  # A graph also streams what it was given.
            case {"answer": _} | {"context": _}:
                yield from self._dictionary(chunk)
            case list():
                for part in chunk:
                    yield from self.events(part)
            case (BaseMessage() as message, dict()) | (tuple(), (message, dict())):
                yield from self.events(message)  # A graph's, or of a graph within it.
            case None:
                pass
            case _:
                self._leave_out(chunk)

    def end(self) -> Iterator[Event]:
        """The remaining events once the chain has ended."""
        if self._piece is not None and not self._before:
            _warn(self._piece)
        yield from self.flush()

    def flush(self, message_id: object = ANY) -> Iterator[Event]:
        """The unfinished tool calls of one message, or of all."""
        for key in [key for key in self._calls if message_id in (ANY, key[0])]:
            call = self._calls.pop(key)
            args = _decoded("".join(call.args))
            yield ToolCall(self._progress.deployment, call.id, call.name, args)
            self._tools[call.id] = call.name

    def _leave_out(self, chunk: object) -> None:
        """Warn of an output that is left out; of a dictionary's only if no other one
        answers."""
        if isinstance(chunk, AddableDict):
            self._piece = chunk
        else:
            _warn(chunk)

    def _dictionary(self, chunk: Any) -> Iterator[Event]:
        """As retrieval chains have it; a plain one repeats what it has said before."""
        before, self._before = self._before, dict(chunk)
        if isinstance(chunk, AddableDict):
            before = {}
        if chunk.get("context") != before.get("context"):
            yield from self.events(chunk.get("context"))
        answer, said = chunk.get("answer"), before.get("answer")
        if isinstance(answer, str) and isinstance(said, str):
            answer = answer.removeprefix(said)
        yield from self.events(answer)

    def _answer(self, message: AIMessage) -> Iterator[Event]:
        deployment = self._progress.deployment
        content, extra = message.content, message.additional_kwargs
        if extra or not isinstance(content, str):
            for text in _reasoning(message):
                yield ReasoningDelta(deployment, text)
        # Building `message.text` anew costs more than all the rest.
        if text := content if isinstance(content, str) else message.text:
            yield TextDelta(deployment, text)
        for offsets in extra.get("redact", ()):
            yield Redact(
                deployment, offsets.get("start_offset", 0), offsets.get("end_offset", 0)
            )
        if isinstance(message, AIMessageChunk):
            for piece in message.tool_call_chunks:
                # Without an index a call is whole, and none is like another.
                index = object() if piece["index"] is None else piece["index"]
                key = (message.id, index)
                call = self._calls.setdefault(key, _Call())
                # Some servers repeat the id and the name in each piece.
                call.id = call.id or piece["id"] or ""
                if piece["name"] != call.name:
                    call.name += piece["name"] or ""
                call.args.append(piece["args"] or "")
            ended = message.chunk_position == "last"
            if self._calls and (ended or "finish_reason" in message.response_metadata):
                yield from self.flush(message.id)
            return
        for whole in message.tool_calls:
            call_id = whole["id"] or ""
            self._tools[call_id] = whole["name"]
            args = whole["args"]
            shown = json.dumps(args) if _is_deep(args) else args
            yield ToolCall(deployment, call_id, whole["name"], shown)
        for wrong in message.invalid_tool_calls:
            call_id, name = wrong["id"] or "", wrong["name"] or ""
            self._tools[call_id] = name
            yield ToolCall(deployment, call_id, name, wrong["args"] or "")

    def _tool_result(self, message: ToolMessage) -> Iterator[Event]:
        yield from self.flush()
        name = message.name or self._tools.get(message.tool_call_id, "")
        yield ToolResult(
            self._progress.deployment, message.tool_call_id, name, message.text
        )
        artifact = message.artifact
        for document in artifact if isinstance(artifact, list) else [artifact]:
            if isinstance(document, Document):
                yield self._citation(document)

    def _citation(self, document: Document) -> Citation:
        self._sources += 1
        metadata = document.metadata
        source = str(metadata.get("source") or "")
        return Citation(
            id=str(self._sources),
            title=str(metadata.get("title") or source),
            url=str(metadata.get("url") or source),
            snippet=document.page_content[:SNIPPET],
        )


def _warn(chunk: object) -> None:
    log.warning("a chain streams %s, which is no answer", type(chunk).__name__)


def _reasoning(message: AIMessage) -> Iterator[str]:
    if text := message.additional_kwargs.get("reasoning_content"):
        yield str(text)
    for block in message.content if isinstance(message.content, list) else ():
        if not isinstance(block, dict):
            continue
        kind = block.get("type")
        if kind in ("reasoning", "thinking") and (text := block.get(kind)):
            yield str(text)


def _decoded(args: str) -> dict[str, Any] | str:
    try:
        value = json.loads(args or "{}")
    except (ValueError, RecursionError):
        return args
    return value if isinstance(value, dict) and not _is_deep(value) else args


def _is_deep(value: object) -> bool:
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
