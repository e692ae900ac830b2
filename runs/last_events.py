"""The events that end a run, whichever way it has ended."""

from runs import Run
from streaming import recorded
from streaming.errors import BudgetUsedUp, Cancelled, DeadlineExceeded, RunLost
from streaming.events import Done, Error, Event

LOST = "lost"
"""The status of a run whose process is gone."""

TOLD_BY_DONE = (BudgetUsedUp, Cancelled, DeadlineExceeded)
"""Errors that the finish reason of `Done` says enough of."""


def last_events(run: Run) -> list[Event]:
    """`Error` if *run* has failed, then `Done`."""
    failed = run.error is not None and not isinstance(run.error, TOLD_BY_DONE)
    done = run.done()
    if failed and run.error is not None:
        return [Error(run.deployment, run.error), done]
    return [done]


def lost_lines(run_id: str, chain: str) -> bytes:
    """The end of a log of which nobody writes the rest."""
    events: list[Event] = [Error(chain, RunLost()), Done(chain, "error", run_id)]
    noted = [(0.0, event) for event in events]
    return recorded.lines(noted, started=0.0, status=LOST)
