"""The store is tidied again and again, although it is down at times."""

import asyncio

from store import StoreError
from store.memory import MemoryStore
from store.tidying import Tidying


class Flapping(MemoryStore):
    """Is down at first."""

    def __init__(self) -> None:
        super().__init__()
        self.times = 0
        self.enough = asyncio.Event()

    async def tidy(self) -> None:
        self.times += 1
        if self.times == 1:
            raise StoreError("down")
        if self.times == 3:
            self.enough.set()


async def test_it_is_tidied_until_the_loop_ends() -> None:
    store = Flapping()
    tidying = Tidying(store, seconds=0.01)
    tidying.begin()
    tidying.begin()
    await asyncio.wait_for(store.enough.wait(), 5)
