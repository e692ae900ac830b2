"""The response to a proxied call: upstream's, passed on as it arrives.

An event waits for its end, so that a keep-alive or an error never lands inside one.
The status is upstream's. It is held until the answer says something, for a moment, so
that a connection lost by then is a failure which clients know to try again.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import closing, suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from azure_openai import outcome
from proxy.attempt import REFUSAL_READ, Opened
from proxy.body_tap import BodyTap
from proxy.outgoing import Outgoing
from proxy.record import Record
from proxy.sending import Sending
from proxy.tap import StreamTap, Tap
from server.limits import Capacity, Limits
from server.response import FAREWELL_SECONDS, error_response
from settings.backends import Backend
from streaming.dialects import openai as wire
from streaming.errors import (
    ChatError,
    DeadlineExceeded,
    InternalError,
    UpstreamError,
    UpstreamStall,
    UpstreamTimeout,
)

if TYPE_CHECKING:
    from azure_openai.connection import Answer

log = logging.getLogger(__name__)

Ask = Callable[[Outgoing, Callable[[Backend], None]], Coroutine[Any, Any, Opened]]

REFUSAL_SECONDS = 2
"""How long the body of a refusal may take, whose status is known already."""

AFTER_DONE_SECONDS = 1
"""How long the body may still be silent once the answer has said that it is over."""

SILENT_SECONDS = 220
"""How long an answer that does not stream may take: load balancers end it after 230."""


class Relay(Response):
    """Makes the request that goes upstream, opens its answer and passes that on.

    *ask* is given whom to tell which backend is asked, and also says whether usage was
    asked for that the caller did not ask for. With *patient* it may take long, and
    keep-alives are sent meanwhile.
    """

    def __init__(
        self,
        make: Callable[[], Outgoing],
        ask: Ask,
        record: Record,
        request_id: str,
        *,
        capacity: Capacity,
        limits: Limits,
        patient: bool,
    ) -> None:
        super().__init__()
        self._patient = patient
        self._make, self._ask = make, ask
        self._record, self._request_id = record, request_id
        self._capacity, self._limits = capacity, limits
        self._started = record.run.started
        self._deadline = self._started + limits.deadline
        self._quiet_since = self._started
        self._sending: Sending | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with self._capacity:
                refusal = await self._relay(receive, send)
        except ChatError as error:
            self._record.end(error)
            refusal = error
        if refusal is not None:
            refused = error_response(refusal, wire, self._request_id)
            await refused(scope, receive, send)

    async def _relay(self, receive: Receive, send: Send) -> ChatError | None:
        """Pass the answer on; an error that is returned is to be sent in its place."""
        passing = asyncio.create_task(self._pass(send))
        watcher = asyncio.create_task(_leaving(receive))
        late = DeadlineExceeded("The answer took too long.")
        try:
            done, _ = await asyncio.wait(
                {passing, watcher},
                timeout=self._deadline + FAREWELL_SECONDS - monotonic(),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not done:
                # The reader has stopped reading; this closes the connection.
                self._record.end(late)
        finally:
            watcher.cancel()
            passing.cancel()
            await asyncio.wait({passing, watcher})
        if not done and not (self._sending and self._sending.begun):
            return late
        return None if passing.cancelled() else passing.result()

    async def _pass(self, send: Send) -> ChatError | None:
        """Open the answer and pass it on; what is returned was not sent."""
        error: ChatError
        try:
            await self._pass_on(send)
            return None
        except ChatError as exc:
            error = exc
        except asyncio.CancelledError:
            self._record.end(cancelled=True)
            raise
        except Exception as exc:  # A bug here: the caller must not wait for ever.
            error = InternalError("The answer could not be passed on.")
            # The text of an exception may hold what was asked.
            log.error("request %s: %s in a relay", self._request_id, type(exc).__name__)
        self._record.end(error)
        if self._sending is None or not self._sending.begun:
            return error
        await self._sending.fail(error)
        return None

    async def _pass_on(self, send: Send) -> None:
        sending = Sending(send, self._record, self._request_id, patient=self._patient)
        self._sending = sending
        answer, asked = await self._open(sending)
        with closing(answer):
            if sending.begun and not answer.streams:
                raise await _refused(answer)
            tap = self._tap(answer, asked)
            sending.answered(answer, tap)
            ended = False
            while not ended:
                read = await self._next(answer, tap, sending)
                out = tap.feed(read)
                if ended := answer.ended or not read:
                    out += tap.end()
                if ended or tap.done:
                    self._record.whole()
                await sending.write(out, last=ended)
                if self._record.run.active_at > self._quiet_since:
                    self._quiet_since = monotonic()

    async def _open(self, sending: Sending) -> Opened:
        sent = self._make()
        self._record.asked(sent)
        if not sent.streamed:
            self._deadline = min(self._deadline, self._started + SILENT_SECONDS)
        due, error = self._due(spoken=False)
        opening = asyncio.create_task(self._ask(sent, self._record.answered_by))
        opened = False
        try:
            while True:
                silence = sending.silent_until(self._limits, self._started)
                left = max(0, min(due, silence) - monotonic())
                await asyncio.wait({opening}, timeout=left)
                if opened := opening.done():
                    return opening.result()
                if monotonic() >= due:
                    raise error
                await sending.break_silence()
        finally:
            if not opened:
                await _stop(opening)

    def _tap(self, answer: "Answer", asked: bool) -> Tap:
        run, call = self._record.run, self._record.call
        if answer.streams:
            tap: Tap = StreamTap(run, call, asked=asked)
        else:
            tap = BodyTap(run, call, status=answer.status, plain=answer.plain)
        self._record.answered_by(answer.backend, answer.region)
        self._record.read_by(tap)
        return tap

    async def _next(self, answer: "Answer", tap: Tap, sending: Sending) -> bytes:
        """What arrives next, with keep-alives until then; `b""` at the end."""
        while True:
            due, error = self._due(spoken=tap.spoken)
            if tap.done:
                due = min(due, self._quiet_since + AFTER_DONE_SECONDS)
            silence = sending.silent_until(self._limits, self._started)
            try:
                async with asyncio.timeout(min(due, silence) - monotonic()):
                    return await answer.read()
            except TimeoutError:
                if monotonic() < due:
                    await sending.break_silence()
                elif tap.done:
                    return b""
                else:
                    raise error from None

    def _due(self, *, spoken: bool) -> tuple[float, ChatError]:
        """When the next limit passes, and what it means."""
        deadline = DeadlineExceeded("The answer took too long.")
        if spoken:
            next_due = self._quiet_since + self._limits.stall
            limit: ChatError = UpstreamStall(
                "The model fell silent in the middle of its answer."
            )
        else:
            next_due = self._started + self._limits.first_token
            limit = UpstreamTimeout("The model did not begin to answer in time.")
        if self._deadline <= next_due:
            return self._deadline, deadline
        return next_due, limit


async def _refused(answer: "Answer") -> ChatError:
    """What *answer*, which is no stream, says; the caller has been promised one."""
    body = b""
    with suppress(TimeoutError, UpstreamError):
        async with asyncio.timeout(REFUSAL_SECONDS):
            body = await answer.peek_bytes(REFUSAL_READ)
    try:
        said = outcome.loads(body).get("error")
    except (ValueError, AttributeError, RecursionError):
        said = None
    return outcome.error(said, answer.status if answer.status >= 400 else 502)


async def _stop(opening: asyncio.Task[Opened]) -> None:
    """Cancel *opening*, and close what it may have opened all the same."""
    opening.cancel()
    await asyncio.wait({opening})
    if not opening.cancelled() and opening.exception() is None:
        answer, _ = opening.result()
        answer.close()


async def _leaving(receive: Receive) -> None:
    """Wait for the caller to leave."""
    while (await receive())["type"] != "http.disconnect":
        pass
