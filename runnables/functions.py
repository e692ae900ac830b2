"""Generator functions: LangChain can stream them only by blocking the event loop."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import Future
from inspect import GEN_RUNNING, getgeneratorstate, isgeneratorfunction

from langchain_core.runnables import RunnableConfig, RunnableGenerator, RunnableLambda
from langchain_core.runnables.config import run_in_executor
from langchain_core.runnables.utils import accepts_config

from runnables import kinds
from runnables.generator import Chain

type _Function = Callable[..., Generator[object]]

_END = object()


def asynchronous(chain: Chain) -> Chain | None:
    """A generator function whose steps run in a thread; `None` for anything else."""
    name = getattr(chain, "name", None)
    match chain:
        case RunnableLambda(func=function) if not hasattr(chain, "afunc"):
            if isgeneratorfunction(kinds.unwrapped(function)):
                return RunnableLambda(_streamed(function), name=name)
        case RunnableGenerator(_transform=function) if not hasattr(
            chain, "_atransform"
        ):
            return RunnableGenerator(_transforming(function), name=name)
    return None


def _streamed(function: _Function) -> Callable[..., AsyncGenerator[object]]:
    async def stream(given: object, config: RunnableConfig) -> AsyncGenerator[object]:
        async for chunk in _in_thread(
            function(given, **_more(function, config)), config
        ):
            yield chunk

    return stream


def _transforming(function: _Function) -> Callable[..., AsyncGenerator[object]]:
    async def transform(
        chunks: AsyncIterator[object], config: RunnableConfig
    ) -> AsyncGenerator[object]:
        source = _Pulled(chunks)
        made = function(source, **_more(function, config))
        try:
            async for chunk in _in_thread(made, config):
                yield chunk
        finally:
            source.close()

    return transform


def _more(function: _Function, config: RunnableConfig) -> dict[str, RunnableConfig]:
    return {"config": config} if accepts_config(function) else {}


async def _in_thread(
    chunks: Generator[object], config: RunnableConfig
) -> AsyncGenerator[object]:
    try:
        while (chunk := await run_in_executor(config, next, chunks, _END)) is not _END:
            yield chunk
    finally:
        # It cannot be closed while it runs, in its thread.
        if getgeneratorstate(chunks) != GEN_RUNNING:
            chunks.close()


class _Pulled(Iterator[object]):
    """Chunks of the event loop, for a thread that waits for each."""

    def __init__(self, chunks: AsyncIterator[object]) -> None:
        self._chunks, self._loop = chunks, asyncio.get_running_loop()
        self._next: Future[object] | None = None
        self._closed = False

    def __next__(self) -> object:
        self._next = asyncio.run_coroutine_threadsafe(self._pull(), self._loop)
        if self._closed:  # Maybe while the chunk was asked for.
            self._next.cancel()
        if (chunk := self._next.result()) is _END:
            raise StopIteration
        return chunk

    async def _pull(self) -> object:
        return await anext(self._chunks, _END)

    def close(self) -> None:
        """Let no thread wait any longer."""
        self._closed = True
        if self._next is not None:
            self._next.cancel()
