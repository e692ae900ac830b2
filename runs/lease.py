"""The right to be the one run on a thread, which ends by itself if its process does."""

import orjson

from store import Conflict, Damaged, Store, readable

LEASE_SECONDS = 30.0

_GONE = b'{"gone":true}'


class ThreadLease:
    """A small document in *partition*, renewed while *run_id* goes on.

    The engine forgets it after *seconds*. Methods raise `StoreError`.
    """

    def __init__(
        self,
        store: Store,
        partition: str,
        key: str,
        *,
        run_id: str,
        seconds: float = LEASE_SECONDS,
    ) -> None:
        self._store, self._at = store, (partition, key)
        self._value = orjson.dumps({"run": run_id})
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

    async def release(self) -> None:
        if self._version is not None and await self._write(self._version):
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


async def holder(store: Store, partition: str, key: str) -> str | None:
    """The id of the run that has the right, if one does."""
    found = await store.get(partition, key)
    if found is None or found.value == _GONE:
        return None
    return _run_of(found.value)


async def revoke(store: Store, partition: str, key: str) -> str | None:
    """Take the right from the run that has it, and return the run's id, if one does.

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
    return _run_of(found.value)


def _run_of(value: bytes) -> str | None:
    """`None` if it cannot be read, until it ends by itself."""
    try:
        with readable():
            return str(orjson.loads(value)["run"])
    except Damaged:
        return None
