"""A stream without a model, to see at a glance whether something on the way buffers."""

import asyncio
from collections.abc import AsyncGenerator

from streaming.events import Event, TextDelta

NAME = "stream-check"
SECONDS = 2
INTERVAL = 0.1


async def ticks() -> AsyncGenerator[Event]:
    """One delta every 100 ms for two seconds, numbered from 1."""
    for number in range(1, round(SECONDS / INTERVAL) + 1):
        await asyncio.sleep(INTERVAL)
        yield TextDelta(NAME, f"{number} ")
