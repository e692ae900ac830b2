"""`Workers`: each chain has threads of its own for what blocks."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import ContextVar
from typing import override

_chain: ContextVar[str | None] = ContextVar("chain", default=None)

# Looked up for everybody: connections to one host wait for one answer.
_SHARED = (socket.getaddrinfo, socket.getnameinfo)


class Workers(ThreadPoolExecutor):
    """An event loop's default executor, in which the runs of a chain hold up no others.

    LangChain runs there what only blocks, such as a function, a tool or a retriever. A
    chain's runs share as many threads as all would have had; the app's own work has
    the rest.
    """

    def __init__(self) -> None:
        super().__init__(thread_name_prefix="default")
        self._pools: dict[str, ThreadPoolExecutor] = {}

    @override
    def submit[**P, T](
        self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        chain = None if fn in _SHARED else _chain.get()
        if chain is None:
            return super().submit(fn, *args, **kwargs)
        pool = self._pools.get(chain)
        if pool is None:
            pool = ThreadPoolExecutor(thread_name_prefix=f"chain-{chain}")
            self._pools[chain] = pool
        return pool.submit(fn, *args, **kwargs)

    @override
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        super().shutdown(wait, cancel_futures=cancel_futures)
        for pool in self._pools.values():
            pool.shutdown(wait, cancel_futures=cancel_futures)


class ThreadsOfChains:
    """Gives the running event loop its `Workers`, and each run those of its chain."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None

    def enter(self, chain: str) -> None:
        """What the current task starts from now on is *chain*'s."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            loop.set_default_executor(Workers())
        _chain.set(chain)
