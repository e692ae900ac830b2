"""An answer as AG-UI's events: messages, reasoning, calls of tools and results."""

from collections.abc import Iterator
from typing import Literal

from streaming import sse
from streaming.dialects._answer import AnswerWriter, Fields, Told
from streaming.dialects.ag_ui.ending import Ending
from streaming.errors import ChatError
from streaming.events import (
    Citation,
    Custom,
    Done,
    Interrupt,
    Output,
    Redact,
    ToolCall,
    ToolResult,
    members,
)
from streaming.requests import ChatRequest

VERSION = "1.0"
"""Of the protocol."""

_Kind = Literal["TEXT_MESSAGE", "REASONING_MESSAGE"]
_TEXT: _Kind = "TEXT_MESSAGE"
_REASONING: _Kind = "REASONING_MESSAGE"


class RunWriter(AnswerWriter):
    """At most one message is open; the ids of all begin with the run's."""

    def __init__(self, request: ChatRequest) -> None:
        super().__init__()
        self._run_id, self._count = request.run_id or request.id, 0
        self._open: _Kind | None = None
        self._id = ""
        # The message that calls of tools belong to, if there is one already.
        self._caller: str | None = None
        self._calls: dict[str, str] = {}
        thread_id = request.echo.get("threadId") or request.thread_id or self._run_id
        run_id = request.echo.get("runId") or self._run_id
        self._ending = Ending({"threadId": thread_id, "runId": run_id})

    def begun(self) -> Iterator[Fields]:
        yield {
            "type": "RUN_STARTED",
            **self._ending.ids,
            "protocolVersion": VERSION,
            "metadata": {"runId": self._run_id},
        }

    def text(self, text: str) -> Iterator[Fields]:
        if self._open != _TEXT:
            yield from self.close()
            self._open, self._id = _TEXT, self._new_id()
            self._caller = self._id
            yield self._event("START", role="assistant")
        yield self._event("CONTENT", delta=text)

    def reasoning(self, text: str) -> Iterator[Fields]:
        if self._open != _REASONING:
            yield from self.close()
            self._open, self._id = _REASONING, self._new_id()
            self._caller = None
            yield {"type": "REASONING_START", "messageId": self._id}
            yield self._event("START", role="reasoning")
        yield self._event("CONTENT", delta=text)

    def call(self, call: ToolCall) -> Iterator[Fields]:
        yield from self.close()
        self._caller = self._caller or self._new_id()
        called = {"toolCallId": self._id_of(call)}
        self._ending.unanswered[called["toolCallId"]] = call.name
        yield {
            "type": "TOOL_CALL_START",
            **called,
            "toolCallName": call.name,
            "parentMessageId": self._caller,
        }
        yield {"type": "TOOL_CALL_ARGS", **called, "delta": sse.text_of(call.args)}
        yield {"type": "TOOL_CALL_END", **called}

    def result(self, result: ToolResult) -> Iterator[Fields]:
        yield from self.close()
        self._caller = None
        key = result.id or result.name
        called = self._calls.get(key, key)
        self._ending.unanswered.pop(called, None)
        yield {
            "type": "TOOL_CALL_RESULT",
            "messageId": self._new_id(),
            "toolCallId": called,
            "content": result.content,
            "role": "tool",
        }

    def cite(self, citation: Citation) -> Told:
        return [_custom("citation", members(citation))]

    def redact(self, redact: Redact) -> Told:
        span = {"start_offset": redact.start_offset, "end_offset": redact.end_offset}
        return [_custom("redact", span)]

    def custom(self, custom: Custom) -> Told:
        return [_custom(custom.name, custom.data)]

    def ask(self, interrupt: Interrupt) -> Told:
        self._ending.interrupts.append(interrupt)
        return ()

    def output(self, output: Output) -> Told:
        self._ending.result = {"result": output.value}
        return ()

    def fail(self, error: ChatError) -> Told:
        self._ending.error = error
        return ()

    def close(self) -> Iterator[Fields]:
        if self._open is None:
            return
        yield self._event("END")
        if self._open == _REASONING:
            yield {"type": "REASONING_END", "messageId": self._id}
        self._open = None

    def end(self, done: Done) -> Iterator[Fields]:
        yield from self.close()
        yield self._ending.of(done)

    def whole(self) -> Fields:
        return {"events": self.kept}

    def _event(self, kind: str, **fields: str) -> Fields:
        return {"type": f"{self._open}_{kind}", "messageId": self._id, **fields}

    def _id_of(self, call: ToolCall) -> str:
        """The call's own id unless another call has it: a client would add to that."""
        taken = not call.id or call.id in self._calls.values()
        made = self._new_id() if taken else call.id
        self._calls[call.id or call.name] = made
        return made

    def _new_id(self) -> str:
        self._count += 1
        return f"{self._run_id}:{self._count}"


def _custom(name: str, value: object) -> Fields:
    return {"type": "CUSTOM", "name": name, "value": value}
