"""What clients note of their threads, beside what is said there."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from runs.reached import reached
from runs.thread_document import now
from runs.thread_places import notes
from store import ANY, Conflict, Damaged, Document, Store, readable


class Note(BaseModel):
    """A thread that has one is there, even if nothing has been said on it."""

    model_config = ConfigDict(frozen=True)

    created_at: str = Field(default_factory=now)
    updated_at: str = Field(default_factory=now)
    metadata: dict[str, JsonValue] = Field(default_factory=dict)

    def with_metadata(self, more: Mapping[str, JsonValue]) -> Self:
        update = {"metadata": {**self.metadata, **more}, "updated_at": now()}
        return self.model_copy(update=update)


class ThreadNotes:
    """Kept in *store*; raises `StoreUnavailable` if that does not answer."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def get(self, owner: str, id: str) -> Note | None:
        async with reached():
            found = await self._store.get(notes(owner), id)
            return _read(found) if found else None

    async def all(self, owner: str) -> dict[str, Note]:
        """Those of the owner, by the ids of the threads."""
        async with reached():
            found = await self._store.list(notes(owner))
        notes_ = {}
        for id, each in found:
            with suppress(Damaged):
                notes_[id] = _read(each)
        return notes_

    async def create(self, owner: str, id: str, note: Note) -> bool:
        """Whether there was none."""
        async with reached():
            try:
                await self._store.put(notes(owner), id, _dumped(note))
            except Conflict:
                return False
        return True

    async def put(self, owner: str, id: str, note: Note) -> None:
        async with reached():
            await self._store.put(notes(owner), id, _dumped(note), version=ANY)


def _read(found: Document) -> Note:
    with readable():
        return Note.model_validate_json(found.value)


def _dumped(note: Note) -> bytes:
    return note.model_dump_json().encode()
