"""A graph's question, and a whole answer, for dialects that have nothing but text."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from streaming import sse
from streaming.events import BLANK_LINE, Event, Interrupt, TextDelta


def asked(interrupt: Interrupt, *, spoken: bool) -> str:
    """The question, apart from what was *spoken* before."""
    return (BLANK_LINE if spoken else "") + sse.text_of(interrupt.value)


async def whole(events: AsyncGenerator[Event]) -> str:
    """All that is said and asked."""
    said: list[str] = []
    async with aclosing(events):
        async for event in events:
            match event:
                case TextDelta(_, text):
                    said.append(text)
                case Interrupt():
                    said.append(asked(event, spoken=bool(said)))
    return "".join(said)
