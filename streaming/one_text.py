"""An answer, and a graph's question, for dialects that have nothing but text."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import assert_never

from streaming import sse
from streaming.errors import ChatError
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
    ReasoningDelta,
    Redact,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
)
from streaming.settled import settled


class OneText:
    """Hears a run's events as the pieces of one text, and how it ends."""

    def __init__(self) -> None:
        self._spoken = False

    def hear(self, event: Event) -> str | ChatError | Done | None:
        match event:
            case TextDelta(_, text):
                self._spoken = True
                return text
            case Interrupt(value=asked):
                apart = BLANK_LINE if self._spoken else ""
                self._spoken = True
                return apart + sse.text_of(asked)
            case Error(error=failure):
                return failure
            case Done():
                return event
            case (
                ReasoningDelta()
                | ToolCall()
                | ToolResult()
                | Citation()
                | Redact()
                | Custom()
                | Node()
                | NodeUpdate()
                | Output()
                | Usage()
            ):
                return None  # A text has no word for these.
            case _:
                assert_never(event)


async def whole(events: AsyncGenerator[Event]) -> str:
    """All that is said and asked."""
    text, said = OneText(), list[str]()
    async with aclosing(settled(events)) as left:
        async for event in left:
            if isinstance(piece := text.hear(event), str):
                said.append(piece)
    return "".join(said)
