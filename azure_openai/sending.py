"""The caller's side of a proxied call: a status, then what is passed on."""

import math
from time import monotonic
from typing import TYPE_CHECKING

from starlette.types import Send

from azure_openai import headers
from azure_openai.tap import Tap
from streaming.dialects import openai as wire
from streaming.errors import ChatError, UpstreamError
from streaming.limits import Limits

if TYPE_CHECKING:
    from azure_openai.upstream import Answer

HELD_BACK = 64 * 1024
"""Bytes that wait for the status to be decided."""


class Sending:
    """What of *answer* has been sent, as far as *tap* has let it pass."""

    def __init__(self, answer: "Answer", tap: Tap, send: Send, request_id: str) -> None:
        self._answer, self._tap = answer, tap
        self._send, self._request_id = send, request_id
        self._held = b""
        self._sent_at = math.inf
        self.begun = False

    def silent_until(self, limits: Limits, started: float) -> float:
        """When something should be sent even if nothing has come."""
        if not self._answer.streams:
            return math.inf
        if not self.begun:
            return started + limits.peek
        return self._sent_at + limits.keep_alive if self._tap.between else math.inf

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
            decided = self._tap.spoken or not self._answer.streams
            if not (last or decided or len(self._held) > HELD_BACK):
                return
            passed = await self._begin()
        if passed or last:
            await self._body(passed, more=not last)

    async def _begin(self) -> bytes:
        """Send the head; give what was held."""
        answer, request_id = self._answer, self._request_id
        raw = headers.returned(answer.headers, request_id, streams=answer.streams)
        start = {"type": "http.response.start", "status": answer.status}
        await self._send({**start, "headers": raw})
        self.begun, self._sent_at = True, monotonic()
        self._held, held = b"", self._held
        return held

    async def _body(self, body: bytes, *, more: bool = True) -> None:
        message = {"type": "http.response.body", "body": body, "more_body": more}
        await self._send(message)
        self._sent_at = monotonic()

    async def fail(self, error: ChatError) -> None:
        """Say what ended the answer, where there is a place for it.

        A body that upstream did not end is not ended here either: the server then
        closes the connection, which tells any reader.
        """
        if not (self._answer.streams and self._tap.between) or self._tap.done:
            return
        broken = isinstance(error, UpstreamError)
        body = b"data: %b\n\n" % wire.error(error, self._request_id)
        await self._body(body, more=broken)
