"""One answer, read at the socket, and what is noted of all that one process reads."""

import asyncio
import re
import time
from array import array
from dataclasses import dataclass, field

from bench import clock

TAIL = 1024
"""Bytes kept of an answer's end, in which its ending has to be."""

STATUS = len("HTTP/1.1 200")


@dataclass(slots=True)
class Notes:
    """What the callers of a process have noted."""

    counted_from: float = 0
    """`time.monotonic()` before which no delay is noted."""
    answers: int = 0
    tokens: int = 0
    delays: array[int] = field(default_factory=lambda: array("L"))
    """Microseconds from the upstream's sending of a token to its reading here."""
    first: list[float] = field(default_factory=list)
    """Seconds from a caller's connect to its first token."""


class Answer(asyncio.Protocol):
    """What a server sends; `ended` is done once it closes the connection."""

    def __init__(self, notes: Notes, stamp: re.Pattern[bytes]) -> None:
        self._notes, self._stamp = notes, stamp
        self._began = time.monotonic()
        self._rest = b""
        self.status = b""
        self.tail = b""
        self.tokens = 0
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.status += data[: STATUS - len(self.status)]
        self.tail = (self.tail + data)[-TAIL:]
        data = self._rest + data
        found = [*self._stamp.finditer(data)]
        # Half of a token may be there already; a whole one is not counted again.
        after = found[-1].end() if found else 0
        self._rest = data[max(after, len(data) - clock.LONGEST) :]
        if found:
            self._note([each[1] for each in found])

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_result(None)

    def _note(self, found: list[bytes]) -> None:
        notes, moment = self._notes, time.monotonic()
        if not self.tokens:
            notes.first.append(moment - self._began)
        self.tokens += len(found)
        notes.tokens += len(found)
        if moment >= notes.counted_from:
            read = clock.now()
            notes.delays.extend(clock.since(each, read) for each in found)


async def read(
    port: int, request: bytes, notes: Notes, stamp: re.Pattern[bytes] = clock.STAMP
) -> Answer:
    """The answer to *request*, when it has ended; a cancellation leaves the server.

    Its tokens are what *stamp* finds.
    """
    answer = Answer(notes, stamp)
    transport, _ = await asyncio.get_running_loop().create_connection(
        lambda: answer, "127.0.0.1", port
    )
    try:
        transport.write(request)
        await answer.ended
    finally:
        transport.abort()
    return answer
