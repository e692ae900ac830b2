"""The right to be the one run on a thread, which ends by itself if its process does."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass

import orjson

from store import Conflict, Damaged, Store, readable

LEASE_SECONDS = 30.0

LOOK_SECONDS = 0.2
"""The pause between two looks at whether a run has let go of what was revoked."""

_GONE = b'{"gone":true}'


class ThreadLease:
    """A small document in *partition*, renewed while *run_id* goes on in *instance*.

    The engine forgets it after *seconds*. Methods raise `StoreError`.
    """

    def __init__(
        self,
        store: Store,
        partition: str,
        key: str,
        *,
        run_id: str,
        instance: str = "",
        seconds: float = LEASE_SECONDS,
    ) -> None:
        self._store, self._at = store, (partition, key)
        self._value = orjson.dumps({"run": run_id, "instance": instance})
        self.seconds = seconds
        self._version: str | None = None
        self.revoked = False

    async def take(self) -> bool:
        """Whether it is ours now; it is not while another run has it."""
        found = await self._store.get(*self._at)
        if found is not None and found.value != _GONE:
            return False
        return await self._write(found.version if found else None)

    async def renew(self) -> bool:
        """Whether it is still ours, for all of its seconds from now on.

        It may have run out while the engine was down: then it is taken again, if
        nobody else has it.
        """
        if await self._write(self._version):
            return True
        found = await self._store.get(*self._at)
        if found is not None and found.value != self._value:
            self.revoked = found.value == _GONE
            return False
        return await self._write(found.version if found else None)

    async def retake(self) -> bool:
        """Whether what a deletion has taken away is ours again: nobody else has it."""
        found = await self._store.get(*self._at)
        if found is None or found.value != _GONE:
            return False
        return await self._write(found.version)

    async def release(self) -> None:
        """Let it go; a deletion that has taken it away waits for that."""
        if self._version is None:
            return
        if await self._write(self._version) or await self.retake():
            await self._store.delete(*self._at)
        self._version = None

    async def _write(self, version: str | None) -> bool:
        try:
            self._version = await self._store.put(
                *self._at, self._value, version=version, keep=self.seconds
            )
        except Conflict:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Holder:
    """The run that has the right, and the process that makes it."""

    run: str
    instance: str


async def holder(store: Store, partition: str, key: str) -> Holder | None:
    found = await store.get(partition, key)
    return None if found is None else _read(found.value)


async def revoke(store: Store, partition: str, key: str) -> Holder | None:
    """Take the right from the run that has it, and return that, if one does.

    The run sees that on its next renewal.
    """
    found = await store.get(partition, key)
    if found is None or found.value == _GONE:
        return None
    try:
        await store.put(
            partition, key, _GONE, version=found.version, keep=LEASE_SECONDS
        )
    except Conflict:  # Renewed, or released, just now.
        return await revoke(store, partition, key)
    return _read(found.value)


async def wait_until_left(
    store: Store, partition: str, key: str, *, seconds: float
) -> None:
    """Wait until the run has seen that the right was revoked, *seconds* at most."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            while True:
                found = await store.get(partition, key)
                if found is None or found.value != _GONE:
                    return
                await asyncio.sleep(LOOK_SECONDS)


def _read(value: bytes) -> Holder | None:
    """`None` if it cannot be read, until it ends by itself."""
    if value == _GONE:
        return None
    try:
        with readable():
            fields = orjson.loads(value)
            return Holder(str(fields["run"]), str(fields.get("instance", "")))
    except Damaged:
        return None
