"""An answer as AG-UI's events: messages, reasoning, calls of tools and results."""

from collections.abc import Iterator

from streaming import sse
from streaming.dialects._answer import AnswerWriter, Fields, Kind, Told
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


class RunWriter(AnswerWriter):
    """At most one message is open; the ids of all begin with the run's."""

    def __init__(self, request: ChatRequest) -> None:
        super().__init__()
        self._run_id, self._count = request.run_id or request.id, 0
        self._message: Fields = {}
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

    def begin(self, kind: Kind) -> Iterator[Fields]:
        name, id, said = f"{kind.upper()}_MESSAGE", self._new_id(), kind == "text"
        self._caller = id if said else None
        self._message = {"messageId": id}
        self._delta = {"type": f"{name}_CONTENT", **self._message}
        if not said:
            yield {"type": "REASONING_START", **self._message}
        role = "assistant" if said else "reasoning"
        yield {"type": f"{name}_START", **self._message, "role": role}

    def finish(self, kind: Kind) -> Iterator[Fields]:
        yield {"type": f"{kind.upper()}_MESSAGE_END", **self._message}
        if kind == "reasoning":
            yield {"type": "REASONING_END", **self._message}

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

    def end(self, done: Done) -> Iterator[Fields]:
        yield from self.close()
        yield self._ending.of(done)

    def whole(self) -> Fields:
        return {"events": self.kept}

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
