"""What the stand-in was asked, and how each request ended."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Literal, TypedDict

KEPT = 2_000

Outcome = Literal["open", "completed", "closed_by_peer", "aborted"]
"""`closed_by_peer`: the caller left; `aborted`: the stand-in dropped the connection."""


class Recorded(TypedDict):
    """A request as `GET /standin/requests` tells it."""

    tag: str
    scenario: str
    path: str
    query: dict[str, str]
    headers: dict[str, list[str]]
    body: dict[str, object]
    request_id: str
    """What the response had as `x-request-id`."""
    opened_at: float
    closed_at: float | None
    outcome: Outcome
    chunks_sent: int
    """Events written; `[DONE]` is one, an answer without `stream` is none."""


@dataclass(slots=True)
class Entry:
    """A request while it is being answered; the times are `time.monotonic()`'s."""

    path: str
    query: dict[str, str]
    headers: dict[str, list[str]]
    body: dict[str, object]
    request_id: str
    tag: str = ""
    scenario: str = ""
    opened_at: float = field(default_factory=time.monotonic)
    closed_at: float | None = None
    outcome: Outcome = "open"
    chunks_sent: int = 0


class Journal:
    """The last `KEPT` requests."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)
        self._seen: dict[str, int] = {}
        self.opened = 0
        """How many requests there have been, those forgotten included."""
        self._changed = asyncio.Event()

    def open(self, entry: Entry) -> int:
        """Record *entry*; how many of its tag there have been, itself included."""
        self._entries.append(entry)
        self.opened += 1
        self._seen[entry.tag] = self._seen.get(entry.tag, 0) + 1
        self._notify()
        return self._seen[entry.tag]

    def close(self, entry: Entry, outcome: Outcome) -> None:
        """Record how *entry* ended."""
        entry.outcome = outcome
        entry.closed_at = time.monotonic()
        self._notify()

    def find(self, tag: str | None, outcome: str | None = None) -> list[Entry]:
        """Those of *tag* with *outcome*, the oldest first."""
        return [
            entry
            for entry in self._entries
            if tag in (None, entry.tag) and outcome in (None, entry.outcome)
        ]

    async def wait(self, tag: str | None, outcome: str | None) -> Entry:
        """The first such request, once there is one."""
        while not (found := self.find(tag, outcome)):
            await self._changed.wait()
        return found[0]

    def reset(self) -> None:
        """Forget everything."""
        self._entries.clear()
        self._seen.clear()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
