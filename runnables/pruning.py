"""Frees what earlier runs have left on a thread, while the next one goes on there."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

log = logging.getLogger(__name__)

_pruning: set[asyncio.Task[None]] = set()
"""Keeps references to tasks that nobody waits for."""


class Pruned(Protocol):
    async def aprune(self, thread_ids: Sequence[str]) -> None: ...


def prune_soon(saver: Pruned, thread: str) -> None:
    """Free what earlier runs have left on *thread*, while a run goes on there.

    It writes new documents only, so that nothing it needs is among them.
    """

    async def prune() -> None:
        try:
            await saver.aprune([thread])
        except Exception as exc:  # The next run tries it again.
            log.warning("old checkpoints stay: %s", type(exc).__name__)

    task = asyncio.create_task(prune())
    _pruning.add(task)
    task.add_done_callback(_pruning.discard)
