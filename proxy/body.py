"""The body of a response to a proxied call: what the upstream sends, as it arrives.

An event waits for its end, so that a keep-alive or an error never lands inside one. The
status is the upstream's. It is held until the answer says something, so that a
connection lost by then is a failure which clients know to try again.
"""

import asyncio
import logging
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing, closing, suppress
from time import monotonic
from typing import TYPE_CHECKING, NamedTuple

from azure_openai import outcome, refusals
from budgets.lease import Lease
from proxy import headers
from proxy.apis import Api, CompletionsApi
from proxy.record import ProxiedRun
from proxy.tap import Tap
from runs.closing import begin_to_close
from server.limits import Limits, limit
from server.pipe import HIGH_WATER, Pipe
from settings.backends import Backend
from streaming.dialects import openai as wire
from streaming.errors import BudgetUsedUp, ChatError, InternalError
from streaming.headers import Raw
from streaming.upstream_errors import UpstreamError

if TYPE_CHECKING:
    from azure_openai.reply import Reply

log = logging.getLogger(__name__)

_EVENT = re.compile(rb".+?(?:\n\n|\r\n\r\n|\Z)", re.S)
"""An event, or what there is of one."""

REFUSAL_SECONDS = 2
"""Seconds to wait for a refusal's body; its status has arrived."""

MAX_ERROR = 1024 * 1024
"""Bytes of an error to pass on."""

AFTER_DONE_SECONDS = 1
"""Seconds to wait for the body's end after `[DONE]`."""


Noted = Callable[[str, Backend], Awaitable[None]]
"""Is given the id of a response, and the backend that has it."""


class Opened(NamedTuple):
    """An answer; *asked* is whether this server asked for usage, not the caller."""

    answer: "Reply"
    asked: bool


class ProxiedBody:
    """Passes on the answer that *ask* opens, and fills in *record*.

    With *patient*, the status of a stream is sent after a moment even if no backend has
    answered by then. *noted* gets the id of a response before the caller does.
    """

    def __init__(
        self,
        ask: Callable[[], Awaitable[Opened]],
        record: ProxiedRun,
        limits: Limits,
        *,
        patient: bool,
        lease: Lease | None = None,
        api: Api | None = None,
        noted: Noted | None = None,
    ) -> None:
        self._api, self._noted = api or CompletionsApi(), noted
        self._ask, self._record, self._limits = ask, record, limits
        self._run, self._patient = record.run, patient
        self._lease = lease
        self._answer: Reply | None = None
        self._tap: Tap | None = None

    async def write(self, pipe: Pipe) -> None:
        try:
            if (error := await self._pass_on(pipe)) is not None:
                self._record.end(error)
                await self._record.recorded()
                await self._fail(error, pipe)
        except asyncio.CancelledError:
            self._record.end(cancelled=True)
            raise
        finally:
            self._record.end(cancelled=True)  # Unless it has ended.
            begin_to_close(self._run)
            pipe.finish()

    async def _pass_on(self, pipe: Pipe) -> ChatError | None:
        """Pass the answer on; returns the error that ended it early."""
        pieces = limit(
            self._pieces(pipe), self._limits, self._run, started=self._run.started
        )
        try:
            async with aclosing(pieces):
                async for piece in pieces:
                    self._decide(pipe, len(piece))
                    await self._note_id()
                    await self._record.recorded()
                    await pipe.write(piece)
        except ChatError as exc:
            return exc
        except Exception as exc:  # A bug here: the caller must not wait for ever.
            # The text of an exception may hold a prompt.
            kind = type(exc).__name__
            log.error("request %s: %s in a proxied call", self._run.request_id, kind)
            return InternalError("The answer could not be passed on.")
        pipe.commit()
        return None

    async def _note_id(self) -> None:
        answer, noted = self._answer, self._noted
        found = self._tap.response_id if self._tap else ""
        if noted and answer and answer.succeeded and found:
            self._noted = None
            await noted(found, answer.backend)

    def _decide(self, pipe: Pipe, size: int) -> None:
        streams = self._answer is not None and self._answer.streams
        if not streams or self._run.spoken or pipe.size + size > HIGH_WATER:
            pipe.commit()

    async def _pieces(self, pipe: Pipe) -> AsyncGenerator[bytes]:
        if self._lease is not None:
            call = self._record.call
            await self._lease.open(call.prompt_tokens, call)
        answer, asked = await self._ask()
        with closing(answer):
            if pipe.committed and not answer.streams:
                raise await _refused(answer)
            self._answer = answer
            self._tap = tap = self._read_by(answer, asked)
            if monotonic() > self._run.started + self._limits.peek and answer.streams:
                pipe.commit()
            ended, passed = False, 0
            while not ended:
                read = await _read(answer, tap)
                passed += len(read)
                if passed > MAX_ERROR and not answer.succeeded:
                    raise UpstreamError("The model's provider does not end its error.")
                piece = tap.feed(read) if self._lease is None else b""
                if self._lease is not None:
                    async for each in self._leased(read, tap, self._lease):
                        yield each
                if ended := answer.ended or not read:
                    piece += tap.end()
                if ended or tap.done:
                    # No run is `ok` of whose answer not even the head can be sent.
                    pipe.commit()
                    await pipe.begun.wait()
                    if pipe.left:
                        return
                    self._record.whole()
                    answer.note(self._record.call.usage)
                yield piece

    async def _leased(
        self, read: bytes, tap: Tap, lease: Lease
    ) -> AsyncGenerator[bytes]:
        """What *tap* makes of *read*, event by event, as far as *lease* reaches."""
        for event in _EVENT.findall(read) if self._streams else [read]:
            piece = tap.feed(event)
            meter = self._run.meter
            meter.note(len(event))  # More than its text has.
            if meter.written >= meter.mark and not tap.done:
                await lease.cover()
            yield piece

    def _read_by(self, answer: "Reply", asked: bool) -> Tap:
        run, call = self._run, self._record.call
        tap = self._api.tap(answer, run, call, asked=asked)
        self._record.answered_by(answer.backend, answer.region)
        self._record.read_by(tap)
        return tap

    async def _fail(self, error: ChatError, pipe: Pipe) -> None:
        """Send *error*, if there is a place for it.

        A body that the upstream did not end is not ended here either: the server then
        closes the connection, which tells any reader. A stream that was complete
        has no error, whatever became of its connection.
        """
        if not pipe.committed:
            pipe.fail(error)
            return
        if self._tap is not None and self._tap.done and self._streams:
            return
        if isinstance(error, BudgetUsedUp):
            if self._between:
                await pipe.write(self._api.cut(self._run))
            return
        if self._between:
            await pipe.write(self._api.error(error, self._run.request_id))
        if not self._between or isinstance(error, UpstreamError):
            pipe.fail(error)

    def head(self) -> tuple[int, list[Raw]]:
        if self._answer is None:
            return 200, headers.early(self._run.request_id)
        returned = headers.returned(
            self._answer.headers,
            self._run.request_id,
            status=self._answer.status,
            streams=self._answer.streams,
            answered_by=self._run.headers,
        )
        return self._answer.status, returned

    @property
    def _streams(self) -> bool:
        if self._answer is None:
            return self._patient and self._run.streamed
        return self._answer.streams

    @property
    def _between(self) -> bool:
        """Whether an event may be added to what has been sent."""
        return self._streams and (self._tap is None or self._tap.between)

    def commits(self) -> bool:
        return self._streams

    def keep_alive(self) -> bytes:
        return wire.keep_alive("") if self._between else b""


async def _read(answer: "Reply", tap: Tap) -> bytes:
    """What arrives next; `b""` at the end, or if it is late after `[DONE]`."""
    if not tap.done:
        return await answer.read()
    with suppress(TimeoutError):
        async with asyncio.timeout(AFTER_DONE_SECONDS):
            return await answer.read()
    return b""


async def _refused(answer: "Reply") -> ChatError:
    """The error of *answer*, which is no stream; the caller was promised one."""
    body = b""
    with suppress(TimeoutError, UpstreamError):
        async with asyncio.timeout(REFUSAL_SECONDS):
            body = await answer.peek_bytes(refusals.MAX_READ)
    try:
        said = outcome.loads(body)
    except (ValueError, RecursionError):
        said = None
    error = said.get("error") if isinstance(said, dict) else None
    return outcome.error(error, answer.status if answer.status >= 400 else 502)
