"""A store over another one that is down, slow, or loses its answers, as a test says."""

import asyncio
from collections.abc import Callable
from typing import ClassVar

from store import StoreError
from store.memory import MemoryStore


class UnwillingStore(MemoryStore):
    """*fails* is asked before each append; `late` appends are done and yet fail."""

    durable: ClassVar[bool] = True

    def __init__(
        self,
        fails: Callable[[], bool] = lambda: False,
        late: Callable[[], bool] = lambda: False,
        seconds: float = 0,
    ) -> None:
        super().__init__()
        self.fails, self.late, self._seconds = fails, late, seconds

    async def append(
        self, log: str, lines: bytes, *, at: int, keep: float | None = None
    ) -> None:
        await asyncio.sleep(self._seconds)
        if self.fails():
            raise StoreError("down")
        await super().append(log, lines, at=at, keep=keep)
        if self.late():
            raise StoreError("its answer came too late")
