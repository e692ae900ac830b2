"""What foreign code raises to end the process: the error of one run instead.

asyncio lets a `SystemExit` or `KeyboardInterrupt` that leaves a task pass through the
event loop, which ends the server and every stream. Only inside the task can that be
prevented, and LangChain, graphs and chains start tasks of their own. So every task that
a run starts is given a coroutine that raises `Exit` instead.

A real Ctrl-C or SIGTERM raises neither: the server's signal handlers only note it. What
a chain has the loop itself call, as in `loop.call_soon(sys.exit)`, is in no task: that
still ends it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from contextvars import ContextVar
from types import CoroutineType, TracebackType
from typing import Any

from compat import langgraph

type AnyCoroutine = Coroutine[Any, Any, Any]
type AnyFuture = asyncio.Future[Any]

ENDS_THE_LOOP = (SystemExit, KeyboardInterrupt)


class Exit(Exception):
    """Raised in place of an exception that is no `Exception`; holds only its class's
    name."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(type(cause).__qualname__)
        self.with_traceback(cause.__traceback__)


class _Contained:
    # Custom classes and `BaseExceptionGroup` are too many to list, and to catch
    # `BaseException` is to catch a cancellation: what may pass is listed instead.
    _passing = (Exception, asyncio.CancelledError, GeneratorExit)

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if exc is not None and not isinstance(exc, self._passing):
            raise Exit(exc) from None


contained = _Contained()
"""`with contained:` raises `Exit` for all but an `Exception` and a cancellation."""


def contain_tasks(run: ContextVar[Any]) -> None:
    """Keep every task that is started in a *run*'s context from ending the loop."""
    loop = asyncio.get_running_loop()
    before = loop.get_task_factory()
    if not isinstance(before, _Factory):
        loop.set_task_factory(_Factory(before or _start, run))
    eager = asyncio.eager_task_factory
    if not isinstance(eager, _Factory):
        langgraph.start_nodes_with(_Factory(eager, run))


def _start(
    loop: asyncio.AbstractEventLoop, coro: AnyCoroutine, **more: Any
) -> asyncio.Task[Any]:
    return asyncio.Task(coro, loop=loop, **more)


class _Factory:
    """Starts each task with *start*; on Azure that is the worker's own factory.

    The server's tasks are not wrapped: each token passes through two of them.
    """

    def __init__(self, start: Callable[..., AnyFuture], run: ContextVar[Any]) -> None:
        self._start, self._run = start, run

    def __getattr__(self, name: str) -> object:
        """What others read of asyncio's own factory: anyio its `__code__`."""
        return getattr(self._start, name)

    def __call__(
        self, loop: asyncio.AbstractEventLoop | None, coro: Any, **more: Any
    ) -> AnyFuture:
        context = more.get("context")
        run = self._run.get(None) if context is None else context.get(self._run)
        # asyncio closes a generator that was left open in the context of anyone.
        if run is not None or not isinstance(coro, CoroutineType):
            coro = _ContainedCoroutine(coro)
        return self._start(loop, coro, **more)


class _ContainedCoroutine(Coroutine[Any, Any, Any]):
    """Raises `Exit` for what would end the loop.

    An `async def` around *coro* would not do: if it is cancelled before it begins,
    nothing ever closes *coro*.
    """

    __slots__ = ("_coro",)

    def __init__(self, coro: AnyCoroutine) -> None:
        self._coro = coro

    def send(self, value: object, /) -> object:
        try:
            return self._coro.send(value)
        except ENDS_THE_LOOP as exc:
            raise Exit(exc) from None

    def throw(self, *exc: Any) -> object:
        try:
            return self._coro.throw(*exc)
        except ENDS_THE_LOOP as raised:
            raise Exit(raised) from None

    def close(self) -> None:
        self._coro.close()

    def __await__(self) -> Generator[object, None, object]:
        return self._coro.__await__()

    def __getattr__(self, name: str) -> object:
        """Pass on other attributes: asyncio shows its code and frame; `leftovers`
        reads them."""
        return getattr(self._coro, name)
