"""How much may go on at once in this process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from server.turns import Turns
from streaming.errors import Overloaded

RETRY_OVERLOADED_MS = 1000

ARRIVING_BYTES = 256 * 1024 * 1024
"""Bytes of requests that may be on their way into one process."""


class Capacity:
    """How many streams may be open, and how many bytes of requests may be arriving."""

    def __init__(self, limit: int, arriving_limit: int = ARRIVING_BYTES) -> None:
        self._limit, self._arriving_limit = limit, arriving_limit
        self.open = self.arriving = 0
        self.turns, self.leaving = Turns(), Turns()

    @property
    def limit(self) -> int:
        return self._limit

    def check(self) -> None:
        """Raise `Overloaded` if all places are taken; takes none."""
        if self.open >= self._limit:
            raise Overloaded(retry_after_ms=RETRY_OVERLOADED_MS)

    def __enter__(self) -> None:
        self.check()
        self.open += 1

    def __exit__(self, *_: object) -> None:
        self.open -= 1

    @contextmanager
    def arrival(self) -> Iterator[Callable[[int], None]]:
        """Count a body while it arrives: what is given takes the size of each piece.

        It raises `Overloaded` if with this piece too many bytes are on their way into
        this process.
        """
        size = 0

        def add(more: int) -> None:
            nonlocal size
            if self.arriving + more > self._arriving_limit:
                raise Overloaded(retry_after_ms=RETRY_OVERLOADED_MS)
            size += more
            self.arriving += more

        try:
            yield add
        finally:
            self.arriving -= size
