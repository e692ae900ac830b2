"""Bytes to a server and what comes back, over a plain socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httptools

BOUND_SECONDS = 20


@dataclass
class Answer:
    """One response, read to its end or as far as it came."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    ended: bool = False
    """Whether the whole of it came."""

    def header(self, name: str) -> str | None:
        """The first header of that name."""
        return next((value for key, value in self.headers if key == name), None)

    def json(self) -> Any:
        return json.loads(self.body)


class _Reader:
    """Receives what the parser finds; an interim response (1xx) is passed over."""

    def __init__(self) -> None:
        self.answer = Answer()
        self.parser = httptools.HttpResponseParser(self)

    def on_header(self, name: bytes, value: bytes) -> None:
        pair = (name.decode("latin-1").lower(), value.decode("latin-1"))
        self.answer.headers.append(pair)

    def on_headers_complete(self) -> None:
        self.answer.status = self.parser.get_status_code()

    def on_body(self, body: bytes) -> None:
        self.answer.body += body

    def on_message_complete(self) -> None:
        if self.answer.status >= 200:
            self.answer.ended = True
        else:
            self.answer = Answer()


class Connection:
    """One connection; `closed` is whether the server has ended it."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader, self._writer = reader, writer
        self.closed = False

    def write(self, data: bytes) -> None:
        """Send *data*, as soon as it can be."""
        self._writer.write(data)

    def write_eof(self) -> None:
        """Send nothing more."""
        self._writer.write_eof()

    async def answer(self) -> Answer:
        """The next answer, or what came of it before the server closed."""
        reading = _Reader()
        async with asyncio.timeout(BOUND_SECONDS):
            while not reading.answer.ended and (data := await self._read()):
                try:
                    reading.parser.feed_data(data)
                except httptools.HttpParserError:
                    if not reading.answer.ended:  # Else it is the answer after this.
                        raise
        return reading.answer

    async def end(self) -> None:
        """Wait until the server closes."""
        async with asyncio.timeout(BOUND_SECONDS):
            while await self._read():
                pass

    async def _read(self) -> bytes:
        try:
            data = await self._reader.read(65_536)
        except ConnectionError:
            data = b""
        self.closed = not data
        return data


@asynccontextmanager
async def connect(url: str) -> AsyncIterator[Connection]:
    """A connection to *url*'s server, cut at the end of the block."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()


async def exchange(url: str, request: bytes) -> Answer:
    """What one request, sent in one piece, is answered with."""
    async with connect(url) as connection:
        connection.write(request)
        return await connection.answer()


def head(path: str, *headers: str, method: str = "POST") -> bytes:
    """A request's head, ended."""
    lines = [f"{method} {path} HTTP/1.1", "host: test", *headers, "", ""]
    return "\r\n".join(lines).encode("latin-1")
