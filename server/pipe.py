"""What one task writes of an answer and another sends, and how its status is
decided."""

import asyncio
from contextlib import suppress
from time import monotonic

from streaming.errors import ChatError

HIGH_WATER = 64 * 1024
"""Bytes a slow reader may leave unread before the model is no longer read either."""


class Pipe:
    """Holds what is written until it is read; the status is decided meanwhile.

    After *deadline* a write no longer waits for the reader: what is left to write is
    the ending.
    """

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self.committed = False
        self.left = False
        self.broken = False
        self.failure: ChatError | None = None
        self.begun = asyncio.Event()
        self.size = 0
        self._ready: list[bytes] = []
        self._finished = False
        self._changed = asyncio.Event()
        self._drained = asyncio.Event()

    @property
    def ended(self) -> bool:
        return self._finished and not self._ready

    async def write(self, piece: bytes) -> None:
        """Add *piece*; wait while the reader is too far behind."""
        if not piece:
            return
        self._ready.append(piece)
        self.size += len(piece)
        if self.committed:
            self._changed.set()
            if self.size >= HIGH_WATER:
                await self._wait_for_reader()

    async def _wait_for_reader(self) -> None:
        self._drained.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._deadline - monotonic()):
                await self._drained.wait()

    async def read(self, seconds: float) -> bytes:
        """All that is ready; nothing at the end, or once the reader has left.

        Raises `TimeoutError` after *seconds* of silence.
        """
        if not self._ready:
            async with asyncio.timeout(seconds):
                while not (self._ready or self._finished or self.left):
                    self._changed.clear()
                    await self._changed.wait()
        body = b"".join(self._ready)
        self._ready.clear()
        self.size = 0
        self._drained.set()
        return body

    async def wait_until_decided(self, seconds: float | None) -> None:
        """Return once the status is decided; raises `TimeoutError` after *seconds*."""
        async with asyncio.timeout(seconds):
            while not (self.committed or self.failure or self._finished or self.left):
                self._changed.clear()
                await self._changed.wait()

    def commit(self) -> None:
        """Decide on the answer's status, unless an error has already decided it."""
        if not (self.failure or self.committed):
            self.committed = True
            self._changed.set()

    def fail(self, error: ChatError) -> None:
        """Decide on *error*'s status; if the answer's is sent, cut the connection."""
        if self.committed:
            self.broken = True
        else:
            self.failure = self.failure or error
        self._changed.set()

    def finish(self) -> None:
        self._finished = True
        self._changed.set()

    def leave(self) -> None:
        """Note that the reader has left, so that no write waits for it."""
        self.left = True
        self.begun.set()
        self._changed.set()
        self._drained.set()
