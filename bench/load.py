"""Callers who ask, read to the end and see whether the answer is whole."""

import asyncio
import re
from dataclasses import dataclass

from bench.errors import BenchError

ANSWER_SECONDS = 60

# As the stand-in names its tokens; a chunk of HTTP never splits an event of either app.
_TOKEN = re.compile(rb'"(?:delta_)?content": ?" ?tok\d')


@dataclass(frozen=True, slots=True)
class Load:
    """So many answers, so many at a time, each of so many tokens."""

    answers: int
    callers: int
    tokens: int
    delay_ms: int = 0

    @property
    def chunks(self) -> int:
        """Content chunks that the upstream sends for all of it."""
        return self.answers * self.tokens

    @property
    def prompt(self) -> str:
        """What makes the stand-in answer like this."""
        return f"standin:answer tokens={self.tokens} delay_ms={self.delay_ms}"


async def apply(
    load: Load, *, port: int, path: str, body: bytes, ending: bytes
) -> None:
    """Ask for *load* with *body*; raises `BenchError` for an answer that is not whole.

    A whole one has each token, and *ending* once.
    """
    left = iter(range(load.answers))

    async def caller() -> None:
        for _ in left:
            answer = await _ask(port, path, body)
            _check(answer, load, ending, path)

    try:
        async with asyncio.TaskGroup() as callers:
            for _ in range(load.callers):
                callers.create_task(caller())
    except ExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _ask(port: int, path: str, body: bytes) -> bytes:
    """The raw response, read until the server closes."""
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nconnection: close\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head.encode() + body)
            answer = await reader.read()
            writer.close()
            return answer
    except OSError as exc:
        raise BenchError(f"{path}: {type(exc).__name__}: {exc}") from exc


def _check(answer: bytes, load: Load, ending: bytes, path: str) -> None:
    tokens = len(_TOKEN.findall(answer))
    whole = (
        answer.startswith(b"HTTP/1.1 200 ")
        and answer.endswith(b"\r\n0\r\n\r\n")
        and tokens == load.tokens
        and answer.count(ending) == 1
    )
    if not whole:
        raise BenchError(
            f"{path}: {tokens} tokens of {load.tokens}, expected {ending!r} once, in "
            f"{answer[:500]!r} … {answer[-500:]!r}"
        )
