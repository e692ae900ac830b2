"""An upstream that answers with bytes given in advance, down to the last one."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

Pieces = Sequence[bytes | float | asyncio.Event]

STREAM = {"content-type": "text/event-stream; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it came."""

    target: str
    headers: list[tuple[str, str]]
    body: bytes

    def values(self, name: str) -> list[str]:
        """All that the header *name* has."""
        return [value for key, value in self.headers if key == name]


@dataclass
class Replay:
    """Answers each request with *pieces*, one chunk each.

    It pauses for a number's seconds, or until an event is set.

    *whole* is whether the body then ends as it should.
    """

    pieces: Pieces = ()
    status: int = 200
    headers: Sequence[tuple[str, str]] = tuple(STREAM.items())
    whole: bool = True
    requests: list[Received] = field(default_factory=list)
    written: int = 0
    wrote: asyncio.Event = field(default_factory=asyncio.Event)
    closed: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        """Serve it; gives its URL."""
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        try:
            yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        finally:
            server.close()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            try:
                await self._read(reader)
                await self._write(reader, writer)
            finally:
                self.closed.set()
                writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.strip().split("\r\n")
        pairs = [line.partition(":") for line in lines]
        headers = [(name.lower(), value.strip()) for name, _, value in pairs]
        length = int(dict(headers).get("content-length", 0))
        body = await reader.readexactly(length)
        self.requests.append(Received(first.split()[1], headers, body))

    async def _end(self, reader: asyncio.StreamReader) -> None:
        """Wait for the caller to leave, who may do so with something unread."""
        with suppress(ConnectionError):
            await reader.read()

    async def _write(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        head = [f"HTTP/1.1 {self.status} Replayed", "transfer-encoding: chunked"]
        head += [f"{name}: {value}" for name, value in self.headers]
        writer.write("\r\n".join([*head, "connection: close", "\r\n"]).encode())
        left = asyncio.create_task(self._end(reader))
        for piece in self.pieces:
            if left.done():
                return
            if isinstance(piece, bytes):
                writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
                await writer.drain()
                self.written += len(piece)
                self.wrote.set()
            elif isinstance(piece, asyncio.Event):
                told = asyncio.create_task(piece.wait())
                await asyncio.wait({left, told}, return_when=asyncio.FIRST_COMPLETED)
                told.cancel()
            else:
                await asyncio.wait({left}, timeout=piece)
        if self.whole:
            writer.write(b"0\r\n\r\n")
        left.cancel()
