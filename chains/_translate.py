"""The only translator: what a LangChain runnable streams, as neutral events."""

import json
import logging
import sys
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from typing import Any

from langchain_core.callbacks.base import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ToolMessage,
    convert_to_messages,
)
from langchain_core.runnables import RunnableConfig

from chains import _errors
from chains._runnable import Chain
from streaming.errors import InvalidRequest
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
from streaming.requests import ChatRequest

log = logging.getLogger(__name__)

SNIPPET = 300
"""Characters of a source that a citation shows."""


async def translate(
    chain: Chain,
    request: ChatRequest,
    *,
    progress: Progress,
    callbacks: Sequence[BaseCallbackHandler],
) -> AsyncGenerator[Event]:
    """Run *chain* and give its events; every exception comes out as a `ChatError`."""
    config: RunnableConfig = {
        "callbacks": list(callbacks),
        "configurable": {
            # What a graph with a checkpointer asks for: each run is a thread of its
            # own.
            "thread_id": request.id,
            "sampling": request.sampling.model_dump(exclude_none=True),
        },
    }
    # By default a graph streams the state after each node instead of tokens.
    mode = {"stream_mode": "messages"} if _is_graph(chain) else {}
    translator = _Translator(progress)
    try:
        inputs = {"messages": _messages(request)}
        chunks = chain.astream(inputs, config, **mode)
        # `Runnable.astream` is typed as an iterator; it is always a generator.
        async with aclosing(chunks):  # type: ignore[type-var]
            async for chunk in chunks:
                for event in translator.events(chunk):
                    yield event
        for event in translator.flush():
            yield event
    except Exception as exc:
        raise _errors.to_chat_error(exc, request.id) from None


def _messages(request: ChatRequest) -> list[BaseMessage]:
    messages = [
        {"content": "", **message.model_dump(exclude_none=True)}
        for message in request.messages
    ]
    try:
        return convert_to_messages(messages)
    except Exception:
        raise InvalidRequest("messages: are not what the model can be given") from None


def _is_graph(chain: Chain) -> bool:
    pregel = sys.modules.get("langgraph.pregel")
    return pregel is not None and isinstance(chain, pregel.Pregel)


class _Translator:
    """Knows what has gone before: unfinished tool calls, and how many sources."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._calls: dict[tuple[Any, ...], dict[str, str]] = {}
        self._tools: dict[str, str] = {}
        self._sources = 0

    def events(self, chunk: object) -> Iterator[Event]:
        """What *chunk*, which a chain has yielded, is to the caller."""
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
            case dict() if chunk.keys() & {"answer", "context"}:
                yield from self.events(chunk.get("context", ()))
                yield from self.events(chunk.get("answer", ""))
            case list():
                for part in chunk:
                    yield from self.events(part)
            case (first, _):
                yield from self.events(first)  # A graph's message and its metadata.
            case () | {}:
                pass
            case _:
                log.warning(
                    "a chain streams %s, which is no answer", type(chunk).__name__
                )

    def flush(self) -> Iterator[Event]:
        """The tool calls that no chunk has finished."""
        for call in self._calls.values():
            yield ToolCall(
                self._progress.deployment,
                call["id"],
                call["name"],
                _decoded(call["args"]),
            )
            self._tools[call["id"]] = call["name"]
        self._calls.clear()

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
                key = (message.id, piece["index"])
                call = self._calls.setdefault(key, {"id": "", "name": "", "args": ""})
                for part in ("id", "name", "args"):
                    call[part] += piece[part] or ""
            ended = message.chunk_position == "last"
            if self._calls and (ended or "finish_reason" in message.response_metadata):
                yield from self.flush()
            return
        for whole in message.tool_calls:
            call_id = whole["id"] or ""
            self._tools[call_id] = whole["name"]
            yield ToolCall(deployment, call_id, whole["name"], whole["args"])

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
    except ValueError:
        return args
    return value if isinstance(value, dict) else args
