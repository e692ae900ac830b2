"""A store that is down for longer than the lease of those who write there."""

import asyncio
from collections.abc import AsyncGenerator
from typing import ClassVar

import anyio.lowlevel

from runs import Run
from store import StoreError
from store.memory import MemoryStore
from streaming.events import Event, TextDelta
from tests.support.logged_answers import answer, followed, logs_over


class Outage(MemoryStore):
    """Everything fails while it is `down`, and what a process says of itself too while
    it is `coming`."""

    durable: ClassVar[bool] = True
    down = coming = False
    reads = 0

    async def read(self, log: str, at: int, *, wait: float = 0) -> bytes | None:
        await asyncio.sleep(0)
        self.reads += 1
        if self.down:
            raise StoreError("down")
        return await super().read(log, at)

    async def put(
        self,
        partition: str,
        key: str,
        value: bytes,
        *,
        version: str | None = None,
        keep: float | None = None,
    ) -> str:
        if (self.down or self.coming) and partition == "instances":
            raise StoreError("down")
        return await super().put(partition, key, value, version=version, keep=keep)


async def test_a_run_is_not_lost_because_the_store_was_down_for_long() -> None:
    """Its process could not say that it lives, and may be the last to find it up."""
    store, run, goes_on = Outage(), Run(chain="c"), asyncio.Event()
    here, there = logs_over(store, lease=1), logs_over(store, lease=1)

    async def events() -> AsyncGenerator[Event]:
        yield TextDelta("d", "tok")
        await goes_on.wait()
        yield TextDelta("d", "tok")

    async def looks(count: int) -> None:
        """Until the follower has looked so many times more."""
        until = store.reads + count
        while store.reads < until:
            await anyio.lowlevel.checkpoint()

    async with asyncio.timeout(20):
        making = asyncio.create_task(answer(here, run, events()))
        while await store.get("instances", here.instance.id) is None or (
            await MemoryStore.read(store, run.id, 0) is None
        ):
            await anyio.lowlevel.checkpoint()
        following = asyncio.create_task(followed(there, run.id, 0))
        await looks(2)
        store.down = store.coming = True
        await looks(1)
        await store.delete("instances", here.instance.id)  # It has expired.
        store.down = False
        await looks(2)
        store.coming = False
        goes_on.set()
        assert await following == await making
