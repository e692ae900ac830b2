"""A stream without a model, to show whether something on the way buffers."""

import asyncio
from collections.abc import AsyncGenerator

from starlette.requests import Request
from starlette.responses import Response

from app import App
from app.chat import respond
from runs import Run
from streaming.events import Event, TextDelta
from streaming.requests import ChatRequest, Message

NAME = "stream-check"
SECONDS = 2
INTERVAL = 0.1


async def stream_check(app: App, request: Request, run: Run) -> Response:
    """Stream numbers, as `json` streams text."""
    run.chain = NAME
    nothing = [Message(role="user", content="")]
    asked = ChatRequest(messages=nothing, id=run.request_id)
    return respond(app, _ticks(), asked, run)


async def _ticks() -> AsyncGenerator[Event]:
    for number in range(1, round(SECONDS / INTERVAL) + 1):
        await asyncio.sleep(INTERVAL)
        yield TextDelta(NAME, f"{number} ")
