"""The chunks of a streamed completion, as they come from a backend."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from types import TracebackType
from typing import Self

import httpx2

from azure_openai import outcome, transport
from azure_openai.attempt import WHOLE_READ
from azure_openai.chunk_reader import ChunkReader, CompletionChunk
from azure_openai.reply import Reply
from azure_openai.template import ChunkTemplate, only_text
from azure_openai.transport import SdkErrors
from streaming.sse import DataDecoder
from streaming.upstream_errors import (
    UpstreamError,
    UpstreamIncomplete,
    UpstreamTimeout,
)

DRAIN_SECONDS = 0.1
"""Seconds to wait for the body's end after `[DONE]`, to reuse the connection."""


class ChunkStream:
    """The chunks of one streamed completion; closing it closes the connection.

    The first chunk has `upstream`: the answering `deployment`, `backend`, `region`; the
    last one has the usage. Raises what the SDK and `ChunkReader` raise: `APIError` for
    an error in the stream, `APIConnectionError` and `APITimeoutError` for a lost one.
    Raises `UpstreamIncomplete` for an empty stream, for which LangChain would raise an
    error of its own.
    """

    def __init__(
        self, reply: Reply, errors: SdkErrors, upstream: Mapping[str, str | None]
    ) -> None:
        self._reply, self._errors, self._upstream = reply, errors, upstream
        self._read = _reader(reply)
        self._chunks = ChunkReader(errors)
        self._done = False
        self._lost: Exception | None = None
        self.whole = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def __aiter__(self) -> AsyncIterator[CompletionChunk]:
        self.whole = True
        async with aclosing(self.pieces()) as chunks:
            async for chunk in chunks:
                if not isinstance(chunk, str):
                    yield chunk

    async def aclose(self) -> None:
        self._reply.close()

    async def pieces(self) -> AsyncGenerator[str | CompletionChunk]:
        """The chunks, of those with text and nothing else only their text.

        One read's are given without a pause, then the event loop gets its turn. The
        first one is always whole; set `whole` to have all others whole as well.
        """
        decoder, template, chunks = DataDecoder(), ChunkTemplate(), self._chunks
        told, body = False, b""
        try:
            while not self._done and (read := await self._next()):
                if not told and len(body) < WHOLE_READ:
                    body += read
                for data in decoder.feed(read):
                    if not self.whole and (text := template.text(data)) is not None:
                        yield text
                        continue
                    if data.startswith(b"[DONE]"):
                        self._done = True
                        break
                    if (chunk := chunks.read(data)) is None:
                        continue
                    if not told:
                        chunk["upstream"], told = self._upstream, True
                    elif not self.whole and (text := only_text(chunk)):
                        template.learn(data, chunk)
                        yield text
                        continue
                    yield chunk
            for last in self._last(body, told=told):
                yield last
            await self._end()
        except (ValueError, RecursionError) as exc:
            raise self._errors.in_stream("The stream is not what it should be.") from (
                exc
            )
        finally:
            self._reply.close()

    async def _next(self) -> bytes:
        """What has arrived; `b""` at the end, which `_end` tells from a loss."""
        try:
            return await self._read()
        except (UpstreamTimeout, UpstreamError, httpx2.RequestError) as exc:
            self._lost = exc
            return b""

    async def _end(self) -> None:
        if self._lost is not None:
            raise self._errors.lost(self._lost) from self._lost
        if self._done:
            await self._drain()

    async def _drain(self) -> None:
        if self._reply.ended:
            return
        with suppress(TimeoutError, UpstreamError, UpstreamTimeout):
            async with asyncio.timeout(DRAIN_SECONDS):
                while await self._reply.read():
                    pass

    def _last(self, body: bytes, *, told: bool) -> list[CompletionChunk]:
        """What the end of the stream shows: the usage, or that it was no stream."""
        last: list[CompletionChunk] = []
        if not (told or self._lost) and body.lstrip()[:1] == b"{":
            # All of an answer that should have streamed is its only chunk.
            last += filter(None, [self._chunks.read(body)])
        if counted := self._chunks.counted():
            self._reply.note(outcome.usage(counted["usage"]))
            last.append(counted)
        if last and not told:
            last[0]["upstream"] = self._upstream
        if not (last or told or self._lost):
            raise self._nothing(body)
        return last

    def _nothing(self, body: bytes) -> Exception:
        kind = self._reply.named.get("content-type", "").lower()
        # Without anything in it, an answer is of no kind.
        if body and not kind.startswith("text/event-stream"):
            return self._errors.in_stream("The answer is no stream.")
        return UpstreamIncomplete("The model's answer ended before it began.")


def _reader(reply: Reply) -> Callable[[], Awaitable[bytes]]:
    """The function that reads *reply*, and decodes it if the backend compressed it."""
    if reply.plain:
        return reply.read
    stream = transport.ReplyStream(reply)
    response = httpx2.Response(200, headers=reply.headers, stream=stream)
    decoded = response.aiter_bytes()
    return lambda: anext(decoded, b"")
