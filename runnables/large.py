"""Keeps what takes long for a large conversation off the event loop."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Protocol

PARTS = 100
"""Convert a conversation of more messages and content parts in a thread: these take
about two milliseconds."""


class HasContent(Protocol):
    @property
    def content(self) -> object: ...


async def converted[T](convert: Callable[[], T], messages: Iterable[HasContent]) -> T:
    """What *convert* makes of *messages*."""
    if sum(map(_parts, messages)) > PARTS:
        return await asyncio.to_thread(convert)
    return convert()


def _parts(message: HasContent) -> int:
    return 1 + (len(message.content) if isinstance(message.content, list) else 0)
