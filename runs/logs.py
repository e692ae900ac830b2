"""The logs that this process writes: all of them in batches, by one task."""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from hashlib import sha256
from uuid import uuid4

from runs import Run
from runs.header import Header
from runs.instance import Instance
from runs.run_log import MAX_AT_ONCE, RunLog
from store import ANY, Store, StoreError
from streaming.errors import Cancelled
from streaming.requests import ChatRequest

log = logging.getLogger(__name__)

MEMORY_SECONDS, OTHERS_SECONDS = 0.1, 0.25
"""Seconds between two batches of a run that is followed; each is a request to an engine
that is elsewhere."""

MOST_ENCODED = 500
"""Events that are encoded in one turn of the event loop."""

CHAT_SECONDS = 3600.0
"""Seconds for which it is known which run answers in a chat, beside a log's own."""


def _chat(owner: str, chat: str) -> tuple[str, str]:
    return f"chats-{owner}", sha256(chat.encode("utf-8", "replace")).hexdigest()


class Logs:
    """Writes to *store*, which keeps a finished log for *retention* seconds.

    Of a process that says nothing for *lease* seconds, others know that it is gone.
    """

    def __init__(self, store: Store, *, retention: float, lease: float) -> None:
        self.store, self.retention = store, retention
        self.instance = Instance(store, uuid4().hex, lease)
        self._interval = OTHERS_SECONDS if store.durable else MEMORY_SECONDS
        self._open: dict[str, RunLog] = {}
        self._due = asyncio.Event()
        self._at_once: list[RunLog] = []
        self._writer: asyncio.Task[None] | None = None
        self._appends: dict[str, asyncio.Task[None]] = {}
        self._problem: str | None = None
        self.failures = self.given_up = 0

    def attach(self, run: Run, request: ChatRequest) -> None:
        """Give *run* its log, which begins with its answer."""
        header = Header.of(run, request, self.instance.id)
        run.log = RunLog(run, header, self.store, self.retention, self._begin)
        run.log.chat = request.chat

    async def note_chat(self, owner: str, chat: str, run_id: str) -> None:
        """Remember which run answers in a page's *chat*, for whoever reloads it."""
        keep = CHAT_SECONDS + self.retention
        await self.store.put(
            *_chat(owner, chat), run_id.encode(), version=ANY, keep=keep
        )

    async def run_of_chat(self, owner: str, chat: str) -> str | None:
        """The run that was the last to answer there; raises `StoreError`."""
        found = await self.store.get(*_chat(owner, chat))
        return found.value.decode() if found else None

    def find(self, run_id: str) -> RunLog | None:
        """The log of a run of this process that is not over, or not yet stored."""
        return self._open.get(run_id)

    def cancel(self, run_id: str) -> bool:
        """Stop the run, if this process makes its answer."""
        found = self._open.get(run_id)
        if found is None:
            return False
        found.run.end_early(Cancelled())
        return True

    def stop(self, run_id: str, owner: str) -> RunLog | None:
        """Stop the run, if it is *owner*'s and this process makes its answer.

        The store is not asked: it may be down, and the model is paid.
        """
        found = self._open.get(run_id)
        if found is None or found.header.owner != owner or found.run.over:
            return None
        found.run.end_early(Cancelled())
        return found

    async def note_follower(self, header: Header) -> None:
        """Have the run stored as it comes for some seconds, wherever it is made."""
        if (own := self._open.get(header.run_id)) is not None:
            own.note_follower()
        elif header.instance != self.instance.id:
            await self.instance.ask(header.instance, "follow", header.run_id)

    async def lives(self, header: Header) -> bool:
        """Whether somebody still writes the log that begins with *header*."""
        if header.instance == self.instance.id:
            return header.run_id in self._open
        return await self.instance.lives(header.instance)

    def health(self) -> Mapping[str, object]:
        return {
            "engine": self.store.name,
            "open_logs": len(self._open),
            "failures": self.failures,
            "lost_logs": self.given_up,
            "problem": self._problem,
        }

    def _begin(self, begun: RunLog) -> None:
        self._open[begun.run.id] = begun
        if self._writer is None or self._writer.done():
            self._due = asyncio.Event()  # It belongs to a loop.
            self._writer = asyncio.create_task(self._write())
        # In this process's own store only a chat is looked for before the next batch.
        if self.store.durable or begun.chat is not None:
            self._at_once.append(begun)
            self._due.set()

    async def _write(self) -> None:
        while self._open:
            try:
                await self.instance.renew()
                for what, run_id in await self.instance.asked():
                    self._do(what, run_id)
                self._note_up()
            except StoreError as exc:
                self._note_failure(exc)
            encoded = 0
            for each in tuple(self._open.values()):
                encoded += each.encode()  # As lines it takes a tenth of the memory.
                if due := each.is_due():
                    await self._store_soon(each)
                if due or encoded > MOST_ENCODED:
                    await asyncio.sleep(0)  # There may be hundreds.
                    encoded = 0
            await self._pause()

    def _do(self, what: str, run_id: str) -> None:
        if what == "cancel":
            self.cancel(run_id)
        elif (found := self._open.get(run_id)) is not None:
            found.note_follower()

    async def _pause(self) -> None:
        """Wait for the next batch; what cannot wait for it is stored meanwhile."""
        try:
            async with asyncio.timeout(self._interval):
                while True:
                    await self._due.wait()
                    self._due.clear()
                    due, self._at_once = self._at_once, []
                    for each in due:
                        await self._store_soon(each)
        except TimeoutError:
            pass

    async def _store_soon(self, each: RunLog) -> None:
        """Store what *each* has; an engine elsewhere is not waited for."""
        run_id = each.run.id
        if each.over:
            if self._open.pop(run_id, None) is not None and not each.written:
                self.given_up += 1
                self._begin_task(run_id, self._end_lost(each))
        elif not self.store.durable:
            await self._flush(each)
        elif run_id not in self._appends:
            self._begin_task(run_id, self._flush(each))
        else:
            each.encode()
            each.give_up_if_behind(MAX_AT_ONCE)

    def _begin_task(self, run_id: str, work: Coroutine[None, None, None]) -> None:
        self._appends[run_id] = task = asyncio.create_task(work)
        task.add_done_callback(lambda _: self._appends.pop(run_id, None))

    async def _end_lost(self, each: RunLog) -> None:
        """To others this process lives, and so would a log that it has given up."""
        try:
            await each.end_lost()
        except StoreError as exc:
            self._note_failure(exc)

    async def _flush(self, each: RunLog) -> None:
        try:
            await each.flush()
            if each.chat is not None:
                await self.note_chat(each.header.owner, each.chat, each.run.id)
                each.chat = None
            self._note_up()
        except StoreError as exc:
            self._note_failure(exc)

    def _note_up(self) -> None:
        self._problem = None

    def _note_failure(self, exc: StoreError) -> None:
        self.failures += 1
        if self._problem is None:
            log.error("the store %s: %s", self.store.name, type(exc).__name__)
        self._problem = str(exc)
