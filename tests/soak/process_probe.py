"""Chains that tell of the process they run in: how late its loop is, what it holds."""

import asyncio
import gc
import json
import os
import sys
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path

from langchain_core.runnables import RunnableConfig

from runnables import Chain, ChainInput, Chunk, from_generator
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
    """`CHAINS=lag=tests.soak.process_probe:lag`."""
    return from_generator(_lag)


async def _census(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
    """What is there: tasks, open files, sockets, blocks of memory, and bytes."""
    gc.collect()
    open_files = [os.readlink(file) for file in _descriptors()]
    pages = int(_statm().split()[1])
    yield json.dumps(
        {
            "tasks": len(asyncio.all_tasks()),
            "files": len(open_files),
            "sockets": sum("socket" in name for name in open_files),
            "blocks": sys.getallocatedblocks(),
            "memory": pages * os.sysconf("SC_PAGESIZE"),
        }
    )


def _statm() -> str:
    return Path("/proc/self/statm").read_text()


def _descriptors() -> Iterator[Path]:
    for file in Path("/proc/self/fd").iterdir():
        if file.is_symlink():  # The one that lists them is gone.
            yield file


def census(settings: Settings) -> Chain:
    """`CHAINS=census=tests.soak.process_probe:census`."""
    return from_generator(_census)
