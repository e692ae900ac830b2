"""Frees the store of what has expired, once a minute while the app lives."""

import asyncio
import logging

from store import Store, StoreError

log = logging.getLogger(__name__)

SECONDS = 60.0


class Tidying:
    def __init__(self, store: Store, *, seconds: float = SECONDS) -> None:
        self._store, self._seconds = store, seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Go on until the running event loop ends; a second time does nothing."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop = loop
            loop.call_later(self._seconds, self._due, loop)

    def _due(self, loop: asyncio.AbstractEventLoop) -> None:
        self._task = loop.create_task(self._tidy(loop))

    async def _tidy(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            await self._store.tidy()
        except StoreError as error:
            log.warning("the store was not tidied: %s", error)
        loop.call_later(self._seconds, self._due, loop)
