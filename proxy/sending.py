"""The caller's side of a proxied call: a status, then what is passed on."""

import math
from time import monotonic
from typing import TYPE_CHECKING

from starlette.types import Send

from proxy import headers
from proxy.record import Record
from proxy.tap import Tap
from server.limits import Limits
from streaming.dialects import openai as wire
from streaming.errors import ChatError, UpstreamError

if TYPE_CHECKING:
    from azure_openai.connection import Answer

HELD_BACK = 64 * 1024
"""Bytes that wait for the status to be decided."""


class Sending:
    """What has been sent to the caller of *record*'s run.

    With *patient*, a stream's status is sent even while it is open who answers it.
    """

    def __init__(
        self, send: Send, record: Record, request_id: str, *, patient: bool
    ) -> None:
        self._send, self._record, self._request_id = send, record, request_id
        self._patient = patient
        self._answer: Answer | None = None
        self._tap: Tap | None = None
        self._held = b""
        self._sent_at = math.inf
        self.begun = False

    def answered(self, answer: "Answer", tap: Tap) -> None:
        """*answer* is what is sent, as far as *tap* lets it pass."""
        self._answer, self._tap = answer, tap

    def silent_until(self, limits: Limits, started: float) -> float:
        """When something should be sent even if nothing has come."""
        if self._answer is None:
            streams = self._patient and self._record.run.streamed
        else:
            streams = self._answer.streams
        if not streams:
            return math.inf
        if not self.begun:
            return started + limits.peek
        return self._sent_at + limits.keep_alive if self._between else math.inf

    @property
    def _between(self) -> bool:
        """Whether something may be added to what has been sent."""
        return self._tap is None or self._tap.between

    async def break_silence(self) -> None:
        """Send the status, if it has not been sent; else a keep-alive."""
        if self.begun:
            await self._body(wire.keep_alive(""))
        else:
            await self._body(await self._begin())

    async def write(self, passed: bytes, *, last: bool) -> None:
        """Send *passed*, all that is ready; hold it while the status is undecided."""
        if not self.begun:
            self._held += passed
            if not (last or self._decided or len(self._held) > HELD_BACK):
                return
            passed = await self._begin()
        if passed or last:
            await self._body(passed, more=not last)

    @property
    def _decided(self) -> bool:
        streams = self._answer is not None and self._answer.streams
        return not streams or (self._tap is not None and self._tap.spoken)

    async def _begin(self) -> bytes:
        """Send the head; give what was held."""
        answer, status = self._answer, 200
        raw = headers.early(self._request_id)
        if answer is not None:
            status, raw = answer.status, self._headers(answer)
        start = {"type": "http.response.start", "status": status}
        await self._send({**start, "headers": raw})
        self.begun, self._sent_at = True, monotonic()
        self._held, held = b"", self._held
        return held

    def _headers(self, answer: "Answer") -> list[headers.Raw]:
        return headers.returned(
            answer.headers,
            self._request_id,
            streams=answer.streams,
            answered_by=self._record.run.headers,
        )

    async def _body(self, body: bytes, *, more: bool = True) -> None:
        message = {"type": "http.response.body", "body": body, "more_body": more}
        await self._send(message)
        self._sent_at = monotonic()

    async def fail(self, error: ChatError) -> None:
        """Say what ended the answer, where there is a place for it.

        A body that upstream did not end is not ended here either: the server then
        closes the connection, which tells any reader. Of a stream that was complete
        nothing is missing, whatever became of its connection.
        """
        if self._answer is not None:
            if self._tap is not None and self._tap.done and self._answer.streams:
                await self._body(b"", more=False)
                return
            if not (self._answer.streams and self._between):
                return
        broken = isinstance(error, UpstreamError)
        body = b"data: %b\n\n" % wire.error(error, self._request_id)
        await self._body(body, more=broken)
