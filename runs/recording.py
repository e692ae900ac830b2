"""How a finished run is recorded, and for how long its answer's end waits for that."""

import asyncio
from collections.abc import Callable

from runs import Run

Recording = asyncio.Future[None] | None
"""What is done once a record is on disk; `None` if nobody has to wait for it."""

Emit = Callable[[Run], Recording]
"""Records a run."""

DISK_SECONDS = 4.5
"""A disk that takes longer is treated like a full one: the record waits in memory. Less
than an ending has after the deadline, so that it is sent all the same."""


async def recorded(recording: Recording) -> None:
    """Return once *recording* is done, or the disk has had its time."""
    if recording is not None and not recording.done():
        await asyncio.wait({recording}, timeout=DISK_SECONDS)
