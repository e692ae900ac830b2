"""How a finished run is recorded, and for how long its answer's end waits for that."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future

from runs import Run

Emit = Callable[[Run], Future[None]]
"""Records a run; what it gives is done once the record is on disk."""

DISK_SECONDS = 4.5
"""A disk that takes longer is treated like a full one: the record waits in memory. Less
than an ending has after the deadline, so that it is sent all the same."""


async def recorded(recording: Future[None]) -> None:
    """Return once *recording* is done, or the disk has had its time."""
    if not recording.done():
        await asyncio.wait({asyncio.wrap_future(recording)}, timeout=DISK_SECONDS)
