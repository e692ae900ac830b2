"""The response: a true status, one write for what is ready, and a caller who may leave.

A handler only parses the request and returns an `EventResponse`; everything else
happens in its `__call__`, because the runtime tells a response, not a handler, that the
caller left. One producer task owns the run and everything upstream of it.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from time import monotonic
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from server.limits import Capacity, Limits
from streaming.dialects import Dialect
from streaming.errors import ChatError, DeadlineExceeded, InternalError
from streaming.events import VISIBLE, Done, Error, Event, Progress
from streaming.headers import JSON, SAFE
from streaming.requests import ChatRequest

log = logging.getLogger(__name__)

HIGH_WATER = 64 * 1024
"""Bytes a slow reader may leave unread before the model is no longer read either."""

FAREWELL_SECONDS = 5
"""How long past the deadline a reader has to take the last frames, and a chain that is
told to stop to do so."""

_stubborn: set[asyncio.Task[None]] = set()


def json_response(value: Any, status: int = 200) -> Response:
    """*value* as JSON."""
    return Response(orjson.dumps(value), status, {**JSON})


def error_response(
    error: ChatError,
    dialect: Dialect,
    request_id: str,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer to a request that came to nothing, as its dialect writes it."""
    return Response(
        dialect.error(error, request_id),
        error.status,
        {
            **JSON,
            "x-request-id": request_id,
            **error.headers(),
            **(headers or {}),
        },
    )


class EventResponse(Response):
    """Answers *request* with *events*, written by *dialect*.

    The status is held until the first visible event or for `limits.peek` seconds: a
    failure by then is a real HTTP status. *progress* names the deployment in
    keep-alives.
    *started* is `time.monotonic()` of the request's arrival.
    """

    def __init__(
        self,
        events: AsyncGenerator[Event],
        request: ChatRequest,
        dialect: Dialect,
        *,
        limits: Limits,
        capacity: Capacity,
        progress: Progress,
        started: float,
    ) -> None:
        super().__init__()
        self._events, self._request, self._dialect = events, request, dialect
        self._limits, self._capacity, self._progress = limits, capacity, progress
        self._deadline = started + limits.deadline

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with self._capacity:
                refusal = await self._stream(receive, send)
        except ChatError as error:
            refusal = self._refusal(error)
        if refusal is not None:
            await refusal(scope, receive, send)

    def _refusal(self, error: ChatError) -> Response:
        return error_response(error, self._dialect, self._request.id)

    async def _stream(self, receive: Receive, send: Send) -> Response | None:
        """Stream the answer; what is returned is to be sent in its place."""
        pipe = _Pipe(self._deadline)
        producer = asyncio.create_task(self._produce(pipe))
        watcher = asyncio.create_task(_leaving(receive, pipe, producer))
        try:
            left = max(0, self._deadline - monotonic())
            async with asyncio.timeout(left + FAREWELL_SECONDS):
                await pipe.wait_until_committed(
                    self._limits.peek if self._request.stream else None
                )
                if pipe.failure is not None and not pipe.left:
                    return self._refusal(pipe.failure)
                if not pipe.left:
                    await self._write(pipe, send)
        except TimeoutError:
            # The reader takes nothing, or the chain does not stop. Where the status is
            # out, ending here cuts the connection, which is the truth.
            if not pipe.committed:
                late = DeadlineExceeded("The answer took too long.")
                return self._refusal(late)
        finally:
            watcher.cancel()
            await self._stop(producer)
        return None

    async def _stop(self, producer: asyncio.Task[None]) -> None:
        if not producer.cancelling():  # A second time would cut short its cleaning up.
            producer.cancel()
        _, running = await asyncio.wait({producer}, timeout=FAREWELL_SECONDS)
        for task in running:
            _stubborn.add(task)
            task.add_done_callback(_stubborn.discard)
            log.error("request %s: its chain does not stop", self._request.id)

    async def _write(self, pipe: "_Pipe", send: Send) -> None:
        headers = {
            **self._dialect.headers(self._request),
            **self._progress.headers,
            **SAFE,
            "x-request-id": self._request.id,
        }
        raw = [(name.encode(), value.encode()) for name, value in headers.items()]
        start = {"type": "http.response.start", "status": 200, "headers": raw}
        await send(start)
        while not pipe.left:
            try:
                body = await pipe.read(self._limits.keep_alive)
            except TimeoutError:
                body = self._dialect.keep_alive(self._progress.deployment)
            if body is None:
                if not pipe.broken:  # Else the connection is cut, which is the truth.
                    await send({"type": "http.response.body", "body": b""})
                return
            await send({"type": "http.response.body", "body": body, "more_body": True})

    async def _produce(self, pipe: "_Pipe") -> None:
        try:
            async with aclosing(self._events):
                try:
                    await self._encode(pipe)
                except Exception as exc:  # A dialect's bug.
                    bug = InternalError("The answer could not be written.")
                    pipe.fail(bug)
                    # The text of an exception may hold what was asked.
                    kind = type(exc).__name__
                    log.error("request %s: %s in a dialect", self._request.id, kind)
                    with suppress(Exception):
                        await self._events.athrow(bug)  # For the run's record.
        finally:
            pipe.finish()

    async def _encode(self, pipe: "_Pipe") -> None:
        watched = self._watch(pipe)
        async with (
            aclosing(watched),
            aclosing(self._dialect.encode(watched, self._request)) as frames,
        ):
            async for frame in frames:
                if not self._request.stream:
                    pipe.commit()  # The one body there is: nothing failed.
                await pipe.write(frame)

    async def _watch(self, pipe: "_Pipe") -> AsyncGenerator[Event]:
        """Pass the events on, and tell *pipe* when one of them decides the status."""
        streams = self._request.stream
        async for event in self._events:
            match event:
                case Error(error=error) if not pipe.committed:
                    pipe.fail(error)
                case Done(finish_reason="deadline") if not pipe.committed:
                    pipe.fail(DeadlineExceeded("The answer took too long."))
                case _ if streams and isinstance(event, (*VISIBLE, Done)):
                    pipe.commit()
            yield event


async def _leaving(
    receive: Receive, pipe: "_Pipe", producer: asyncio.Task[None]
) -> None:
    """Wait for the caller to leave, then stop the producer at once."""
    while (await receive())["type"] != "http.disconnect":
        pass
    pipe.leave()
    producer.cancel()


class _Pipe:
    """What is written and not yet read, and what is known of the status.

    After *deadline* nothing waits for the reader: what is left to write is the ending.
    """

    def __init__(self, deadline: float) -> None:
        self._deadline = deadline
        self.committed = False
        self.left = False
        self.broken = False
        self.failure: ChatError | None = None
        self._ready: list[bytes] = []
        self._size = 0
        self._finished = False
        self._changed = asyncio.Event()
        self._drained = asyncio.Event()

    async def write(self, frame: bytes) -> None:
        """Add *frame*; wait while the reader is too far behind."""
        self._ready.append(frame)
        self._size += len(frame)
        if self.committed:
            self._changed.set()
            if self._size >= HIGH_WATER:
                await self._wait_for_reader()

    async def _wait_for_reader(self) -> None:
        self._drained.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._deadline - monotonic()):
                await self._drained.wait()

    async def read(self, seconds: float) -> bytes | None:
        """All that is ready; `None` at the end.

        Raises `TimeoutError` after *seconds* of silence.
        """
        if not self._ready:
            async with asyncio.timeout(seconds):
                while not (self._ready or self._finished or self.left):
                    self._changed.clear()
                    await self._changed.wait()
        if not self._ready:
            return None
        body = b"".join(self._ready)
        self._ready.clear()
        self._size = 0
        self._drained.set()
        return body

    async def wait_until_committed(self, seconds: float | None) -> None:
        """Return once the status is decided, after *seconds* at the latest."""
        while not (self.committed or self.failure or self._finished or self.left):
            self._changed.clear()
            try:
                async with asyncio.timeout(seconds):
                    await self._changed.wait()
            except TimeoutError:
                self.committed = True

    def commit(self) -> None:
        """The status is 200 from here on, unless it is already another."""
        if not (self.failure or self.committed):
            self.committed = True
            self._changed.set()

    def fail(self, error: ChatError) -> None:
        """The status is *error*'s or, if it is already 200, the stream breaks off."""
        if self.committed:
            self.broken = True
        else:
            self.failure = self.failure or error
        self._changed.set()

    def finish(self) -> None:
        """Nothing more will be written."""
        self._finished = True
        self._changed.set()

    def leave(self) -> None:
        """Nobody reads any more."""
        self.left = True
        self._changed.set()
        self._drained.set()
