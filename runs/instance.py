"""This process, as others see it in the store: whether it lives, what it shall stop."""

from collections.abc import Sequence
from time import monotonic

from store import ANY, Store

LEASE_SECONDS = 30.0

CANCEL_SECONDS = 1.0
"""Seconds between two looks at what others want stopped."""

CANCEL_KEEP_SECONDS = 60.0

PARTITION = "instances"


class Instance:
    """Its *id* stands in *store* as long as it has open runs, and for *lease* seconds
    longer. A store that is this process's own needs neither."""

    def __init__(self, store: Store, id_: str, lease: float) -> None:
        self._store, self.id, self.lease = store, id_, lease
        self._renewed_at = self._looked_at = -float("inf")

    async def renew(self) -> None:
        now = monotonic()
        if self._store.durable and now - self._renewed_at >= self.lease / 3:
            await self._store.put(
                PARTITION, self.id, b"{}", version=ANY, keep=self.lease
            )
            self._renewed_at = now

    async def lives(self, other: str) -> bool:
        return await self._store.get(PARTITION, other) is not None

    async def ask_to_cancel(self, other: str, run_id: str) -> None:
        """Ask the instance *other* to stop the run, which it does within seconds."""
        await self._store.put(
            f"cancel-{other}", run_id, b"{}", version=ANY, keep=CANCEL_KEEP_SECONDS
        )

    async def cancelled(self) -> Sequence[str]:
        """The runs that others have asked to stop since the last look."""
        now = monotonic()
        if not self._store.durable or now - self._looked_at < CANCEL_SECONDS:
            return ()
        self._looked_at = now
        asked = [key for key, _ in await self._store.list(f"cancel-{self.id}")]
        for run_id in asked:
            await self._store.delete(f"cancel-{self.id}", run_id)
        return asked
