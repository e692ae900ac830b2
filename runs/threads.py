"""The threads of all callers: conversations that outlive their runs."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from runs import Run
from runs.instance import Instance
from runs.lease import (
    LEASE_SECONDS,
    Holder,
    ThreadLease,
    holder,
    revoke,
    wait_until_left,
)
from runs.on_thread import OnThread
from runs.reached import reached
from runs.thread import Thread
from runs.thread_document import ThreadDocument, Title, title_in
from runs.thread_notes import Note, ThreadNotes
from runs.thread_places import (
    asked,
    failed_runs,
    key_of,
    locks,
    notes,
    of_graphs,
    threads,
    titles,
)
from runs.trimming import asked_again, newest, questions, unanswered
from store import Damaged, Store, readable
from streaming.errors import (
    InvalidRequest,
    NotFound,
    ThreadBusy,
    ThreadChain,
    ThreadExists,
)
from streaming.requests import ChatRequest, Message
from streaming.thread_id import is_thread_id

PAGE = 50
"""Threads in one answer."""

LARGE_BYTES = 64 * 1024
"""Read longer documents in a thread: they would hold up other streams."""

END_SECONDS = 4.5
"""What a deletion waits at most for the run that it ends."""

Forget = Callable[[str, str], Awaitable[None]]
"""Deletes what the graphs of a chain have kept on the thread of a key."""


async def _keeps_nothing(chain: str, key: str) -> None:
    pass


class Threads:
    """Kept in *store*, for the runs of *instance*. A chain gets *most* messages;
    `StoreUnavailable` is raised if the store does not answer."""

    def __init__(
        self,
        store: Store,
        *,
        most: int,
        retention: float,
        instance: Instance | None = None,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._store, self._most, self._retention = store, most, retention
        self._instance, self._lease_seconds = instance, lease_seconds
        self.notes = ThreadNotes(store)
        self._open: dict[str, OnThread] = {}

    async def open(self, request: ChatRequest, run: Run, *, keeps: bool) -> ChatRequest:
        """Let *run* onto the thread that *request* names, and give it what is kept.

        A chain that *keeps* its state itself gets only what is new. Raises
        `ThreadBusy`, and `ThreadChain` if another chain has begun it.
        """
        id = str(request.thread_id)
        key = key_of(run.owner, id)
        async with reached():
            on_thread = self._enter(request, run, id, key)
            if not await on_thread.begin():
                raise ThreadBusy
            self._open[key] = on_thread
            before, version = await self._read(run.owner, id)
        if before is not None and request.replaces and request.resume is None:
            before = before.model_copy(update={"messages": []})
        dropped: Sequence[Message] = ()
        asked = questions(request.messages) if request.again else ()
        if before is not None and request.again:
            before, request, dropped = _asked_again(before, request)
        if before is None:
            run.thread = Thread(id, key, asked=asked)
        elif before.chain != run.chain:
            raise ThreadChain(f"The thread is one of the chain {before.chain!r}.")
        else:
            on_thread.goes_on_from(before, version)
            said, waits = before.messages, before.pending
            run.thread = Thread(id, key, said, waits, dropped, asked)
        if request.resume is not None and not keeps:
            message = "resume: nothing is pending on the thread"
            raise InvalidRequest(message, param="resume")
        fresh = before is None or (request.replaces and not keeps)
        new = request.messages if fresh else unanswered(request)
        on_thread.takes_new(request.messages if request.replaces else new)
        kept = () if keeps else run.thread.messages
        given = newest(kept, new, most=self._most)
        return request.model_copy(update={"messages": given})

    def _enter(self, request: ChatRequest, run: Run, id: str, key: str) -> OnThread:
        lease = ThreadLease(
            self._store,
            locks(run.owner),
            id,
            run_id=run.id,
            instance=self._instance.id if self._instance else "",
            seconds=self._lease_seconds,
        )

        def left() -> None:
            if self._open.get(key) is on_thread:
                del self._open[key]

        on_thread = OnThread(
            run,
            request,
            store=self._store,
            lease=lease,
            retention=self._retention,
            left=left,
        )
        run.closers.append(on_thread.close)
        run.listener = on_thread.hear
        return on_thread

    async def list(self, owner: str, before: str = "") -> Sequence[Title]:
        """A page of the owner's threads, the newest first, all older than *before*."""
        shown = await self.titles(owner)
        older = [each for each in shown if not before or each.updated_at < before]
        return sorted(older, key=lambda each: each.updated_at, reverse=True)[:PAGE]

    async def titles(self, owner: str) -> Sequence[Title]:
        """All threads of the owner on which something has been said."""
        async with reached():
            found = await self._store.list(titles(owner))
        return [title for each in found if (title := title_in(*each))]

    async def create(self, owner: str, id: str, note: Note) -> None:
        """Have a thread on which nothing has been said; raises `ThreadExists`."""
        async with reached():
            there, _ = await self._read(owner, id)
        if there is not None or not await self.notes.create(owner, id, note):
            raise ThreadExists(f"There is a thread {id!r} already.")

    async def running(self, owner: str, id: str) -> str | None:
        """The id of the run that is on the thread, if one is.

        One that has ended here, or is being stopped, has a moment to get off it.
        """
        _check(id)
        on_thread = self._open.get(key_of(owner, id))
        if on_thread and (on_thread.run.over or on_thread.run.stopped_by):
            with suppress(TimeoutError):
                async with asyncio.timeout(END_SECONDS):
                    await on_thread.over.wait()
        async with reached():
            found = await holder(self._store, locks(owner), id)
        return found.run if found else None

    async def get(self, owner: str, id: str) -> ThreadDocument:
        """Raises `NotFound` for somebody else's too."""
        _check(id)
        async with reached():
            found, _ = await self._read(owner, id)
        if found is None:
            raise _unknown(id)
        return found

    async def delete(
        self, owner: str, id: str, forget: Forget = _keeps_nothing
    ) -> None:
        """Delete the thread and its runs' logs, and end the run that is on it.

        Raises `NotFound` for somebody else's too. What *forget* raises leaves the
        thread there: it can be deleted again.
        """
        _check(id)
        key = key_of(owner, id)
        async with reached():
            there, found = await self._found(owner, id)
            running = await revoke(self._store, locks(owner), id)
            on_thread = self._open.get(key)
            if on_thread is not None:
                on_thread.stop(deleted=True)
                with suppress(TimeoutError):
                    async with asyncio.timeout(END_SECONDS):
                        await on_thread.is_over()
            elif running is not None:
                await self._end_elsewhere(running, owner, id)
            failed = await self._store.list(failed_runs(key))
            chains = {each.value.decode() for _, each in failed}
            chains |= {found.chain} if found else set()
            chains |= {on_thread.run.chain} if on_thread else set()
            for chain in filter(None, chains):
                await forget(chain, key)
            await self._store.delete(threads(owner), id)
            await self._store.delete(titles(owner), id)
            noted = await self._store.get(notes(owner), id)
            await self._store.delete(notes(owner), id)
            runs = {*(found.runs if found else ()), *([running.run] if running else ())}
            left = await self._delete_rest(key, owner, runs)
            if not (there or running or left or noted):
                raise _unknown(id)

    async def _end_elsewhere(self, running: Holder, owner: str, id: str) -> None:
        """Stop a run of another process, which must not keep anything from now on."""
        instance = self._instance
        if instance and running.instance and await instance.lives(running.instance):
            await instance.ask(running.instance, "cancel", running.run)
            place = locks(owner), id
            await wait_until_left(self._store, *place, seconds=END_SECONDS)

    async def _found(self, owner: str, id: str) -> tuple[bool, ThreadDocument | None]:
        """Whether there is a thread, and what is kept of it, if that can be read."""
        try:
            found, _ = await self._read(owner, id)
        except Damaged:
            return True, None
        return found is not None, found

    async def _delete_rest(self, key: str, owner: str, runs: set[str]) -> bool:
        """Delete the logs of *runs*, and what runs have left that failed, or whose
        chain is there no more; whether they had left something."""
        failed = await self._take_all(failed_runs(key))
        for run in {*runs, *failed}:
            await self._store.drop(run)
            await self._store.delete(asked(owner), run)
        left = [*failed]
        for place in of_graphs(key):
            left += await self._take_all(place)
        return bool(left)

    async def _take_all(self, partition: str) -> Sequence[str]:
        """Delete what is in *partition*; the keys that it had."""
        keys = [key for key, _ in await self._store.list(partition)]
        for key in keys:
            await self._store.delete(partition, key)
        return keys

    async def _read(self, owner: str, id: str) -> tuple[ThreadDocument | None, str]:
        found = await self._store.get(threads(owner), id)
        if found is None:
            return None, ""
        with readable():
            if len(found.value) <= LARGE_BYTES:
                read = ThreadDocument.model_validate_json(found.value)
            else:
                read = await asyncio.to_thread(
                    ThreadDocument.model_validate_json, found.value
                )
        return read, found.version


def _asked_again(
    before: ThreadDocument, request: ChatRequest
) -> tuple[ThreadDocument, ChatRequest, Sequence[Message]]:
    """The thread up to the question that *request* asks again, that question, and what
    its answer replaces."""
    found = asked_again(before.messages, request.messages)
    if found is None:
        new = request.messages if request.whole else questions(request.messages)[-1:]
        return before, request.model_copy(update={"messages": new}), ()
    posted, kept = found
    return (
        before.model_copy(update={"messages": before.messages[:kept]}),
        request.model_copy(update={"messages": request.messages[posted:]}),
        before.messages[kept:],
    )


def _check(id: str) -> None:
    """An engine takes no other key; and none that ends in a line end."""
    if not is_thread_id(id):
        raise _unknown(id)


def _unknown(id: str) -> NotFound:
    return NotFound(f"There is no thread {id[:100]!r}.")
