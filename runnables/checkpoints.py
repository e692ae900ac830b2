"""A checkpointer over the store, for graphs whose authors have given them none.

It imports LangGraph, so it is imported only once a graph has.
"""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from secrets import token_hex
from typing import cast
from weakref import WeakValueDictionary

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    BaseCheckpointSaver,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    CheckpointTuple,
    PendingWrite,
    get_checkpoint_id,
    get_checkpoint_metadata,
    writes_sort_key,
)
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer

from runnables.checkpoint_documents import (
    Documents,
    Step,
    config_of,
    key_of,
    made,
    matches,
    name,
    place_of,
    values_of,
)
from runnables.checkpoint_pruning import unneeded
from store import Conflict, Document, Store
from streaming.errors import StoreUnavailable

ATTEMPTS = 10
"""Tasks of one step may end on two servers only if a run is on both."""

type _Write = tuple[str, int, str, str, str, bytes]
"""The task, its number there, the channel, the task's path, and the value by its
type."""


class StoreSaver(BaseCheckpointSaver[str]):
    """A thread's documents are one partition of *store*.

    For each namespace `head` has the newest checkpoint's id. A checkpoint is without
    the values of its channels, each of which is written once a version. What tasks have
    written since a checkpoint is one document.

    What is read becomes only what LangGraph takes for safe, and the types that a
    graph's state names, see `with_allowlist`; anything else stays plain data.
    """

    def __init__(self, store: Store) -> None:
        """Made on the event loop, on which it runs for threads too."""
        super().__init__(serde=JsonPlusSerializer(allowed_msgpack_modules=None))
        self._documents = Documents(store)
        self._loop = asyncio.get_running_loop()
        self._locks: WeakValueDictionary[tuple[str, str], asyncio.Lock]
        self._locks = WeakValueDictionary()

    def get_next_version(self, current: str | None, channel: None) -> str:
        """Two branches have different ones: a version's value is written once."""
        number = int(str(current).partition(".")[0]) if current else 0
        return f"{number + 1:016}.{token_hex(8)}"

    async def aget_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        thread, space = place_of(config)
        read = self._documents.read
        wanted = get_checkpoint_id(config)
        if wanted is None:
            head = await read(thread, name("head", space))
            if head is None:
                return None
            wanted = head.value.decode()
        found, writes = await asyncio.gather(
            read(thread, name("step", space, wanted)),
            read(thread, name("writes", space, wanted)),
        )
        if found is None:
            return None
        step = self._step(found)
        places = list(values_of(step).values())
        values = await asyncio.gather(*(read(thread, place) for place in places))
        blobs = {
            place: value
            for place, value in zip(places, values, strict=True)
            if value is not None
        }
        return self._tuple(thread, step, writes, blobs)

    async def alist(
        self,
        config: RunnableConfig | None,
        *,
        filter: dict[str, object] | None = None,
        before: RunnableConfig | None = None,
        limit: int | None = None,
    ) -> AsyncIterator[CheckpointTuple]:
        """The newest first; only of one thread, which *config* names."""
        if config is None:
            raise NotImplementedError("expected a thread_id: a store lists one thread")
        thread, _ = place_of(config)
        documents = dict(await self._documents.all(thread))
        wanted = [
            step
            for step in sorted(self._steps(documents), key=made, reverse=True)
            if matches(step, config, filter or {}, before)
        ]
        for step in wanted[:limit]:
            writes = documents.get(name("writes", step["space"], made(step)))
            yield self._tuple(thread, step, writes, documents)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        thread, space = place_of(config)
        values, new = checkpoint["channel_values"], checkpoint["id"]
        bare = {**checkpoint, "channel_values": {}}
        step = Step(
            space=space,
            parent=get_checkpoint_id(config),
            checkpoint=cast(Checkpoint, bare),
            metadata=get_checkpoint_metadata(config, metadata),
        )
        write = self._documents.write
        # What a checkpoint refers to is there before it, and it before the head.
        await asyncio.gather(
            *(
                write(
                    thread,
                    name("value", space, channel, version),
                    self._dumps(values[channel]),
                    what=f"The value of {channel!r}",
                )
                for channel, version in new_versions.items()
                if channel in values
            )
        )
        await write(thread, key_of(step), self._dumps(step))
        head = await self._documents.read(thread, name("head", space))
        # A branch of an older one does not become the newest by being written last.
        if head is None or head.value.decode() < new:
            await write(thread, name("head", space), new.encode())
        return config_of(thread, space, new)

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, object]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        thread, space = place_of(config)
        place = name("writes", space, config["configurable"]["checkpoint_id"])
        new: list[_Write] = []
        for index, (channel, value) in enumerate(writes):
            number = WRITES_IDX_MAP.get(channel, index)
            typed = self.serde.dumps_typed(value)
            new.append((task_id, number, channel, task_path, *typed))
        lock = self._locks.setdefault((thread, place), asyncio.Lock())
        async with lock:
            await self._add(thread, place, new)

    async def _add(self, thread: str, place: str, new: list[_Write]) -> None:
        for _ in range(ATTEMPTS):
            found = await self._documents.read(thread, place)
            merged = {each[:2]: each for each in self._writes(found)}
            for each in new:
                # What a task has written stays, but for what it says of itself.
                if each[1] < 0 or each[:2] not in merged:
                    merged[each[:2]] = each
            whole = self._dumps([list(each) for each in merged.values()])
            version = found.version if found else None
            try:
                await self._documents.write(thread, place, whole, version=version)
                return
            except Conflict:
                continue
        raise StoreUnavailable()

    async def adelete_thread(self, thread_id: str) -> None:
        await self._documents.delete(thread_id)

    async def aprune(
        self, thread_ids: Sequence[str], *, strategy: str = "keep_latest"
    ) -> None:
        """Keep the newest checkpoint of each namespace; with `delete` keep nothing."""
        if strategy not in ("keep_latest", "delete"):
            raise ValueError(f"unknown strategy {strategy!r}")
        for thread in thread_ids:
            if strategy == "delete":
                await self.adelete_thread(thread)
                continue
            documents = dict(await self._documents.all(thread))
            # There may be the steps of a year.
            for keys in await asyncio.to_thread(self._unneeded, documents):
                await self._documents.delete(thread, keys)

    def _unneeded(
        self, documents: Mapping[str, Document]
    ) -> Sequence[AbstractSet[str]]:
        return unneeded(self._steps(documents), documents.keys())

    def _dumps(self, value: object) -> bytes:
        kind, data = self.serde.dumps_typed(value)
        return kind.encode() + b"\n" + data

    def _loads(self, document: Document) -> object:
        kind, _, data = document.value.partition(b"\n")
        value: object = self.serde.loads_typed((kind.decode(), data))
        return value

    def _step(self, document: Document) -> Step:
        return cast(Step, self._loads(document))

    def _steps(self, documents: Mapping[str, Document]) -> list[Step]:
        return [
            self._step(each)
            for key, each in documents.items()
            if key.startswith("step.")
        ]

    def _writes(self, document: Document | None) -> list[_Write]:
        if document is None:
            return []
        read = cast(list[list[object]], self._loads(document))
        return [cast(_Write, tuple(each)) for each in read]

    def _tuple(
        self,
        thread: str,
        step: Step,
        writes: Document | None,
        blobs: Mapping[str, Document],
    ) -> CheckpointTuple:
        values = {
            channel: self._loads(blobs[place])
            for channel, place in values_of(step).items()
            if place in blobs
        }
        whole = {**step["checkpoint"], "channel_values": values}
        ordered = sorted(
            self._writes(writes), key=lambda w: writes_sort_key(w[3], w[0], w[1])
        )
        pending: list[PendingWrite] = [
            (task, channel, self.serde.loads_typed((kind, data)))
            for task, _, channel, _, kind, data in ordered
        ]
        space, parent = step["space"], step["parent"]
        return CheckpointTuple(
            config=config_of(thread, space, made(step)),
            checkpoint=cast(Checkpoint, whole),
            metadata=step["metadata"],
            parent_config=config_of(thread, space, parent) if parent else None,
            pending_writes=pending,
        )

    def _wait[T](self, work: Coroutine[object, object, T]) -> T:
        """For a function that runs in a thread, and a graph that it runs there."""
        with suppress(RuntimeError):  # There is no loop in a thread.
            if asyncio.get_running_loop() is self._loop:
                work.close()
                raise asyncio.InvalidStateError("expected ainvoke or astream")
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def get_tuple(self, config: RunnableConfig) -> CheckpointTuple | None:
        return self._wait(self.aget_tuple(config))

    def put(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        return self._wait(self.aput(config, checkpoint, metadata, new_versions))

    def put_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, object]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        self._wait(self.aput_writes(config, writes, task_id, task_path))
