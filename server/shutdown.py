"""What open streams are told when the process is told to end."""

import asyncio
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from runs import Run
from streaming.errors import ShuttingDown

GRACE_SECONDS = 3
"""Seconds that answers have to end by themselves. A local run cuts the others off after
five, and a container is killed after ten, as a rule."""

CLOSE_SECONDS = 1
"""For which runs may end that were told to, before what they use is closed."""

SIGNALS = (signal.SIGTERM, signal.SIGINT)

_Handler = Callable[[int, FrameType | None], object]


class OpenRuns:
    """The runs whose answers are being sent, in one event loop.

    The server handles the signal first, as before: it takes no more connections and
    waits for those there are. A process that nobody handles it for ends at once.
    """

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._servers: dict[int, _Handler] = {}
        self._ending: asyncio.Task[None] | None = None
        self._again, self._gone = asyncio.Event(), asyncio.Event()
        self._closers: list[Callable[[], Awaitable[None]]] = []

    def when_over(self, close: Callable[[], Awaitable[None]]) -> None:
        """Call *close* once the process ends, after the runs."""
        self._closers.append(close)

    @contextmanager
    def holding(self, run: Run) -> Iterator[None]:
        """Count *run* as open; raises `ShuttingDown` if the process is about to end."""
        self._listen()
        if self._ending is not None:
            raise ShuttingDown
        self._runs[run.id] = run
        try:
            yield
        finally:
            del self._runs[run.id]
            if self._ending is not None and not self._runs:
                self._gone.set()

    def _listen(self) -> None:
        # Not when the app starts: the server that is to be called first comes later.
        loop = asyncio.get_running_loop()
        if loop is self._loop:
            return
        self._loop, self._ending = loop, None
        self._again, self._gone = asyncio.Event(), asyncio.Event()
        if threading.current_thread() is not threading.main_thread():
            return
        for number in SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler) and handler != self._handle:
                self._servers[number] = handler
                signal.signal(number, self._handle)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._servers[number](number, frame)
        if self._loop is not None:
            with suppress(RuntimeError):  # It is closed.
                self._loop.call_soon_threadsafe(self._begin)

    def _begin(self) -> None:
        if self._ending is None:
            self._ending = asyncio.create_task(self._end())
        else:
            self._again.set()

    async def _end(self) -> None:
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(GRACE_SECONDS):
                    await self._again.wait()
            if not self._runs:
                self._gone.set()
            for run in tuple(self._runs.values()):
                run.end_early(ShuttingDown())
                await asyncio.sleep(0)  # Not all in step.
            with suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._gone.wait()
        finally:
            # Without open runs the loop may end, and cancel this, at once.
            for close in self._closers:
                with suppress(Exception):
                    await close()


open_runs = OpenRuns()
"""Those of this process, as a signal is the process's."""
