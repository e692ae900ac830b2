"""A chain that tells how late the event loop is, which it measures from within."""

import asyncio
import json
from collections.abc import AsyncGenerator

from langchain_core.runnables import RunnableConfig

from chains._runnable import Chain, ChainInput, Chunk, from_generator
from settings import Settings

EVERY_SECONDS = 0.005


async def _lag(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
    """Measure for as many seconds as is asked, then tell all in milliseconds."""
    loop = asyncio.get_running_loop()
    until = loop.time() + float(inputs["messages"][-1].text)
    late = []
    while (due := loop.time() + EVERY_SECONDS) < until:
        await asyncio.sleep(EVERY_SECONDS)
        late.append(round((loop.time() - due) * 1000, 3))
    yield json.dumps(late)


def lag(settings: Settings) -> Chain:
    """`CHAINS=lag=tests.soak.probe:lag`."""
    return from_generator(_lag)
