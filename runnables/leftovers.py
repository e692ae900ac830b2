"""What LangChain has started for a run and left behind: generators and tasks."""

import asyncio
import logging
import os
import sys
from collections.abc import AsyncGenerator, Iterable
from contextlib import suppress
from contextvars import ContextVar
from types import CodeType
from typing import Any
from weakref import WeakSet

from runnables.exits import contain_tasks, contained
from runnables.graphs import Saver

log = logging.getLogger(__name__)

type Begun = WeakSet[AsyncGenerator[Any]]

_run: ContextVar[Begun] = ContextVar("run")
"""LangChain's asynchronous generators that a run has begun.

Held weakly: a stream that a chain breaks off is closed then, not with the run.
"""

_OURS = (
    os.path.join("runnables", "fast_stream.py"),
    os.path.join("compat", "langchain.py"),
)
"""What runs in the place of LangChain's own code."""

CLEAN_UP_SECONDS = 1
"""Seconds of cleanup for tasks that a chain left behind, once they are cancelled."""


def watch() -> Begun:
    """Begin to note what this task's run starts; for `clean_up` at its end."""
    begun: Begun = WeakSet()
    _run.set(begun)
    _note_generators()
    contain_tasks(_run)
    return begun


async def clean_up(begun: Begun) -> None:
    """Stop the tasks that the run has left, and close its generators."""
    await _stop_tasks(begun)
    await _close(begun)


async def forget(savers: Iterable[Saver], thread_id: str) -> None:
    """Delete a run's own thread, which nobody could go on with."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLEAN_UP_SECONDS):
            for saver in savers:
                try:
                    await saver.adelete_thread(thread_id)
                except Exception as exc:
                    log.warning("a thread was not deleted: %s", type(exc).__name__)


def _note_generators() -> None:
    """Have this thread's runs keep track of the generators that they begin."""
    before = sys.get_asyncgen_hooks().firstiter

    def first(generator: AsyncGenerator[Any]) -> None:
        # Another may be what all runs of a chain share, opened with the first of them.
        begun = _run.get(None)
        if begun is not None and _is_langchains(getattr(generator, "ag_code", None)):
            begun.add(generator)
        if before is not None:
            before(generator)

    if getattr(before, "__qualname__", None) != first.__qualname__:
        sys.set_asyncgen_hooks(firstiter=first)


async def _close(begun: Begun) -> None:
    """Close generators between two chunks, which no task runs and none can cancel."""
    with suppress(TimeoutError):
        async with asyncio.timeout(CLEAN_UP_SECONDS):
            for generator in list(begun):
                with suppress(Exception), contained:
                    await generator.aclose()


async def _stop_tasks(run: object) -> None:
    """Cancel tasks that LangChain left: the branches of a `RunnableParallel`.

    Tasks inherit the context, which names their run.
    """
    left = [
        task
        for task in asyncio.all_tasks() - {asyncio.current_task()}
        # The HTTP client has tasks that other runs share.
        if task.get_context().get(_run) is run
        and _is_langchains(getattr(task.get_coro(), "cr_code", None))
    ]
    for task in left:
        task.cancel()
    if left:
        await asyncio.wait(left, timeout=CLEAN_UP_SECONDS)


def _is_langchains(code: CodeType | None) -> bool:
    """Whether *code* is LangChain's, or ours in the place of LangChain's."""
    return code is not None and (
        "langchain_core" in code.co_filename or code.co_filename.endswith(_OURS)
    )
