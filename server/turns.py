"""Lets many answers that come, or are left, at once do so one after the other."""

import asyncio
from collections import deque


class Turns:
    """Gives each turn of the event loop to one answer that begins, or is left.

    Of a burst's requests each waits for the work of all others, as long as they are
    done in step. One at a time, the first tokens of those that have begun go out
    between two; and what others wait for goes on while a crowd leaves.
    """

    def __init__(self) -> None:
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._taken = False

    async def wait(self) -> None:
        """Return in a turn of its own: at once, if nothing else has begun in this."""
        loop = asyncio.get_running_loop()
        if not self._taken:
            self._taken = True
            loop.call_soon(self._next)
            return
        turn = loop.create_future()
        self._waiting.append(turn)
        await turn

    def _next(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():  # Else its caller has left.
                turn.set_result(None)
                asyncio.get_running_loop().call_soon(self._next)
                return
        self._taken = False
