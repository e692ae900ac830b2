"""Who still has to say whether a run may be: its thread, and its caller's budget."""

import asyncio


class Admission:
    """Counts them; until all have agreed, any status of the answer may be untrue."""

    def __init__(self) -> None:
        self._asked = 0
        self._agreed = asyncio.Event()
        self._agreed.set()

    def ask(self) -> None:
        self._asked += 1
        self._agreed.clear()

    def agree(self) -> None:
        self._asked -= 1
        if not self._asked:
            self._agreed.set()

    async def wait(self) -> None:
        await self._agreed.wait()
