"""A run's answer, in the words of the LangGraph SDK."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import assert_never

from app.langgraph.nodes import Nodes
from app.langgraph.told_run import ToldRun
from runs.turn import Turn
from streaming import sse
from streaming.dialects import json
from streaming.dialects._langgraph import shown
from streaming.dialects._langgraph.shown import TupleFrames
from streaming.errors import ChatError, InternalError
from streaming.events import (
    BLANK_LINE,
    Citation,
    Custom,
    Done,
    Error,
    Event,
    Interrupt,
    Node,
    NodeUpdate,
    Output,
    Paragraph,
    ReasoningDelta,
    Redact,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
)
from streaming.requests import ChatRequest, Message

Values = dict[str, object]
Final = Callable[[Sequence[Message], Values], Awaitable[Values | None]]
"""The values after a run, of its messages and of what else came out of it."""

Over = Callable[[], Awaitable[None]]
"""What has to be done once the answer is written, or is not any more."""


async def _nothing() -> None:
    pass


class Answer:
    """Writes one run as *told*, as a `Dialect` does: *before* are the values before it,
    *final* gives those after it."""

    def __init__(
        self,
        told: ToldRun,
        *,
        before: Values | None,
        final: Final,
        over: Over = _nothing,
    ) -> None:
        self._told, self._before, self._final = told, before, final
        self._over = over
        self._modes = frozenset(told.modes) if told.streamed else frozenset()
        self._whole = not told.streamed
        self._turn = Turn(told.run_id)
        self._number, self._id = 0, ""
        self._nodes = Nodes(told.chain, subgraphs=told.subgraphs)
        self._tuples = TupleFrames("messages", self._metadata())
        self._said: list[str] = []
        self._calls: list[shown.Fields] = []
        self._interrupts: list[Interrupt] = []
        self._more: Values = {}
        self._error: ChatError | None = None

    parse = staticmethod(json.parse)
    error = staticmethod(json.error)

    def headers(self, request: ChatRequest) -> Mapping[str, str]:
        return self._told.headers()

    def keep_alive(self, deployment: str) -> bytes:
        return b": heartbeat\n\n" if self._told.streamed else b"\n"

    async def encode(
        self, events: AsyncGenerator[Event], request: ChatRequest
    ) -> AsyncGenerator[bytes]:
        try:
            if self._told.streamed:
                yield self._begin()
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, Done):
                        yield await self._end(event)
                    elif frames := self._written(event):
                        yield frames
        finally:
            await self._over()

    def _begin(self) -> bytes:
        frames = sse.encode({"run_id": self._told.run_id, "attempt": 1}, "metadata")
        if self._before:
            frames += self._frame("values", self._before)
        # With a number a client can read on, even if it has seen no event yet.
        return frames[:-1] + b"id: 0\n\n"

    def _frame(self, mode: str, data: object) -> bytes:
        return sse.encode(data, mode) if mode in self._modes else b""

    def _written(self, event: Event) -> bytes:
        self._turn.hear(event)
        match event:
            case TextDelta(_, text):
                if isinstance(event, Paragraph):
                    text = text.removeprefix(BLANK_LINE)
                return self._text(text)
            case ReasoningDelta(_, text):
                return self._reasoning(text)
            case ToolCall():
                return self._call(event)
            case ToolResult():
                return self._result(event)
            case Citation() | Redact() | Custom():
                return self._frame("custom", _custom(event))
            case Node() | NodeUpdate():
                return self._node(event)
            case Output(value):
                self._more["output"] = value
            case Interrupt():
                self._interrupts.append(event)
            case Error(error=error):
                self._error = error
            case Usage() | Done():
                pass  # `Done` has the one, and ends the answer.
            case _:
                assert_never(event)
        return b""

    def _metadata(self) -> shown.Fields:
        return {**self._told.metadata(), **self._nodes.metadata()}

    def _node(self, event: Node | NodeUpdate) -> bytes:
        if isinstance(event, Node):
            self._nodes.enter(event)
            mode = self._nodes.mode("messages")
            self._tuples = TupleFrames(mode, self._metadata())
        elif "updates" in self._modes:
            found = self._nodes.update(event, self._turn.messages(waits=True))
            return sse.encode(found[1], found[0]) if found else b""
        return b""

    def _enter(self, number: int) -> str:
        """The id of the message of that *number*."""
        if number != self._number:
            self._number, self._id = number, self._turn.id_of(number)
            self._said, self._calls = [], []
            self._nodes.say(self._id)
        return self._id

    def _text(self, text: str) -> bytes:
        id, frames = self._enter(self._turn.count), b""
        if "messages-tuple" in self._modes:
            frames = self._tuples.text(id, text)
        if "messages" in self._modes:
            self._said.append(text)
            frames += self._partial()
        return frames

    def _tuple(self, message: shown.Fields) -> bytes:
        return self._tuples.of(message) if "messages-tuple" in self._modes else b""

    def _partial(self) -> bytes:
        """The message so far, for the mode that repeats it."""
        if "messages" not in self._modes:
            return b""
        so_far = shown.chunk(self._id, "".join(self._said), tool_calls=self._calls)
        frames = b""
        if len(self._said) + len(self._calls) == 1:
            metadata = {self._id: {"metadata": self._metadata()}}
            frames = sse.encode(metadata, self._nodes.mode("messages/metadata"))
        mode = self._nodes.mode("messages/partial")
        return frames + sse.encode([{**so_far, "type": "ai"}], mode)

    def _reasoning(self, text: str) -> bytes:
        id = self._enter(self._turn.next)
        thought = {"reasoning_content": text}
        return self._tuple(shown.chunk(id, additional_kwargs=thought))

    def _call(self, call: ToolCall) -> bytes:
        id = self._enter(self._turn.count)
        made = shown.call_chunk(id, call, len(self._calls))
        self._calls.append(shown.call(call.id, call.name, call.args))
        return self._tuple(made) + self._partial()

    def _result(self, result: ToolResult) -> bytes:
        id = self._turn.id_of(self._turn.count, result.id)
        self._nodes.say(id)
        message = shown.result(id, result)
        whole = b""
        if "messages" in self._modes:
            whole = sse.encode([message], self._nodes.mode("messages/complete"))
        return self._tuple(message) + whole

    async def _end(self, done: Done) -> bytes:
        failure, values = self._failure(done), None
        waits = done.finish_reason in ("interrupt", "tool_calls")
        answered = list(self._turn.messages(waits=waits))
        try:
            if failure is None and (self._whole or "values" in self._modes):
                values = await self._final(answered, self._more)
        except ChatError as error:
            failure = error
        if failure is not None:
            told = {"error": failure.code, "message": failure.message}
            if self._whole:
                return sse.dumps({"__error__": told})
            return sse.encode(told, "error") + self._ended("error")
        asked = [{"value": each.value, "id": each.id} for each in self._interrupts]
        interrupts = {"__interrupt__": asked} if asked else {}
        if self._whole:
            return sse.dumps({**(values or {}), **interrupts})
        frames = [self._last_chunk(done)]
        if (rest := self._nodes.rest(answered)) is not None:
            frames.append(self._frame("updates", rest))
        if values is not None:
            frames.append(self._frame("values", values))
        if interrupts:
            frames.append(self._frame("updates", interrupts))
            frames.append(self._frame("values", {**(values or {}), **interrupts}))
        return b"".join(frames) + self._ended("interrupted" if asked else "success")

    def _failure(self, done: Done) -> ChatError | None:
        if done.finish_reason == "error":
            return self._error or InternalError()
        return done.stopped_by

    def _last_chunk(self, done: Done) -> bytes:
        """What a model's last chunk says; the tokens are those of the whole run."""
        if not self._number:
            return b""
        said = {"finish_reason": done.finish_reason, "model_name": done.deployment}
        usage = shown.usage(done.usage)
        return self._tuple(
            shown.chunk(self._id, response_metadata=said, usage_metadata=usage)
        )

    def _ended(self, status: str) -> bytes:
        return sse.encode({"run_id": self._told.run_id, "status": status}, "end")


def _custom(event: Citation | Redact | Custom) -> object:
    match event:
        case Citation():
            return {"name": "citation", "data": asdict(event)}
        case Redact(_, start, end):
            span = {"start_offset": start, "end_offset": end}
            return {"name": "redact", "data": span}
        case Custom("custom", data):  # As a graph's writer has it.
            return data
        case Custom(name, data):
            return {"name": name, "data": data}
