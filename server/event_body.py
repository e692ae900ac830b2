"""A run's events as the body of a response, in the words of a dialect."""

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from functools import partial

from runs import Run
from server.pipe import Pipe
from streaming.dialects import Dialect
from streaming.errors import InternalError
from streaming.events import Event
from streaming.headers import SAFE, Raw, raw
from streaming.requests import ChatRequest

log = logging.getLogger(__name__)


class EventBody:
    """*events*, ended and all, as *dialect* writes the answer to *request*."""

    def __init__(
        self,
        events: AsyncGenerator[Event],
        request: ChatRequest,
        dialect: Dialect,
        run: Run,
    ) -> None:
        self._events, self._request = events, request
        self._dialect, self._run = dialect, run
        self._headers: Mapping[str, str] = {}

    async def write(self, pipe: Pipe) -> None:
        """Write every event; the first that is shown decides the status."""
        self._run.when_decided(partial(self._decide, pipe))
        try:
            async with aclosing(self._events):
                try:
                    await self._encode(pipe)
                except Exception as exc:  # A dialect's bug.
                    bug = InternalError("The answer could not be written.")
                    pipe.fail(bug)
                    # The text of an exception may hold a prompt.
                    kind = type(exc).__name__
                    log.error("request %s: %s in a dialect", self._run.request_id, kind)
                    with suppress(Exception):
                        await self._events.athrow(bug)  # For the run's record.
        finally:
            pipe.finish()

    async def _encode(self, pipe: Pipe) -> None:
        self._headers = self._dialect.headers(self._request)
        frames = self._dialect.encode(self._events, self._request)
        async with aclosing(frames):
            async for frame in frames:
                if not self._request.stream:
                    pipe.commit()  # The one body there is: nothing failed.
                await pipe.write(frame)

    def _decide(self, pipe: Pipe) -> None:
        if pipe.committed:
            return  # What fails from here on is told in the stream.
        if self._run.error is not None:
            pipe.fail(self._run.error)
        elif self._request.stream:
            pipe.commit()

    def head(self) -> tuple[int, list[Raw]]:
        headers = {
            **self._headers,
            **self._run.headers,
            **SAFE,
            "x-request-id": self._run.request_id,
        }
        return 200, raw(headers.items())

    def commits(self) -> bool:
        return self._request.stream

    def keep_alive(self) -> bytes:
        return self._dialect.keep_alive(self._run.deployment)
