"""How long all runs together may keep one turn of the event loop."""

import asyncio
from time import monotonic

SECONDS = 0.01
"""The chunks that have arrived for two hundred runs take some tenths of a second to
show. A health check needs about eight turns, and would wait that long in each."""


class LoopTurn:
    """One turn of the event loop after the other, each counted from its first chunk."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._until = 0.0

    def is_over(self) -> bool:
        """Whether what is left should wait for the next turn, as after `sleep(0)`."""
        loop = asyncio.get_running_loop()
        if loop is self._loop:
            return monotonic() > self._until
        self._loop, self._until = loop, monotonic() + SECONDS
        loop.call_soon(self._end)
        return False

    def _end(self) -> None:
        self._loop = None


loop_turn = LoopTurn()
"""That of this process, whose runs share one event loop."""
