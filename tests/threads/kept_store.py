"""A store whose failures a test decides, and a run on a thread of it."""

from collections.abc import Sequence
from typing import ClassVar

from runs import Run
from runs.closing import close
from runs.threads import Threads
from store import Document, StoreError
from store.memory import MemoryStore
from streaming.events import Event, TextDelta
from streaming.requests import ChatRequest, validate

OWNER = "o" * 64


class FailingStore(MemoryStore):
    """While it *fails*, it is down for what writes documents, or for everything."""

    name: ClassVar[str] = "failing"

    def __init__(self) -> None:
        super().__init__()
        self.fails: Sequence[str] = ()

    def _check(self, partition: str) -> None:
        if any(partition.startswith(each) for each in self.fails):
            raise StoreError("down")

    async def get(self, partition: str, key: str) -> Document | None:
        self._check(partition)
        return await super().get(partition, key)

    async def put(
        self,
        partition: str,
        key: str,
        value: bytes,
        *,
        version: str | None = None,
        keep: float | None = None,
    ) -> str:
        self._check(partition)
        return await super().put(partition, key, value, version=version, keep=keep)


def run_of(chain: str = "echo", owner: str = OWNER) -> Run:
    return Run(chain=chain, owner=owner, thread_id="t")


def asked(text: str, **fields: object) -> ChatRequest:
    message = {"role": "user", "content": text}
    return validate({"messages": [message], "thread_id": "t", **fields})


async def answered(
    threads: Threads, run: Run, text: str, *events: Event, keeps: bool = False
) -> list[str | None]:
    """The contents that the chain gets, once it has answered with *events*."""
    given = await threads.open(asked(text), run, keeps=keeps)
    for event in events or (TextDelta("m", f"to {text}"),):
        run.see(event)
    run.finish()
    await close(run)
    return [str(message.content) for message in given.messages]
