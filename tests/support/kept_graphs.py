"""Runs of a chain on a thread, one after the other, and what each gave."""

from dataclasses import dataclass, field
from typing import Any

from pydantic import JsonValue

from runnables import Chain
from runnables.checkpoints import StoreSaver
from runnables.prepared import Prepared, prepare
from runnables.run import events_of
from runs import Run
from runs.ending import ending
from runs.thread import Thread
from store.memory import MemoryStore
from streaming.events import Done, Error, Event, Interrupt, TextDelta, Usage
from streaming.requests import validate


@dataclass
class Conversation:
    """Of one thread with *chain*; `run` is the newest."""

    chain: Chain
    saver: Any = None
    key: str = "me|t1"
    prepared: Prepared = field(init=False)
    run: Run = field(init=False)

    def __post_init__(self) -> None:
        self.prepared = prepare(self.chain)
        self.saver = self.saver or StoreSaver(MemoryStore())

    async def say(self, text: str, **more: Any) -> list[Event]:
        return await self.ask(messages=[{"role": "user", "content": text}], **more)

    async def resume(self, answer: JsonValue) -> list[Event]:
        return await self.ask(messages=[], resume=answer)

    async def ask(self, **fields: Any) -> list[Event]:
        """The events but for the ending, which `run` has."""
        self.run = Run(thread=Thread("t1", self.key))
        request = validate({"thread_id": "t1", **fields})
        events = events_of(self.prepared, request, self.run, saver=self.saver)
        found = [event async for event in ending(events, self.run)]
        assert isinstance(found[-1], Done)
        return [each for each in found if not isinstance(each, Usage | Done)]


def text(events: list[Event]) -> str:
    return "".join(each.text for each in events if isinstance(each, TextDelta))


def asked(events: list[Event]) -> list[JsonValue]:
    return [each.value for each in events if isinstance(each, Interrupt)]


def error(events: list[Event]) -> str:
    [found] = [each.error for each in events if isinstance(each, Error)]
    return f"{found.code}: {found.message}"
