"""A thread as it is kept, and as the LangGraph SDK has it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from app import App
from runs.thread_document import ThreadDocument
from runs.thread_notes import Note
from runs.threads import key_of
from streaming.dialects._langgraph import shown
from streaming.errors import NotFound
from streaming.events import Interrupt

Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class Kept:
    """*document* is `None` if nothing has been said there yet.

    To this wire a chain is one node, and each run that a thread keeps one checkpoint.
    """

    id: str
    note: Note
    running: str | None = None
    document: ThreadDocument | None = None
    values: Fields = field(default_factory=dict)
    pending: Sequence[Interrupt] = ()

    @property
    def chain(self) -> str:
        return self.document.chain if self.document else ""

    @property
    def checkpoint(self) -> str | None:
        """The run that was the last to be kept."""
        runs = self.document.runs if self.document else {}
        return next(reversed(runs), None)

    @property
    def known(self) -> set[object]:
        """The ids of the messages that are there."""
        messages = self.values.get("messages")
        listed = messages if isinstance(messages, list) else []
        ids = {each.get("id") for each in listed if isinstance(each, dict)}
        said = self.document.messages if self.document else ()
        return {*ids, *(each.id for each in said)} - {None}

    @property
    def _asked(self) -> list[Fields]:
        return [{"value": each.value, "id": each.id} for each in self.pending]

    def thread(self) -> Fields:
        graph = {"graph_id": self.chain, "assistant_id": self.chain}
        known = self.document or self.note
        status = "interrupted" if self.pending else "idle"
        return {
            "thread_id": self.id,
            "created_at": known.created_at,
            "updated_at": max(self.note.updated_at, known.updated_at),
            "metadata": {**self.note.metadata, **(graph if self.chain else {})},
            "status": "busy" if self.running else status,
            "config": {},
            "values": self.values,
            "interrupts": {self.chain: self._asked} if self.pending else {},
            "error": None,
        }

    def state(self) -> Fields:
        at = {"thread_id": self.id, "checkpoint_ns": ""}
        made = self.checkpoint
        task: Fields = {
            "id": self.checkpoint,
            "name": self.chain,
            "path": [],
            "error": None,
        }
        rest = {"checkpoint": None, "state": None, "result": None}
        tasks = [{**task, **rest, "interrupts": self._asked}] if self.pending else []
        return {
            "values": self.values,
            "next": [self.chain] if self.pending else [],
            "tasks": tasks,
            "interrupts": self._asked,
            "checkpoint": {**at, "checkpoint_id": made} if made else None,
            "parent_checkpoint": None,
            "metadata": {"graph_id": self.chain, "run_id": made} if made else {},
            "created_at": self.document.updated_at if self.document else None,
        }


async def read(app: App, owner: str, id: str) -> Kept:
    """Raises `NotFound` for somebody else's thread too."""
    running = await app.threads.running(owner, id)
    note = await app.threads.notes.get(owner, id)
    try:
        document = await app.threads.get(owner, id)
    except NotFound:
        if note is None and running is None:
            raise
        return Kept(id, note or Note(), running)
    values, pending = await _state(app, document, key_of(owner, id))
    note = note or Note(created_at=document.created_at, updated_at=document.updated_at)
    return Kept(id, note, running, document, values, pending)


async def _state(
    app: App, document: ThreadDocument, key: str
) -> tuple[Fields, Sequence[Interrupt]]:
    """A graph's own state, if it keeps one; otherwise what was said."""
    if document.chain in app.chains.names and await app.chains.keeps_state(
        document.chain
    ):
        state, asked = await app.chains.kept(document.chain, key, whole=True)
        return {**state} if isinstance(state, dict) else {}, asked
    # A long conversation would hold up the streams of others.
    said = await asyncio.to_thread(lambda: [*map(shown.message, document.messages)])
    pending = [Interrupt(each["id"], each["value"]) for each in document.pending]
    return {"messages": said}, pending
