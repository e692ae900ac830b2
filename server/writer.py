"""Sends what a pipe holds, in one write for each turn of the event loop."""

import asyncio
from collections.abc import Callable
from contextvars import copy_context

from starlette.types import Send

from server.pipe import Pipe


class Writer:
    """Sends with *send* what is written to *pipe*, and ends the body with it.

    What is ready goes out when the event loop has nothing else to do in this turn: no
    second task has to wake for a token. If the server holds up a write, the next one
    waits for it.
    """

    def __init__(self, pipe: Pipe, send: Send) -> None:
        self._pipe, self._send = pipe, send
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()  # Not that of whoever writes.
        self._over: asyncio.Future[None] = self._loop.create_future()
        self._writing: asyncio.Task[None] | None = None
        self._due = False
        self._sent_at = self._loop.time()

    async def run(self, quiet: float, keep_alive: Callable[[], bytes]) -> None:
        """Send until all is sent or the reader leaves; raises what *send* raises.

        Once nothing was sent for *quiet* seconds, what *keep_alive* gives is.
        """
        self._pipe.when_ready(self._flush_soon)
        try:
            while not self._over.done():
                left = self._sent_at + quiet - self._loop.time()
                if left <= 0:
                    self._sent_at, left = self._loop.time(), quiet
                    # What is ready may be the ending, which nothing may follow.
                    if not (self._busy or self._pipe.size or self._pipe.ended):
                        self._pipe.add(keep_alive())
                await asyncio.wait({self._over}, timeout=left)
            self._over.result()
        finally:
            if self._writing is not None:
                self._writing.cancel()

    @property
    def _busy(self) -> bool:
        return self._writing is not None and not self._writing.done()

    def _flush_soon(self) -> None:
        if not self._due:
            self._due = True
            self._loop.call_soon(self._flush, context=self._context)

    def _flush(self) -> None:
        self._due = False
        if self._over.done():
            return
        if self._pipe.left:  # Also if a write waits for a reader who takes nothing.
            self._over.set_result(None)
            return
        if self._busy:
            return
        # It runs at once. As a rule it ends at once too, and is never scheduled.
        self._writing = task = asyncio.Task(
            self._write(), loop=self._loop, eager_start=True
        )
        if task.done():
            self._note_end(task)
        else:
            task.add_done_callback(self._note_end)

    async def _write(self) -> None:
        """Send what is ready, and what has become ready meanwhile."""
        pipe = self._pipe
        while not pipe.left:
            body, ended = pipe.take(), pipe.ended
            more = pipe.broken or not ended
            if body or not more:
                message = {"type": "http.response.body", "body": body}
                await self._send({**message, "more_body": more})
                self._sent_at = self._loop.time()
            if ended:
                break  # A broken answer gets no end: that cuts it off.
            if not (pipe.size or pipe.ended):
                return
        if not self._over.done():
            self._over.set_result(None)

    def _note_end(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None and not self._over.done():
            self._over.set_exception(error)
