"""A run's events as the body of a response, in the words of a dialect."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from functools import partial

from runs import Run
from runs.closing import begin_to_close
from runs.recording import Emit, Recording, recorded
from server.pipe import Pipe
from streaming.dialects import Dialect, has_numbers
from streaming.errors import ChatError, InternalError
from streaming.events import Event
from streaming.headers import SAFE, Raw, raw, sendable
from streaming.requests import ChatRequest

log = logging.getLogger(__name__)


def with_number(frames: bytes, number: int) -> bytes:
    """*frames* of one event with its *number*: the last line of the last of them.

    After `data:`, as there are readers that look at how a frame begins. What comes
    before the first event has none.
    """
    if number and frames.endswith(b"\n\n"):
        return b"%bid: %d\n\n" % (frames[:-1], number)
    return frames


class EventBody:
    """A run's *events*, written by *dialect* as the answer to *request*.

    *emit* gets *run* once, however the run ended: after the answer's head has been
    sent, and before its ending.
    """

    def __init__(
        self,
        events: AsyncGenerator[Event],
        request: ChatRequest,
        dialect: Dialect,
        run: Run,
        emit: Emit,
    ) -> None:
        self._events, self._request = events, request
        self._dialect, self._run = dialect, run
        self._emit, self._recorded = emit, False
        self._recording: Recording = None
        self._headers: Mapping[str, str] = {}

    async def write(self, pipe: Pipe) -> None:
        """Write every event; the first that is shown decides the status."""
        self._run.when_decided(partial(self._decide, pipe))
        if self._run.log is not None:
            self._run.log.begin()
        try:
            async with aclosing(self._events):
                await self._write(pipe)
        except asyncio.CancelledError:
            if not self._recorded:
                self._run.withdraw()
            raise
        finally:
            self._record()
            begin_to_close(self._run)
            if self._run.log is not None:
                self._run.log.close()
            pipe.finish()

    async def _write(self, pipe: Pipe) -> None:
        try:
            ending = await self._encode(pipe)
        except ChatError as error:  # The dialect has no word for it.
            pipe.fail(error)
            return
        except Exception as exc:  # A dialect's bug.
            # The text of an exception may hold a prompt.
            kind = type(exc).__name__
            log.error("request %s: %s in a dialect", self._run.request_id, kind)
            bug = InternalError("The answer could not be written.")
            pipe.fail(bug)
            self._run.withdraw(bug)
            return
        pipe.commit()  # The ending can be written: nothing failed.
        if pipe.failure is None:
            await pipe.begun.wait()
            if pipe.left and not self._run.goes_on:
                self._run.withdraw()
                return
            await recorded(self._record())
            for frame in ending:
                await pipe.write(frame)

    async def _encode(self, pipe: Pipe) -> list[bytes]:
        """Write the frames of all events but the ending, whose frames are returned."""
        headers = self._dialect.headers(self._request)
        self._headers = dict(sendable(headers.items()))
        frames = self._dialect.encode(self._events, self._request)
        ending: list[bytes] = []
        numbered = self._run.log is not None and has_numbers(self._dialect, headers)
        run, timing = self._run, self._run.timing
        async with aclosing(frames):
            async for frame in frames:
                # As `with_number`, without a call for each token.
                if numbered and run.number and frame[-2:] == b"\n\n":
                    frame = b"%bid: %d\n\n" % (frame[:-1], run.number)
                if timing.ended is not None:
                    ending.append(frame)
                else:
                    await pipe.write(frame)
        return ending

    def _record(self) -> Recording:
        if not self._recorded:
            self._recorded, self._recording = True, self._emit(self._run)
        return self._recording

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
            **self._run.ids,
        }
        return 200, raw(headers.items())

    def commits(self) -> bool:
        return self._request.stream

    def keep_alive(self) -> bytes:
        return self._dialect.keep_alive(self._run.deployment)
