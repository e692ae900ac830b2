"""The documents of a graph's threads in the store, and what a checkpoint is there."""

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import batched
from typing import TypedDict

import orjson
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    Checkpoint,
    CheckpointMetadata,
    get_checkpoint_id,
)

from runs.thread_places import checkpoints
from store import ANY, Document, Store, StoreError
from streaming.errors import StoreUnavailable, TooLarge

MAX_BYTES = 16 * 1024 * 1024
"""What a store takes as one document."""

AT_ONCE = 16
"""Documents that are deleted at the same time."""


def name(kind: str, space: str, *more: object) -> str:
    """The key of a document: namespaces and channels may have any name."""
    whole = orjson.dumps([space, *map(str, more)])
    return f"{kind}.{hashlib.sha256(whole).hexdigest()[:40]}"


class Documents:
    """The partitions of threads; raises `StoreUnavailable`, and `Conflict` as the store
    does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, thread: str, key: str) -> Document | None:
        try:
            return await self._store.get(checkpoints(thread), key)
        except StoreError as exc:
            raise StoreUnavailable() from exc

    async def write(
        self,
        thread: str,
        key: str,
        value: bytes,
        *,
        version: str | None = ANY,
        what: str = "a step",
    ) -> None:
        """Raises `TooLarge`, which names *what* it is."""
        if len(value) > MAX_BYTES:
            raise TooLarge(
                f"{what} of the graph's state has {len(value)} bytes, and {MAX_BYTES} "
                "can be kept."
            )
        try:
            await self._store.put(checkpoints(thread), key, value, version=version)
        except StoreError as exc:
            raise StoreUnavailable() from exc

    async def all(self, thread: str) -> Sequence[tuple[str, Document]]:
        try:
            return await self._store.list(checkpoints(thread))
        except StoreError as exc:
            raise StoreUnavailable() from exc

    async def delete(self, thread: str, keys: Iterable[str] | None = None) -> None:
        """Those with *keys*, else all."""
        if keys is None:
            keys = [key for key, _ in await self.all(thread)]
        try:
            for some in batched(keys, AT_ONCE, strict=False):
                await asyncio.gather(
                    *(self._store.delete(checkpoints(thread), key) for key in some)
                )
        except StoreError as exc:
            raise StoreUnavailable() from exc


class Step(TypedDict):
    """A checkpoint without the values of its channels."""

    space: str
    parent: str | None
    checkpoint: Checkpoint
    metadata: CheckpointMetadata


def place_of(config: RunnableConfig) -> tuple[str, str]:
    """The thread and its namespace: that of the graph, or of a graph within it."""
    own = config["configurable"]
    return str(own["thread_id"]), str(own.get("checkpoint_ns") or "")


def config_of(thread: str, space: str, made: str) -> RunnableConfig:
    own = {"thread_id": thread, "checkpoint_ns": space, "checkpoint_id": made}
    return RunnableConfig(configurable=own)


def values_of(step: Step) -> dict[str, str]:
    """Where the values of a checkpoint's channels are."""
    versions = step["checkpoint"]["channel_versions"]
    return {c: name("value", step["space"], c, v) for c, v in versions.items()}


def made(step: Step) -> str:
    return step["checkpoint"]["id"]


def key_of(step: Step) -> str:
    return name("step", step["space"], made(step))


def matches(
    step: Step,
    config: RunnableConfig,
    wanted: Mapping[str, object],
    before: RunnableConfig | None,
) -> bool:
    own, metadata = config["configurable"], dict(step["metadata"])
    if "checkpoint_ns" in own and step["space"] != own["checkpoint_ns"]:
        return False
    one, end = get_checkpoint_id(config), get_checkpoint_id(before) if before else None
    if (one and made(step) != one) or (end and made(step) >= end):
        return False
    return all(metadata.get(key) == value for key, value in wanted.items())
