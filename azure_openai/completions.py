"""Chat completions as plain dictionaries, straight from the backends.

A stream's request and its chunks pass through neither the SDK nor httpx2, which cost
more than everything else together. What is raised is what the SDK would raise, and
anything that does not stream is the SDK's.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from inspect import signature
from types import TracebackType
from typing import Any, Self

import httpx2
import openai
import orjson
from pydantic import BaseModel

from azure_openai import backends, outcome, transport
from azure_openai.attempt import WHOLE_READ, Attempt, JsonRequest
from azure_openai.chunk_reader import ChunkReader, CompletionChunk
from azure_openai.connection import Timeouts, connector
from azure_openai.failover import first_answer
from azure_openai.reply import Reply
from azure_openai.template import ChunkTemplate, only_text
from azure_openai.transport import SdkErrors
from settings import Settings
from streaming.errors import RateLimited
from streaming.sse import DataDecoder
from streaming.upstream_errors import (
    UpstreamAuth,
    UpstreamError,
    UpstreamIncomplete,
    UpstreamTimeout,
)

DRAIN_SECONDS = 0.1
"""Seconds to wait for the body's end after `[DONE]`, to reuse the connection."""

PATH = "chat/completions"

PARAMETERS = signature(
    openai.resources.chat.completions.AsyncCompletions.create
).parameters.keys()
"""What the SDK's `create` takes; it raises `TypeError` for anything else."""

ExtraHeaders = Mapping[str, str | openai.Omit]
ExtraQuery = Mapping[str, object]
CallTimeout = (
    float
    | tuple[float | None, float | None, float | None, float | None]
    | httpx2.Timeout
    | None
)


class Completions:
    """Stands in for the `chat.completions` of *client*; streams dictionaries."""

    def __init__(self, client: openai.AsyncOpenAI, settings: Settings) -> None:
        self._client, self._settings = client, settings
        self._completions = client.chat.completions
        self._backends = backends.of(settings)
        self._connect = connector(settings)
        self._limits = transport.attempt_limits(settings, streamed=True)
        self._timeouts = transport.default_timeouts(settings)
        self._query = client.qs.stringify(_without_omitted(client.default_query))
        self._default_headers: list[tuple[str, str]] | None = None
        client.platform_headers()  # They are looked up once, which blocks.

    def __getattr__(self, name: str) -> object:
        return getattr(self._completions, name)

    async def create(self, **payload: Any) -> object:
        """As the SDK's; with `stream=True` a `ChunkStream` that is already open."""
        if not payload.get("stream") or not payload.keys() <= PARAMETERS:
            return await self._completions.create(**payload)
        request = self._request(**payload)
        attempt = Attempt(self._connect(), request)
        errors = SdkErrors(self._client, self._settings, attempt, request)
        try:
            reply = await first_answer(self._backends, attempt, self._limits)
            if not 200 <= reply.status < 300:
                raise await errors.of_status(reply)
        except UpstreamAuth:
            raise
        except RateLimited as exc:
            raise errors.busy(exc) from exc
        except (UpstreamTimeout, UpstreamError) as exc:
            raise errors.lost(exc) from exc
        return ChunkStream(reply, errors, attempt.upstream)

    def _request(
        self,
        *,
        extra_headers: ExtraHeaders | None = None,
        extra_query: ExtraQuery | None = None,
        extra_body: Mapping[str, object] | None = None,
        timeout: CallTimeout | openai.NotGiven = openai.not_given,
        **payload: object,
    ) -> JsonRequest:
        query, timeouts = self._query, self._timeouts
        if extra_query:
            given = _without_omitted({**self._client.default_query, **extra_query})
            query = self._client.qs.stringify(given)
        if not isinstance(timeout, openai.NotGiven):
            timeouts = _timeouts(timeout)
        return JsonRequest(
            path=f"{PATH}?{query}" if query else PATH,
            headers=self._headers(extra_headers or {}, timeouts.read),
            content=_dumps(_without_omitted({**payload, **(extra_body or {})})),
            streamed=True,
            timeouts=timeouts,
        )

    def _headers(
        self, given: ExtraHeaders, read: float | None
    ) -> list[tuple[str, str]]:
        if self._default_headers is None:
            self._default_headers = self._merged({}, self._timeouts.read)
        if not given and read == self._timeouts.read:
            return self._default_headers
        return self._merged(given, read)

    def _merged(self, given: ExtraHeaders, read: float | None) -> list[tuple[str, str]]:
        limit = openai.omit if read is None else str(read)
        headers = {
            **self._client.default_headers,
            "x-stainless-retry-count": "0",
            "x-stainless-read-timeout": limit,
        }
        merged = {name.lower(): value for name, value in headers.items()}
        merged |= {name.lower(): value for name, value in given.items()}
        return [
            (name, value) for name, value in merged.items() if isinstance(value, str)
        ]


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


def _without_omitted(values: Mapping[str, object]) -> dict[str, Any]:
    omitted = (openai.Omit, openai.NotGiven)
    return {
        name: value for name, value in values.items() if not isinstance(value, omitted)
    }


def _timeouts(timeout: CallTimeout) -> Timeouts:
    if timeout is None or isinstance(timeout, int | float):
        return Timeouts(timeout, timeout)
    if isinstance(timeout, tuple):
        timeout = httpx2.Timeout(timeout)
    return Timeouts(timeout.connect, timeout.read)


def _dumps(body: dict[str, object]) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError:
        # An integer of more than 64 bits, half a surrogate pair, or what the SDK knows.
        return json.dumps(body, separators=(",", ":"), default=_plain).encode()


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True, exclude_unset=True)
    raise TypeError(f"a {type(value).__name__} is no JSON")
