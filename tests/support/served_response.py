"""A real server whose every answer is a response that the test makes."""

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import uvicorn
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from uvicorn.config import HTTPProtocolType

from runs import Run
from runs.ending import ending
from server.capacity import Capacity
from server.event_body import EventBody
from server.limits import Limits, limit
from server.response import StreamResponse
from streaming.dialects import Dialect
from streaming.dialects import json as native
from streaming.events import Event
from streaming.requests import validate
from telemetry import Telemetry

Source = Callable[[], AsyncGenerator[Event]]
JSON = cast(Dialect, native)


def answer(
    source: Source,
    kept: Telemetry,
    *,
    limits: Limits | None = None,
    dialect: Dialect = JSON,
    capacity: Capacity | None = None,
    **fields: Any,
) -> StreamResponse:
    """A response as `function_app` puts it together."""
    request = validate({"messages": [{"role": "user", "content": "?"}], **fields})
    run, limits = Run(chain="test", dialect="json"), limits or Limits()
    run.goes_on = request.on_disconnect == "continue"
    limited = limit(source(), limits, run, started=run.started)
    body = EventBody(ending(limited, run), request, dialect, run, kept.emit)
    capacity = capacity or Capacity(10)
    return StreamResponse(body, run, dialect, limits=limits, capacity=capacity)


@asynccontextmanager
async def served(
    make: Callable[[], Response], http: HTTPProtocolType = "auto"
) -> AsyncIterator[str]:
    """A server that answers each request with what *make* makes; its URL.

    *http* is the library by which the server speaks HTTP.
    """

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await make()(scope, receive, send)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        config = uvicorn.Config(app, lifespan="off", log_config=None, http=http)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await serving
