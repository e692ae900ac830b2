"""Keeps what takes long for a large conversation off the event loop."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

from pydantic import BaseModel

from streaming.large import LARGE_BYTES

PARTS = 100
"""Convert a conversation of more messages, content parts and tool calls in a thread:
these take about two milliseconds."""


_FIELDS = ("content", "tool_calls", "invalid_tool_calls")


class HasContent(Protocol):
    @property
    def content(self) -> object: ...


async def converted[T](
    convert: Callable[[], T], messages: Iterable[HasContent], *, size: int = 0
) -> T:
    """What *convert* makes of *messages*, which came in a request of *size* bytes."""
    if size > LARGE_BYTES or _are_large(messages):
        return await asyncio.to_thread(convert)
    return convert()


def _are_large(messages: Iterable[HasContent]) -> bool:
    """Whether they have many parts, or much text in whatever parts."""
    parts = characters = 0
    for message in messages:
        waiting = [getattr(message, name, None) for name in _FIELDS]
        parts += 1
        while waiting:
            match waiting.pop():
                case str(text):
                    characters += len(text)
                case list(items):
                    parts += len(items)
                    waiting += items
                case dict(fields):
                    waiting += fields.values()
                case BaseModel() as part:
                    waiting += vars(part).values()
            if parts > PARTS or characters > LARGE_BYTES:
                return True
    return False
