"""The response: a true status, one write for what is ready, and a caller who may leave.

A handler only parses the request and returns a `StreamResponse`; everything else
happens in its `__call__`, because the runtime tells a response, not a handler, that the
caller left. The run owns the task that makes the answer; this reads it.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from time import monotonic
from typing import Protocol

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from runs import Run
from server.capacity import Capacity
from server.limits import Limits
from server.pipe import Pipe
from server.shutdown import open_runs
from server.writer import Writer
from streaming import sse
from streaming.dialects import Dialect, json
from streaming.errors import ChatError, DeadlineExceeded, ShuttingDown
from streaming.headers import JSON, PLAIN, Raw, sendable

log = logging.getLogger(__name__)

FAREWELL_SECONDS = 5
"""Seconds after the deadline for the reader to take the last frames, and for a
cancelled chain to stop."""


_going_on: set[asyncio.Task[None]] = set()
"""Keeps references to tasks that see runs to their end without a connection."""

NONE: Mapping[str, str] = {}


class Body(Protocol):
    """An answer that is sent while it is made: events, or a backend's bytes."""

    async def write(self, pipe: Pipe) -> None:
        """Write the whole answer, and decide its status on the way."""

    def head(self) -> tuple[int, list[Raw]]:
        """The status and the headers, once they are decided."""

    def commits(self) -> bool:
        """Whether the head may be sent before anything is shown."""

    def keep_alive(self) -> bytes:
        """What to send during silence; nothing if nothing can be sent there."""


class StreamResponse(Response):
    """Sends *body*, the answer of *run*; *dialect* writes an error sent in its place.

    The status is held until something is shown, for `limits.peek` seconds at most, and
    until the run is admitted: a failure by then is a real HTTP status.
    """

    def __init__(
        self,
        body: Body,
        run: Run,
        dialect: Dialect,
        *,
        limits: Limits,
        capacity: Capacity,
    ) -> None:
        super().__init__()
        self._body, self._run, self._dialect = body, run, dialect
        self._limits, self._capacity = limits, capacity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pipe = Pipe(None if self._run.goes_on else self._deadline)
        try:
            with ExitStack() as held:
                held.enter_context(self._capacity)
                held.enter_context(open_runs.holding(self._run))
                refusal = await self._stream(pipe, receive, send)
                if pipe.dropped:
                    self._go_on(held.pop_all())
        except ChatError as error:
            refusal = error
        if refusal is not None:
            refused = error_response(
                refusal,
                self._dialect,
                self._run.request_id,
                {**self._run.ids, **self._run.quota},
            )
            await refused(scope, receive, send)

    @property
    def _deadline(self) -> float:
        return self._run.started + self._limits.deadline

    @property
    def _left(self) -> float:
        """Seconds until a run that has not ended by then is stopped."""
        return max(0, self._deadline - monotonic()) + FAREWELL_SECONDS

    def _go_on(self, held: ExitStack) -> None:
        """See the run to its end, as its reader is cut off now; *held* counts it."""

        async def wait() -> None:
            with held, suppress(TimeoutError):
                try:
                    async with asyncio.timeout(self._left):
                        await self._run.wait()
                finally:
                    await self._run.stop(FAREWELL_SECONDS)

        log.info("request %s: its reader is too slow", self._run.request_id)
        task = asyncio.create_task(wait())
        _going_on.add(task)
        task.add_done_callback(_going_on.discard)

    async def _stream(
        self, pipe: Pipe, receive: Receive, send: Send
    ) -> ChatError | None:
        """Send the answer, or return the error to send in its place."""
        await self._capacity.turns.wait()
        self._run.start(self._body.write(pipe))
        watcher = asyncio.create_task(self._leaving(receive, pipe))
        try:
            async with asyncio.timeout(self._left):
                await self._decide(pipe)
                if pipe.failure is not None and not pipe.left:
                    return pipe.failure
                await self._send(pipe, send)
                if self._run.goes_on and not pipe.dropped:
                    await self._run.wait()
        except TimeoutError:
            # The reader takes nothing, or the chain does not stop. Once the status is
            # out, ending here cuts the connection, which is the truth.
            late = DeadlineExceeded()
            return None if pipe.committed else late
        except asyncio.CancelledError:  # The server stops, and waits no longer.
            self._run.end_early(ShuttingDown())
            raise
        finally:
            watcher.cancel()
            pipe.leave()
            if not pipe.dropped:
                await self._run.stop(FAREWELL_SECONDS)
        return None

    async def _leaving(self, receive: Receive, pipe: Pipe) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        await self._capacity.leaving.wait()  # Not all of a crowd in step.
        pipe.leave()
        if not self._run.goes_on:
            self._run.cancel()

    async def _decide(self, pipe: Pipe) -> None:
        left = max(0, self._run.started + self._limits.peek - monotonic())
        try:
            await pipe.wait_until_decided(left)
        except TimeoutError:
            await self._admitted(pipe)
            if self._body.commits():
                pipe.commit()
            else:
                await pipe.wait_until_decided(None)

    async def _admitted(self, pipe: Pipe) -> None:
        """Return once nothing but the model can refuse, or the status is decided."""
        waits = (self._run.admission.wait(), pipe.wait_until_decided(None))
        either = [asyncio.create_task(each) for each in waits]
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in either:
                each.cancel()

    async def _send(self, pipe: Pipe, send: Send) -> None:
        if pipe.left:
            return
        status, headers = self._body.head()
        start = {"type": "http.response.start", "status": status}
        await send({**start, "headers": headers})
        writer = Writer(pipe, send)
        await writer.run(self._limits.keep_alive, self._body.keep_alive)


def json_response(value: object, status: int = 200) -> Response:
    return Response(sse.dumps(value), status, {**JSON})


def error_response(
    error: ChatError,
    dialect: Dialect,
    request_id: str,
    more: Mapping[str, str] = NONE,
) -> Response:
    try:
        body = dialect.error(error, request_id)
    except Exception as exc:  # A dialect's bug.
        log.error("request %s: %s in a dialect", request_id, type(exc).__name__)
        body = json.error(error, request_id)
    kind = JSON if body.startswith(b"{") else PLAIN
    headers = {**kind, "x-request-id": request_id, **more, **error.headers()}
    return Response(body, error.status, dict(sendable(headers.items())))
