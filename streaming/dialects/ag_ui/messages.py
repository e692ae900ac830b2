"""The messages of an answer as AG-UI's events: text, reasoning, calls and results."""

from collections.abc import Iterator
from typing import Literal

from streaming import sse
from streaming.events import BLANK_LINE, ToolCall, ToolResult

RunEvent = dict[str, object]

_TEXT: Literal["TEXT_MESSAGE"] = "TEXT_MESSAGE"
_REASONING: Literal["REASONING_MESSAGE"] = "REASONING_MESSAGE"


class RunMessages:
    """At most one of them is open; the ids of all begin with *run_id*."""

    def __init__(self, run_id: str) -> None:
        self._run_id, self._count = run_id, 0
        self._open: Literal["TEXT_MESSAGE", "REASONING_MESSAGE"] | None = None
        self._id = ""
        # The message that calls of tools belong to, if there is one already.
        self._caller: str | None = None
        self._calls: dict[str, str] = {}
        self._unanswered: dict[str, str] = {}

    @property
    def unanswered(self) -> dict[str, str]:
        """The names of the tools whose results are missing, by the ids of the calls."""
        return self._unanswered

    def say(self, text: str) -> Iterator[RunEvent]:
        if self._open != _TEXT:
            yield from self.close()
            self._open, self._id = _TEXT, self._new_id()
            self._caller = self._id
            yield self._event("START", role="assistant")
        yield self._event("CONTENT", delta=text)

    def say_apart(self, text: str) -> Iterator[RunEvent]:
        """The first piece of a message after another one."""
        yield from self.close()
        yield from self.say(text.removeprefix(BLANK_LINE))

    def reason(self, text: str) -> Iterator[RunEvent]:
        if self._open != _REASONING:
            yield from self.close()
            self._open, self._id = _REASONING, self._new_id()
            self._caller = None
            yield {"type": "REASONING_START", "messageId": self._id}
            yield self._event("START", role="reasoning")
        yield self._event("CONTENT", delta=text)

    def call(self, call: ToolCall) -> Iterator[RunEvent]:
        yield from self.close()
        self._caller = self._caller or self._new_id()
        called = {"toolCallId": self._id_of(call)}
        self._unanswered[called["toolCallId"]] = call.name
        yield {
            "type": "TOOL_CALL_START",
            **called,
            "toolCallName": call.name,
            "parentMessageId": self._caller,
        }
        yield {"type": "TOOL_CALL_ARGS", **called, "delta": sse.text_of(call.args)}
        yield {"type": "TOOL_CALL_END", **called}

    def result(self, result: ToolResult) -> Iterator[RunEvent]:
        """A result may be of a call that an earlier run has made."""
        yield from self.close()
        self._caller = None
        key = result.id or result.name
        called = self._calls.get(key, key)
        self._unanswered.pop(called, None)
        yield {
            "type": "TOOL_CALL_RESULT",
            "messageId": self._new_id(),
            "toolCallId": called,
            "content": result.content,
            "role": "tool",
        }

    def close(self) -> Iterator[RunEvent]:
        if self._open is None:
            return
        yield self._event("END")
        if self._open == _REASONING:
            yield {"type": "REASONING_END", "messageId": self._id}
        self._open = None

    def _event(self, kind: str, **fields: str) -> RunEvent:
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
