"""AG-UI 1.0, the protocol of CopilotKit, assistant-ui and others, over HTTP and SSE.

See: https://docs.ag-ui.com/spec/1.0
"""

from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from typing import assert_never

from streaming import sse
from streaming.dialects.ag_ui.ending import Ending
from streaming.dialects.ag_ui.messages import RunEvent, RunMessages
from streaming.dialects.ag_ui.request import to_request
from streaming.dialects.json import decode, error
from streaming.events import (
    Citation,
    Custom,
    Done,
    Error,
    Event,
    Interrupt,
    Output,
    Paragraph,
    ReasoningDelta,
    Redact,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
    members,
)
from streaming.headers import JSON
from streaming.requests import ChatRequest

__all__ = ["encode", "error", "headers", "keep_alive", "parse"]

VERSION = "1.0"
"""Of the protocol."""


def parse(body: bytes, path: Mapping[str, str]) -> ChatRequest:
    """Read a `RunAgentInput`; what is of this app's own is in its `forwardedProps`."""
    return to_request(decode(body))


def headers(request: ChatRequest) -> Mapping[str, str]:
    if request.stream:
        return sse.HEADERS
    return JSON


def keep_alive(deployment: str) -> bytes:
    return b": keep-alive\n\n"


async def encode(
    events: AsyncGenerator[Event], request: ChatRequest
) -> AsyncGenerator[bytes]:
    run = _Run(request)
    if request.stream:
        yield sse.encode(run.started())
    found = [] if request.stream else [run.started()]
    async with aclosing(events):
        async for event in events:
            written = list(run.written(event))
            if request.stream and written:
                yield b"".join(map(sse.encode, written))
            elif not request.stream:
                found += written
    if not request.stream:
        yield sse.dumps({"events": found})


class _Run:
    """Writes the events of one run."""

    def __init__(self, request: ChatRequest) -> None:
        run_id = request.run_id or request.id
        self._server_run_id = run_id
        self._ids = {
            "threadId": request.echo.get("threadId") or request.thread_id or run_id,
            "runId": request.echo.get("runId") or run_id,
        }
        self._messages = RunMessages(run_id)
        self._ending = Ending(self._ids, self._messages)

    def started(self) -> RunEvent:
        return {
            "type": "RUN_STARTED",
            **self._ids,
            "protocolVersion": VERSION,
            "metadata": {"runId": self._server_run_id},
        }

    def written(self, event: Event) -> Iterator[RunEvent]:
        match event:
            case Paragraph(_, text):
                yield from self._messages.say_apart(text)
            case TextDelta(_, text):
                yield from self._messages.say(text)
            case ReasoningDelta(_, text):
                yield from self._messages.reason(text)
            case ToolCall():
                yield from self._messages.call(event)
            case ToolResult():
                yield from self._messages.result(event)
            case Citation():
                yield _custom("citation", members(event))
            case Redact(_, start, end):
                yield _custom("redact", {"start_offset": start, "end_offset": end})
            case Custom(name, data):
                yield _custom(name, data)
            case Interrupt() | Output() | Usage() | Error():
                self._ending.note(event)
            case Done():
                yield from self._messages.close()
                yield self._ending.of(event)
            case _:
                assert_never(event)


def _custom(name: str, value: object) -> RunEvent:
    return {"type": "CUSTOM", "name": name, "value": value}
