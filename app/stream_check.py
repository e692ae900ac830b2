"""A stream without a model, to show what is on the way: buffers, and short patience."""

import asyncio
import re
from collections.abc import AsyncGenerator

from starlette.requests import Request
from starlette.responses import Response

from app import App
from app.chat import named, respond
from runs import Run
from streaming.errors import invalid
from streaming.events import Event, TextDelta
from streaming.requests import ChatRequest, Message

NAME = "stream-check"
SECONDS = 2
INTERVAL = 0.1

MAX_SILENCE = 55
"""Seconds; after a minute of silence `STALL_TIMEOUT_SECONDS` ends a stream."""

_NUMBER = re.compile(r"[0-9]{1,2}(\.[0-9]{1,3})?")


async def stream_check(app: App, request: Request, run: Run) -> Response:
    """Stream numbers, as `json` streams text; or two, with silence in between."""
    run.chain = NAME
    silence = _silence(request)
    nothing = [Message(role="user", content="")]
    asked = named(ChatRequest(messages=nothing), run)
    app.logs.attach(run, asked)
    return respond(app, _ticks(silence), asked, run, limited=False)


def _silence(request: Request) -> float | None:
    given = request.query_params.get("silence")
    if not given:
        return None
    if not _NUMBER.fullmatch(given) or float(given) > MAX_SILENCE:
        raise invalid("silence", f"expected seconds, from 0 to {MAX_SILENCE}")
    return float(given)


async def _ticks(silence: float | None) -> AsyncGenerator[Event]:
    waits = [INTERVAL] * round(SECONDS / INTERVAL)
    if silence is not None:
        waits = [INTERVAL, silence]
    for number, seconds in enumerate(waits, 1):
        await asyncio.sleep(seconds)
        yield TextDelta(NAME, f"{number} ")
