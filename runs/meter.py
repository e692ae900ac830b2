"""What a run's models write, and how much of it may come before its budget is asked."""

from collections.abc import Awaitable, Callable
from math import inf

from runs.tokens import BYTES_PER_TOKEN


async def _nobody() -> None:
    pass


def _nothing() -> None:
    pass


class Meter:
    """Costs a token one comparison: nothing is called before `written` is at `mark`.

    `written` is in bytes, of which a chunk has as many as a token at least. `pay` then
    returns once the run may go on, or raises. At `overdue_at` the run has shown nothing
    for so long that `pay` was not awaited, and `overdue` is called.
    """

    def __init__(self) -> None:
        self.written = 0
        self.mark = self.overdue_at = inf
        self.pay: Callable[[], Awaitable[None]] = _nobody
        self.overdue: Callable[[], None] = _nothing

    def note(self, size: int) -> None:
        """Count a chunk of *size* bytes."""
        self.written += size if size > BYTES_PER_TOKEN else BYTES_PER_TOKEN
        if self.written >= self.overdue_at:
            self.overdue()

    def look(self) -> None:
        """Have `pay` awaited soon: a call has begun, or its provider has counted."""
        if self.mark < inf:
            self.mark = self.written
