"""The thread that a run is on, as the run sees it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from pydantic import JsonValue

from streaming.requests import Message


class Pending(TypedDict):
    """A question of a graph, which waits for a `resume`."""

    id: str
    value: JsonValue


@dataclass(frozen=True, slots=True)
class Thread:
    """*messages* are those before this run, *pending* what then waited, *dropped* those
    in whose place this run's are, a question first. *asked* are the questions of a
    request that asks the last of them again.

    `id` is the caller's name for it, `key` that of a checkpointer: no two owners'
    threads have the same.
    """

    id: str
    key: str
    messages: Sequence[Message] = ()
    pending: Sequence[Pending] = ()
    dropped: Sequence[Message] = ()
    asked: Sequence[Message] = ()
