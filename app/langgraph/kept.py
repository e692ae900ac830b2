"""A thread as it is kept, and as the LangGraph SDK has it."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from app import App
from app.threads import state_of
from runs.thread_document import ThreadDocument
from runs.thread_notes import Note
from runs.thread_places import key_of
from streaming.dialects._langgraph import shown
from streaming.dialects._langgraph.posted import to_messages
from streaming.dialects._langgraph.request import Earlier
from streaming.errors import NotFound
from streaming.events import Interrupt

Fields = dict[str, object]

_CUT = "messages-"
"""How a checkpoint is called at which the thread had so many messages."""


@dataclass(frozen=True, slots=True)
class Kept:
    """*document* is `None` if nothing has been said there yet.

    To this wire a chain is one node. The newest checkpoint is the run that has left it,
    or what the *running* one was asked, if the values have that already.
    """

    id: str
    note: Note
    running: str | None = None
    document: ThreadDocument | None = None
    values: Fields = field(default_factory=dict)
    pending: Sequence[Interrupt] = ()
    chain: str = ""
    answering: bool = False

    def asked(self, values: Fields, chain: str) -> "Kept":
        """The thread with the *values* that *chain* is answering."""
        return replace(self, values=values, pending=(), chain=chain, answering=True)

    @property
    def checkpoint(self) -> str | None:
        if self.answering:
            return f"{_CUT}{len(self.messages)}"
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
        return messages_of(self.values)

    @property
    def checkpoints(self) -> list[str]:
        """The newest first: the last run, then before and after each question."""
        if self.checkpoint is None:
            return []
        cuts = {
            cut: None
            for place in reversed(range(len(self.messages)))
            if self.messages[place].get("type") == "human"
            for cut in (place + 1, place)
            if cut < len(self.messages)
        }
        return [self.checkpoint, *(f"{_CUT}{cut}" for cut in cuts)]

    def at(self, checkpoint: str) -> "Kept":
        """The thread as it was then; raises `NotFound` if it has no such checkpoint."""
        if checkpoint not in self.checkpoints:
            raise NotFound("The thread has no such checkpoint.")
        return self._at(checkpoint)

    def _at(self, checkpoint: str) -> "Kept":
        if checkpoint == self.checkpoint:
            return self
        said = self.messages[: int(checkpoint.removeprefix(_CUT))]
        then: Fields = {"messages": said}
        return replace(self, values=then, pending=(), answering=False)

    def earlier(self, checkpoint: str) -> Earlier:
        """What a run needs that goes on from there; raises `NotFound`."""
        said = self.at(checkpoint).messages
        asked = [each for each in said if each.get("type") == "human"]
        return Earlier(checkpoint, to_messages(asked), asked[-1:] == said[-1:])

    def states(self, checkpoints: Sequence[str]) -> Iterator[Fields]:
        """Those of *checkpoints* of this thread."""
        parents = dict(pairwise([*self.checkpoints, None]))
        for each in checkpoints:
            yield self._at(each).state(each, parents[each])

    def state(self, id: str | None, parent: str | None) -> Fields:
        task: Fields = {"id": id, "name": self.chain, "path": [], "error": None}
        rest = {"checkpoint": None, "state": None, "result": None}
        goes_on = bool(self.pending) or self.answering
        return {
            "values": self.values,
            "next": [self.chain] if goes_on else [],
            "tasks": [{**task, **rest, "interrupts": self._asked}] if goes_on else [],
            "interrupts": self._asked,
            "checkpoint": self._place(id),
            "parent_checkpoint": self._place(parent),
            "metadata": {"graph_id": self.chain} if id else {},
            "created_at": self.document.updated_at if self.document else None,
        }

    def _place(self, id: str | None) -> Fields | None:
        at: Fields = {"thread_id": self.id, "checkpoint_ns": "", "checkpoint_id": id}
        return at if id else None


def messages_of(values: object) -> list[Fields]:
    listed = values.get("messages") if isinstance(values, dict) else None
    return listed if isinstance(listed, list) else []


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
    return Kept(id, note, running, document, values, pending, document.chain)


async def _state(
    app: App, document: ThreadDocument, key: str
) -> tuple[Fields, Sequence[Interrupt]]:
    """A graph's own state, if it keeps one; otherwise what was said."""
    if (kept := await state_of(app, document.chain, key, whole=True)) is not None:
        state, asked = kept
        return {**state} if isinstance(state, dict) else {}, asked
    # A long conversation would hold up the streams of others.
    said = await asyncio.to_thread(lambda: [*map(shown.message, document.messages)])
    pending = [Interrupt(each["id"], each["value"]) for each in document.pending]
    return {"messages": said}, pending
