"""uvicorn, but for how it starts and stops: a message when ready, a short drain."""

import asyncio
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from types import FrameType

import uvicorn

from devhost.reload import CHANGED, Reload

_DRAIN_SECONDS = 5.0
"""Seconds for open requests to finish after the first Ctrl-C or SIGTERM."""
_CANCEL_SECONDS = 0.5
"""Seconds of cleanup for cancelled requests."""
_EXIT_SECONDS = 2.0
"""Seconds for the process to exit after that, if a thread or the loop hangs."""
_LAST_SECONDS = 1.0
"""Seconds until the process is ended after that, or after a second Ctrl-C."""


class HostServer(uvicorn.Server):
    def __init__(
        self,
        config: uvicorn.Config,
        on_ready: Callable[[], None],
        reload: Reload | None,
    ) -> None:
        super().__init__(config)
        self._on_ready, self._reload = on_ready, reload
        self._asked: list[int] = []
        self._told: SimpleQueue[int] = SimpleQueue()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Do not raise the signals again at the end, which would show a traceback."""
        for number in {signal.SIGINT, signal.SIGTERM, CHANGED}:
            signal.signal(number, self.handle_exit)
        threading.Thread(target=self._end_at_last, daemon=True).start()
        yield

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Note the signal; the next one may interrupt this, so it takes no lock."""
        if self._reload is not None:
            self._reload.note(sig)
        self._asked.append(sig)
        self._told.put(sig)
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let open requests finish for a while, or until a second signal; cancel the
        rest."""
        for server in self.servers:
            server.close()
        for listener in sockets or ():
            listener.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        deadline = time.monotonic() + _DRAIN_SECONDS
        # uvicorn has no event for this, and a signal's handler could not set one.
        while self._is_busy() and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        running = list(self.server_state.tasks)
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running, timeout=_CANCEL_SECONDS)

    def _is_busy(self) -> bool:
        state = self.server_state
        return bool(state.tasks or state.connections) and len(self._asked) < 2

    def _end_at_last(self) -> None:
        self._told.get()
        with suppress(Empty):
            self._told.get(timeout=_DRAIN_SECONDS + _EXIT_SECONDS)
        time.sleep(_LAST_SECONDS)
        if self._reload is not None:
            self._reload.end()
        os._exit(0)
