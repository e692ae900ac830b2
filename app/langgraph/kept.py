"""A thread as it is kept, and as the LangGraph SDK has it."""

import asyncio
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from app import App
from runs.thread_document import ThreadDocument
from runs.thread_notes import Note
from runs.threads import key_of
from streaming.dialects._langgraph import shown
from streaming.dialects._langgraph.posted import to_messages
from streaming.dialects._langgraph.request import Earlier
from streaming.errors import NotFound
from streaming.events import Interrupt

Fields = dict[str, object]


@dataclass(frozen=True, slots=True)
class Kept:
    """*document* is `None` if nothing has been said there yet.

    To this wire a chain is one node. The newest checkpoint is the run that has left it.
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
        said = self.document.messages if self.document else ()
        ids = {each.get("id") for each in self.messages}
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

    @property
    def messages(self) -> list[Fields]:
        listed = self.values.get("messages")
        return listed if isinstance(listed, list) else []

    def at(self, checkpoint: str | None) -> "Kept":
        """The thread as it was then: up to a question, or with it.

        Raises `NotFound` for a checkpoint that it has not.
        """
        if checkpoint == self.checkpoint:
            return self
        cuts = {_checkpoint(cut): cut for cut in self._cuts()}
        if (cut := cuts.get(str(checkpoint))) is None:
            raise NotFound("The thread has no such checkpoint.")
        return replace(self, values={"messages": self.messages[:cut]}, pending=())

    def earlier(self, checkpoint: str) -> Earlier:
        """What a run needs that goes on from there; raises `NotFound`."""
        said = self.at(checkpoint).messages
        asked = [each for each in said if each.get("type") == "human"]
        return Earlier(checkpoint, to_messages(asked), asked[-1:] == said[-1:])

    def _cuts(self) -> Iterator[int]:
        """Before and after each question, the newest first."""
        for place in reversed(range(len(self.messages))):
            if self.messages[place].get("type") == "human":
                yield from (n for n in (place + 1, place) if n < len(self.messages))

    def history(self) -> Iterator[Fields]:
        """The newest state, and those that the conversation has gone through."""
        ids = [self.checkpoint, *dict.fromkeys(map(_checkpoint, self._cuts())), None]
        for id, parent in itertools.pairwise(ids):
            if id is not None:
                yield self.at(id).state(id, parent)

    def state(self, id: str | None, parent: str | None) -> Fields:
        task: Fields = {"id": id, "name": self.chain, "path": [], "error": None}
        rest = {"checkpoint": None, "state": None, "result": None}
        tasks = [{**task, **rest, "interrupts": self._asked}] if self.pending else []
        return {
            "values": self.values,
            "next": [self.chain] if self.pending else [],
            "tasks": tasks,
            "interrupts": self._asked,
            "checkpoint": self._at(id),
            "parent_checkpoint": self._at(parent),
            "metadata": {"graph_id": self.chain} if id else {},
            "created_at": self.document.updated_at if self.document else None,
        }

    def _at(self, id: str | None) -> Fields | None:
        at: Fields = {"thread_id": self.id, "checkpoint_ns": "", "checkpoint_id": id}
        return at if id else None


def _checkpoint(cut: int) -> str:
    """Of a thread whose first so many messages there are."""
    return f"messages-{cut}"


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
