"""`RecordedRuns`: the runs that ended, and a wait for the next."""

import asyncio

from runs import Run
from runs.recording import Recording


class RecordedRuns(list[Run]):
    """Runs in the order in which they ended."""

    def __init__(self) -> None:
        super().__init__()
        self._added = asyncio.Event()

    def append(self, run: Run) -> None:
        super().append(run)
        self._added.set()
        self._added = asyncio.Event()

    def emit(self, run: Run) -> Recording:
        """Append *run* as a journal does that takes no time."""
        self.append(run)
        return None

    async def reach(self, count: int) -> None:
        """Wait until there are *count*, 20 seconds at most."""
        async with asyncio.timeout(20):
            while len(self) < count:
                await self._added.wait()
