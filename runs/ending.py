"""How a run ends: `Usage`, then `Error` if it failed, then exactly one `Done`."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace

from runs import Run
from runs.closing import close
from runs.halves import Halves
from runs.last_events import last_events
from streaming.errors import ChatError, InternalError
from streaming.events import Done, Event

log = logging.getLogger(__name__)


async def ending(events: AsyncGenerator[Event], run: Run) -> AsyncGenerator[Event]:
    """Pass *events* on, then end the run; a `ChatError` that is raised becomes
    `Error`."""
    error: ChatError | None = None
    halves = Halves()
    try:
        async with aclosing(events):
            async for made in events:
                for event in halves.join(made):
                    run.see(event)
                    yield event
        for event in halves.rest():
            run.see(event)
            yield event
        error = run.failure
    except ChatError as exc:
        error = exc
    except Exception as exc:  # A bug of ours: even so the stream has its ending.
        log.error("request %s: %s", run.request_id, type(exc).__name__)
        error = InternalError()
    run.finish(error)
    await close(run)
    last = last_events(run)
    if run.log is not None:
        await run.log.end(last)
    for event in last:
        run.number += 1
        if isinstance(event, Done):
            yield event.usage
            event = replace(event, kept=run.kept)
        yield event
