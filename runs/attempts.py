"""The backends that a run asks, one after the other, and what became of each."""

from contextvars import ContextVar
from typing import TypedDict

MAX_ATTEMPTS = 64
"""Attempts of one run that are kept; an agent may call its model more often."""

ANSWERED = "answered"


class AttemptRecord(TypedDict):
    """One request to a backend, up to its first token.

    *outcome* is `answered`, or the failure's name; *status* is that of its answer, if
    there was one.
    """

    backend: str
    deployment: str
    region: str | None
    outcome: str
    status: int | None
    duration_ms: int


_of_run: ContextVar[list[AttemptRecord] | None] = ContextVar("attempts", default=None)


def keep_in(attempts: list[AttemptRecord]) -> None:
    """From here on in this context, `note` adds to *attempts*."""
    _of_run.set(attempts)


def note(attempt: AttemptRecord) -> None:
    """Add *attempt* to those of the run whose context this is, if it is one."""
    kept = _of_run.get()
    if kept is not None and len(kept) < MAX_ATTEMPTS:
        kept.append(attempt)
