"""A run on its thread: from the thread's lease to what is kept of the answer."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import time

from runs import Run
from runs.finish_reasons import Status
from runs.lease import ThreadLease
from runs.thread import Pending
from runs.thread_document import ThreadDocument, now, title_of
from runs.thread_places import failed_runs, key_of, of_graphs, threads, titles
from runs.turn import Turn
from store import ANY, Conflict, Store, StoreError
from streaming.errors import Cancelled
from streaming.events import Event
from streaming.requests import ChatRequest, Message

KEPT: tuple[Status, ...] = (
    *("ok", "interrupt", "content_filter"),
    *("cancelled", "deadline", "budget"),
)
"""How a run ends whose turn is kept."""


class OnThread:
    """The run *run* of *request*, whose `messages` are what is new.

    *left* is called once the run is off the thread.
    """

    def __init__(
        self,
        run: Run,
        request: ChatRequest,
        *,
        store: Store,
        lease: ThreadLease,
        retention: float,
        left: Callable[[], None],
    ) -> None:
        self.run, self._request = run, request
        self._store, self._lease = store, lease
        self._retention, self._left = retention, left
        self._before: ThreadDocument | None = None
        self._version: str | None = None
        self._turn, self._lost, self._deleted = Turn(run.id), False, False
        self._taking = asyncio.create_task(lease.take())
        self._renewing: asyncio.Task[None] | None = None
        self.over = asyncio.Event()

    async def begin(self) -> bool:
        """Whether no other run is on the thread; then it is this one's."""
        # A caller who leaves meanwhile must not leave it taken.
        taken = await asyncio.shield(self._taking)
        if taken:
            self._renewing = asyncio.create_task(self._renew())
        return taken

    def goes_on_from(self, before: ThreadDocument, version: str) -> None:
        self._before, self._version = before, version

    def takes_new(self, messages: Sequence[Message]) -> None:
        """Of a page that posts its whole conversation, only these are new."""
        self._request = self._request.model_copy(update={"messages": messages})

    def hear(self, event: Event) -> None:
        self._turn.hear(event)

    def stop(self, *, deleted: bool) -> None:
        """End the run without a trace: its thread is deleted, or another run's."""
        self._lost, self._deleted = True, self._deleted or deleted
        if deleted and self.run.log is not None:
            self.run.log.drop()
        if not self.run.over:
            self.run.stopped_by = self.run.stopped_by or Cancelled()
            self.run.cancel()

    async def is_over(self) -> None:
        """Wait until the run is off the thread, and nothing of it is being stored."""
        await self.over.wait()
        if self.run.log is not None:
            await self.run.log.flush()

    async def close(self) -> None:
        """Keep the run's turn, and let the next run on the thread."""
        if self._renewing is not None:
            self._renewing.cancel()
        try:
            if await self._taking:
                await self._end()
        finally:
            self._left()
            self.over.set()

    async def _end(self) -> None:
        try:
            if not self._lost and self.run.thread:
                if self.run.status in KEPT:
                    await self._keep()
                else:
                    with suppress(StoreError):
                        await self._note_failed(self.run.thread.key)
        finally:
            with suppress(StoreError):  # It ends by itself.
                if self._deleted and await self._lease.retake():
                    await self._forget()
                await self._lease.release()

    async def _is_ours(self) -> bool:
        """Whether the thread still is; one that is deleted gets nothing any more."""
        ours = await self._lease.renew()
        if not ours and self._lease.revoked:
            self.stop(deleted=True)
        return ours

    async def _forget(self) -> None:
        """Delete what the run's graphs have kept since the thread was deleted."""
        for place in of_graphs(key_of(self.run.owner, str(self.run.thread_id))):
            for key, _ in await self._store.list(place):
                await self._store.delete(place, key)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._lease.seconds / 3)
            with suppress(StoreError):
                if not await self._lease.renew():
                    self.stop(deleted=self._lease.revoked)
                    return

    async def _keep(self) -> None:
        run, waits = self.run, self.run.status == "interrupt"
        waits = waits or run.finish_reason == "tool_calls"
        answer = list(self._turn.messages(waits=waits))
        if run.status == "content_filter" and not answer:
            return  # The prompt was refused, and would be with each request from now.
        document = self._document(answer)
        value = await asyncio.to_thread(document.dumped)
        if not await self._is_ours():
            if not self._deleted:
                raise Conflict(run.id)
            return
        place = (threads(run.owner), str(run.thread_id))
        await self._store.put(*place, value, version=self._version)
        shown = document.shown(place[1]).dumped()
        await self._store.put(titles(run.owner), place[1], shown, version=ANY)

    async def _note_failed(self, key: str) -> None:
        """Whoever deletes the thread deletes its log, too, and what its chain kept."""
        place, chain = (failed_runs(key), self.run.id), self.run.chain.encode()
        if await self._is_ours():
            await self._store.put(*place, chain, version=ANY, keep=self._retention)

    def _document(self, answer: Sequence[Message]) -> ThreadDocument:
        before, at = self._before, now()
        new = [each for each in self._request.messages if each.role in _ROLES]
        messages = [*(before.messages if before else ()), *new, *answer]
        return ThreadDocument(
            chain=self.run.chain,
            title=(before.title if before else "") or title_of(messages),
            created_at=before.created_at if before else at,
            updated_at=at,
            messages=messages,
            pending=self._pending(),
            runs=self._runs(),
        )

    def _pending(self) -> list[Pending]:
        asked = self._turn.interrupts
        stopped = self.run.status not in ("ok", "interrupt")
        if self._before and stopped and self._request.resume is not None:
            return self._before.pending
        return [{"id": each.id, "value": each.value} for each in asked]

    def _runs(self) -> dict[str, float]:
        earliest = time() - self._retention
        earlier = self._before.runs if self._before else {}
        kept = {run: ended for run, ended in earlier.items() if ended > earliest}
        return {**kept, self.run.id: time()}


_ROLES = ("user", "assistant", "tool")
