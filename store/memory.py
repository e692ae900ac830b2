"""`memory`: this process's own, gone with it. Full, it forgets the oldest first."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from time import monotonic
from typing import ClassVar

from store import ANY, Conflict, Document, StoreError

MAX_BYTES = 64 * 1024 * 1024
"""All that is kept. Then finished logs go, the first that ended first, and after them
documents, the least recently used first."""

OVERHEAD = 200
"""Bytes that a log or a document takes beside its own."""

UNFINISHED_SECONDS = 24 * 3600


@dataclass(slots=True)
class _Log:
    expires: float
    lines: bytearray = field(default_factory=bytearray)
    more: asyncio.Event | None = None
    """Set once there are more lines; there is one only while somebody waits."""


@dataclass(slots=True)
class _Kept:
    document: Document
    expires: float | None


class MemoryStore:
    name: ClassVar[str] = "memory"
    durable: ClassVar[bool] = False

    def __init__(
        self, limit: int = MAX_BYTES, clock: Callable[[], float] = monotonic
    ) -> None:
        self._limit, self._clock = limit, clock
        self._size = 0
        self._logs: dict[str, _Log] = {}
        self._finished: OrderedDict[str, None] = OrderedDict()
        self._documents: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self._partitions: dict[str, set[str]] = {}
        self._versions = count(1)

    async def append(
        self, log: str, lines: bytes, *, at: int, keep: float | None = None
    ) -> None:
        found = self._log(log)
        if at != (len(found.lines) if found else 0):
            raise Conflict(log)
        self._make_room(len(lines) + (0 if found else OVERHEAD), but=log)
        if found is None:
            found = self._logs[log] = _Log(0)
            self._size += OVERHEAD
        found.lines += lines
        self._size += len(lines)
        found.expires = self._clock() + (keep or UNFINISHED_SECONDS)
        if keep is not None:
            self._finished[log] = None
        if found.more is not None:
            found.more.set()
            found.more = None

    async def read(self, log: str, at: int, *, wait: float = 0) -> bytes | None:
        found = self._log(log)
        if found is not None and at >= len(found.lines) and wait > 0:
            more = found.more = found.more or asyncio.Event()
            try:
                async with asyncio.timeout(wait):
                    await more.wait()
            except TimeoutError:
                pass
            found = self._log(log)
        return None if found is None else bytes(found.lines[at:])

    async def drop(self, log: str) -> None:
        self._remove_log(log)

    async def get(self, partition: str, key: str) -> Document | None:
        found = self._find(partition, key)
        if found is None:
            return None
        self._documents.move_to_end((partition, key))
        return found.document

    async def put(
        self,
        partition: str,
        key: str,
        value: bytes,
        *,
        version: str | None = None,
        keep: float | None = None,
    ) -> str:
        found = self._find(partition, key)
        if version != ANY and version != (found and found.document.version):
            raise Conflict(key)
        if found is not None:
            self._remove(partition, key)
        self._make_room(len(value) + OVERHEAD)
        written = Document(value, str(next(self._versions)))
        expires = None if keep is None else self._clock() + keep
        self._documents[partition, key] = _Kept(written, expires)
        self._partitions.setdefault(partition, set()).add(key)
        self._size += len(value) + OVERHEAD
        return written.version

    async def delete(self, partition: str, key: str) -> None:
        self._remove(partition, key)

    async def list(self, partition: str) -> Sequence[tuple[str, Document]]:
        keys = sorted(self._partitions.get(partition, ()))
        return [
            (key, found.document)
            for key in keys
            if (found := self._find(partition, key)) is not None
        ]

    async def tidy(self) -> None:
        for log in tuple(self._logs):
            self._log(log)
        for place in tuple(self._documents):
            self._find(*place)

    async def close(self) -> None:
        pass

    def _log(self, log: str) -> _Log | None:
        found = self._logs.get(log)
        if found is not None and found.expires <= self._clock():
            self._remove_log(log)
            return None
        return found

    def _find(self, partition: str, key: str) -> _Kept | None:
        found = self._documents.get((partition, key))
        if found and found.expires is not None and found.expires <= self._clock():
            self._remove(partition, key)
            return None
        return found

    def _make_room(self, size: int, *, but: str = "") -> None:
        """Raises `StoreError` if too much is being written at once."""
        while self._size + size > self._limit:
            if log := next((each for each in self._finished if each != but), None):
                self._remove_log(log)
            elif self._documents:
                self._remove(*next(iter(self._documents)))
            else:
                raise StoreError(f"memory: {self._limit} bytes are full")

    def _remove_log(self, log: str) -> None:
        found = self._logs.pop(log, None)
        self._finished.pop(log, None)
        if found is not None:
            self._size -= len(found.lines) + OVERHEAD
            if found.more is not None:
                found.more.set()

    def _remove(self, partition: str, key: str) -> None:
        found = self._documents.pop((partition, key), None)
        if found is not None:
            self._size -= len(found.document.value) + OVERHEAD
            keys = self._partitions[partition]
            keys.discard(key)
            if not keys:
                del self._partitions[partition]
