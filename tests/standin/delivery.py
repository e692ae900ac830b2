"""Putting an answer on the wire: in as few writes as its pauses allow."""

import asyncio
import socket
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NoReturn

from aiohttp import web

from tests.standin.completion import Completion
from tests.standin.journal import Entry
from tests.standin.steps import Done, Drop, ErrorEvent, Head, Pause, Reply, Step
from tests.standin.wire import dumps, failure

type Sent = bytes | Head | Pause | Drop | Reply

BETWEEN_BYTES = Pause(0.01)
"""Enough for the reader to see the first half of a character alone."""

BEFORE_RESET = 0.05
"""Seconds: enough for the reader to take what it was sent before."""

STEP_SECONDS = 0.05

RESET = struct.pack("ii", 1, 0)
"""`SO_LINGER` on, for no time: closing resets the connection."""


class Aborted(Exception):
    """The scenario has ended the connection itself."""


async def silence(seconds: float, step: float = STEP_SECONDS) -> None:
    """Wait, in steps: where the machine stands still, one of them ends, not all.

    Whoever watches the silence stood still, too, and has the rest of it before them.
    """
    steps, rest = divmod(seconds, step)
    for _ in range(int(steps)):
        await asyncio.sleep(step)
    await asyncio.sleep(rest)


def encoded(steps: Iterable[Step], completion: Completion) -> Iterator[Sent]:
    """*steps* with the chunks as bytes."""
    for step in steps:
        if isinstance(step, Head | Pause | Drop | Reply):
            yield step
        else:
            yield completion.encode(step)


def with_crlf(sent: Iterable[Sent]) -> Iterator[Sent]:
    """The other line end."""
    for item in sent:
        yield item.replace(b"\n", b"\r\n") if isinstance(item, bytes) else item


def split_characters(sent: Iterable[Sent]) -> Iterator[Sent]:
    """Every character of several bytes arrives in two pieces."""
    for item in sent:
        if not isinstance(item, bytes):
            yield item
            continue
        start = 0
        for i in range(1, len(item)):
            if item[i - 1] >= 0xC0:  # The first byte of several.
                yield item[start:i]
                yield BETWEEN_BYTES
                start = i
        yield item[start:]


REWRITERS: dict[str, Callable[[Iterable[Sent]], Iterator[Sent]]] = {
    "crlf": with_crlf,
    "utf8_split": split_characters,
}


class Delivery:
    """The response to one request."""

    def __init__(
        self, request: web.Request, entry: Entry, headers: dict[str, str]
    ) -> None:
        self._request = request
        self._entry = entry
        self._headers = headers
        self._odd: Mapping[str, str] = {}
        self._buffer: list[bytes] = []
        self._response: web.StreamResponse | None = None

    async def stream(self, sent: Iterable[Sent]) -> web.StreamResponse:
        """Send it as it comes; what has no pause between goes out together."""
        for item in sent:
            match item:
                case bytes():
                    self._buffer.append(item)
                case Head(headers):
                    self._odd = headers
                case Pause(seconds):
                    await self._flush()
                    await silence(seconds)
                case Drop(reset):
                    await self._drop(reset)
                case Reply():
                    return self.reply(item)
        if self._odd:
            self._write_odd("text/event-stream", self._taken())
        response = await self.prepared()
        # With the end in the same write, a caller who leaves at `[DONE]` has seen both.
        await response.write_eof(self._taken())
        return response

    async def whole(
        self, steps: Iterable[Step], completion: Completion
    ) -> web.StreamResponse:
        """Send it in one piece; without `[DONE]`, only half of it."""
        chunks = []
        for step in steps:
            match step:
                case Head(headers):
                    self._odd = headers
                case Pause(seconds):
                    await silence(seconds)
                case Drop(reset):
                    await self._drop(reset)
                case Reply():
                    return self.reply(step)
                case ErrorEvent(message):
                    return self.reply(Reply(500, failure(message)))
                case _:
                    chunks.append(step)
        body = dumps(completion.whole(chunks))
        if Done() not in chunks:
            body = body[: len(body) // 2]
        if self._odd:
            self._write_odd("application/json", body.encode())
        return web.json_response(text=body, headers=self._headers)

    def reply(self, reply: Reply) -> web.Response:
        """One of the documented errors."""
        kind = {"content-type": "application/json; charset=utf-8"}
        return web.Response(
            text=None if reply.status == 204 else dumps(reply.body),
            status=reply.status,
            headers=self._headers | kind | {**reply.headers},
        )

    async def prepared(self) -> web.StreamResponse:
        if self._response is None:
            self._response = web.StreamResponse(headers=self._headers)
            self._response.content_type = "text/event-stream"
            self._response.charset = "utf-8"
            await self._response.prepare(self._request)
        return self._response

    async def _flush(self) -> None:
        if self._buffer and not self._odd:
            await (await self.prepared()).write(self._taken())

    def _taken(self) -> bytes:
        self._entry.chunks_sent += len(self._buffer)
        payload = b"".join(self._buffer)
        self._buffer.clear()
        return payload

    def _write_odd(self, kind: str, body: bytes) -> NoReturn:
        """The whole response; aiohttp would check its headers."""
        framing = {"content-type": kind, "content-length": str(len(body))}
        headers = {**self._headers, **self._odd, **framing, "connection": "close"}
        lines = [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join(["HTTP/1.1 200 OK", *lines, "", ""])
        if self._request.transport is not None:
            self._request.transport.write(head.encode() + body)
            self._request.transport.close()
        raise Aborted

    async def _drop(self, reset: bool) -> None:
        await self._flush()
        transport = self._request.transport
        if transport is None:
            raise ConnectionResetError
        if self._response is not None:
            transport.write(b'40\r\ndata: {"id":')  # Announces more than it brings.
            # A reset would overtake what the reader has not read yet.
            await silence(BEFORE_RESET, step=0.01)
        if reset:
            connection: socket.socket = transport.get_extra_info("socket")
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        transport.abort()
        raise Aborted
