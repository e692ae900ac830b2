"""What has to be done at the end of a run, before its caller is told of the end."""

import asyncio
import logging
from contextlib import suppress

from runs import Run

log = logging.getLogger(__name__)

CLOSE_SECONDS = 4.5
"""What takes longer goes on by itself, and counts as not kept."""

_closing: set[asyncio.Task[None]] = set()
"""Keeps references to tasks that nobody waits for."""


def begin_to_close(run: Run) -> asyncio.Task[None] | None:
    """Do what *run*'s `closers` say, all at once; `None` if there are none left."""
    closers, run.closers = run.closers, []
    if not closers:
        return None

    async def close() -> None:
        for done in await asyncio.gather(
            *(each() for each in closers), return_exceptions=True
        ):
            if isinstance(done, Exception):
                run.kept = False
                log.error("request %s: %s", run.request_id, type(done).__name__)

    task = asyncio.create_task(close())
    _closing.add(task)
    task.add_done_callback(_closing.discard)
    return task


async def close(run: Run) -> None:
    """Close *run*, and wait for that for `CLOSE_SECONDS` at most."""
    task = begin_to_close(run)
    if task is None:
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(CLOSE_SECONDS):
            await asyncio.shield(task)
            return
    run.kept = False
