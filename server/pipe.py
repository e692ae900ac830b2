"""What is written of an answer until it is sent, and how its status is decided."""

import asyncio
from collections.abc import Callable
from time import monotonic

from streaming.errors import ChatError

HIGH_WATER = 64 * 1024
"""Bytes a slow reader may leave unread before the model is no longer read either."""

MOST_UNREAD = 256 * 1024
"""Bytes that a reader may leave unread of a run that does not wait for its reader."""

DRAIN_SECONDS = 1.0
"""Seconds that such a run gives a reader with so much unread to take it."""


def _nobody() -> None:
    pass


class Pipe:
    """Holds what is written until it is taken; the status is decided meanwhile.

    After *deadline* a write no longer waits for the reader: what is left to write is
    the ending. Without a deadline the run does not wait at all, and a reader who is too
    far behind is `dropped`.
    """

    def __init__(self, deadline: float | None) -> None:
        self._deadline = deadline
        self._most = MOST_UNREAD if deadline is None else HIGH_WATER
        self.committed = self.dropped = False
        self.left = False
        self.broken = False
        self.failure: ChatError | None = None
        self.begun = asyncio.Event()
        self.size = 0
        self._ready: list[bytes] = []
        self._finished = False
        self._decided = asyncio.Event()
        self._drained = asyncio.Event()
        self._tell = _nobody

    async def write(self, piece: bytes) -> None:
        """Add *piece*; wait while the reader is too far behind."""
        self.add(piece)
        if self.committed and self.size >= self._most:
            self._drained.clear()
            until = self._deadline
            left = DRAIN_SECONDS if until is None else until - monotonic()
            try:
                async with asyncio.timeout(left):
                    await self._drained.wait()
            except TimeoutError:
                if until is None:
                    self.dropped = True
                    self.leave()

    def add(self, piece: bytes) -> None:
        if piece and not self.left:
            self._ready.append(piece)
            self.size += len(piece)
            self._tell()

    def when_ready(self, tell: Callable[[], None]) -> None:
        """Call *tell* at once, and whenever something was added or changed."""
        self._tell = tell
        self.begun.set()
        tell()

    def take(self) -> bytes:
        """All that is ready."""
        body = b"".join(self._ready)
        self._ready.clear()
        self.size = 0
        self._drained.set()
        return body

    @property
    def ended(self) -> bool:
        """Whether all that will ever be written has been taken."""
        return self._finished and not self._ready

    async def wait_until_decided(self, seconds: float | None) -> None:
        """Return once the status is decided; raises `TimeoutError` after *seconds*."""
        if not self._decided.is_set():
            async with asyncio.timeout(seconds):
                await self._decided.wait()

    def commit(self) -> None:
        """Decide on the answer's status, unless an error has already decided it."""
        if not (self.failure or self.committed):
            self.committed = True
            self._decided.set()

    def fail(self, error: ChatError) -> None:
        """Decide on *error*'s status; if the answer's is sent, cut the connection."""
        if self.committed:
            self.broken = True
        else:
            self.failure = self.failure or error
        self._decided.set()

    def finish(self) -> None:
        self._finished = True
        self._decided.set()
        self._tell()

    def leave(self) -> None:
        """Note that the reader has left, so that no write waits for it."""
        self.left = True
        self._ready.clear()
        self.size = 0
        self.begun.set()
        self._decided.set()
        self._drained.set()
        self._tell()
