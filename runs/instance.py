"""This process, as others see it in the store: whether it lives, what they ask."""

from collections.abc import Sequence
from time import monotonic
from typing import Literal

from store import ANY, Store

LEASE_SECONDS = 30.0

ASKED_SECONDS = 1.0
"""Seconds between two looks at what others ask."""

CANCEL_KEEP_SECONDS = 60.0

FOLLOWED_SECONDS = 10.0
"""Seconds for which a follower's word holds that there is one."""

PARTITION = "instances"

type What = Literal["cancel", "follow"]
"""What others may ask of a run: to stop it, or to store it soon."""


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

    async def ask(self, other: str, what: What, run_id: str) -> None:
        """Ask something of the instance *other*, which sees it within seconds."""
        place = (f"asked-{other}", f"{what}:{run_id}")
        keep = FOLLOWED_SECONDS if what == "follow" else CANCEL_KEEP_SECONDS
        await self._store.put(*place, b"{}", version=ANY, keep=keep)

    async def asked(self) -> Sequence[tuple[str, str]]:
        """What others ask, and of which run. A request to stop it is told once."""
        now = monotonic()
        if not self._store.durable or now - self._looked_at < ASKED_SECONDS:
            return ()
        self._looked_at = now
        partition = f"asked-{self.id}"
        asked: list[tuple[str, str]] = []
        for key, _ in await self._store.list(partition):
            what, _, run_id = key.partition(":")
            asked.append((what, run_id))
            if what == "cancel":
                await self._store.delete(partition, key)
        return asked
