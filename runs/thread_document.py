"""What is kept of a thread, as JSON; and what its list shows of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import orjson
from pydantic import BaseModel, ConfigDict, Field

from runs.thread import Pending
from store import Damaged, Document, readable
from streaming.requests import Message

MAX_BYTES = 8 * 1024 * 1024
"""A thread of more loses its oldest messages."""

TITLE_CHARACTERS = 80


class ThreadDocument(BaseModel):
    """`runs` has, for each run whose log may still be there, when it ended."""

    model_config = ConfigDict(frozen=True)

    chain: str
    title: str
    created_at: str
    updated_at: str
    messages: list[Message] = Field(default_factory=list)
    pending: list[Pending] = Field(default_factory=list)
    runs: dict[str, float] = Field(default_factory=dict)

    def shown(self, id: str) -> "Title":
        return Title(id, self.title, self.chain, self.updated_at)

    def dumped(self) -> bytes:
        """As JSON of at most `MAX_BYTES`, if the newest turn alone has no more."""
        fields = self.model_dump(mode="json", exclude={"messages"})
        each = [
            orjson.dumps(message.model_dump(mode="json", exclude_none=True))
            for message in self.messages
        ]
        while sum(map(len, each)) > MAX_BYTES and (later := self._next(len(each))):
            each = each[-later:]
        messages = b",".join(each)
        return orjson.dumps(fields)[:-1] + b',"messages":[%b]}' % messages

    def _next(self, count: int) -> int:
        """How many messages are left of the newest *count* without the oldest turn."""
        kept = self.messages[len(self.messages) - count :]
        for place, message in enumerate(kept[1:], 1):
            if message.role == "user":
                return count - place
        return 0


@dataclass(frozen=True, slots=True)
class Title:
    """A thread in the list."""

    id: str
    title: str
    chain: str
    updated_at: str

    @classmethod
    def read(cls, id: str, value: bytes) -> Self:
        fields = orjson.loads(value)
        return cls(id, fields["title"], fields["chain"], fields["updated_at"])

    def dumped(self) -> bytes:
        fields = {"title": self.title, "chain": self.chain}
        return orjson.dumps({**fields, "updated_at": self.updated_at})


def title_in(id: str, found: Document) -> Title | None:
    """`None` for one that cannot be read: it hides no other."""
    try:
        with readable():
            return Title.read(id, found.value)
    except Damaged:
        return None


def title_of(messages: Sequence[Message]) -> str:
    """The beginning of the user's first text."""
    for message in messages:
        if message.role != "user":
            continue
        parts = message.content if isinstance(message.content, list) else ()
        said = message.content if isinstance(message.content, str) else None
        text = said or " ".join(part.text or "" for part in parts)
        if text.strip():
            return " ".join(text.split())[:TITLE_CHARACTERS]
    return ""


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
