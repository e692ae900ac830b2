"""Chat completions as plain dictionaries, through the OpenAI SDK.

The SDK sends the request, so that its URLs, headers and errors are what they always
are; but the chunks of a stream are decoded here, without the two pydantic passes a
chunk that cost more than everything else together.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import httpx2
import openai

from azure_openai import outcome
from azure_openai.tool_calls import ToolCallLimit
from azure_openai.transport import truthful
from streaming.errors import UpstreamIncomplete
from streaming.sse import DataDecoder

DRAIN_SECONDS = 0.1
"""How long the body's end may take after `[DONE]` to have its connection reused."""

Chunk = dict[str, Any]


class Completions:
    """Stands in for the SDK's `chat.completions`; `create` streams dictionaries."""

    def __init__(self, completions: Any) -> None:
        self._completions = completions

    def __getattr__(self, name: str) -> Any:
        return getattr(self._completions, name)

    async def create(self, **payload: Any) -> Any:
        """As the SDK's; with `stream=True` a `ChunkStream` that is already open."""
        if not payload.get("stream"):
            return await self._completions.create(**payload)
        opening = self._completions.with_streaming_response.create(**payload)
        response = await opening.__aenter__()
        return ChunkStream(response.http_response)


class ChunkStream:
    """The chunks of one streamed completion; closing it closes the connection.

    The first one says who answered: `deployment`, `backend` and `region` of `upstream`.
    A choice without `delta` gets an empty one. Raises what the SDK raises: `APIError`
    for an error in the stream, `APIConnectionError` and `APITimeoutError` for a lost
    one; and where there is nothing in it, of which LangChain would make its own fault,
    `UpstreamIncomplete`; `UpstreamError` once it asks too much of tools.
    """

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._upstream = response.request.extensions["upstream"]
        self._limit = ToolCallLimit()
        self._chunks = self._iterate()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> AsyncIterator[Chunk]:
        return self._chunks

    async def aclose(self) -> None:
        """Close the connection; what was not read is not read any more."""
        await self.response.aclose()

    async def _iterate(self) -> AsyncGenerator[Chunk]:
        decoder = DataDecoder()
        reads = self.response.aiter_bytes()
        told = False
        try:
            async for read in reads:
                for data in decoder.feed(read):
                    if data.startswith(b"[DONE]"):
                        await self._drain(reads)
                        if not told:
                            raise self._nothing()
                        return
                    chunk = self._chunk(data)
                    if not told:
                        chunk["upstream"], told = self._upstream, True
                    yield chunk
            if not told:
                raise self._nothing()
        except httpx2.RequestError as exc:
            raise _as_sdk_error(truthful(exc), self.response.request) from exc
        except ValueError as exc:
            raise self._error("The stream is not what it should be.", None) from exc
        finally:
            await self.response.aclose()

    async def _drain(self, reads: AsyncIterator[bytes]) -> None:
        with suppress(TimeoutError, httpx2.RequestError):
            async with asyncio.timeout(DRAIN_SECONDS):
                async for _ in reads:
                    pass

    def _chunk(self, data: bytes) -> Chunk:
        chunk = outcome.loads(data)
        if not isinstance(chunk, dict):
            raise ValueError("not an object")
        if error := chunk.get("error"):
            message = error.get("message") if isinstance(error, dict) else None
            raise self._error(
                str(message or "An error occurred during streaming"), error
            )
        choices = chunk.get("choices") or []
        if not isinstance(choices, list):
            raise ValueError("no choices")
        for choice in choices:
            if not isinstance(choice, dict):
                raise ValueError("no choice")
            choice["delta"] = delta = choice.get("delta") or {}
            if not isinstance(delta, dict):
                raise ValueError("no delta")
            self._limit.add_delta(delta)
        return chunk

    def _nothing(self) -> Exception:
        kind = self.response.headers.get("content-type", "").lower()
        # Without anything in it, an answer is of no kind.
        empty = not self.response.num_bytes_downloaded
        if not empty and not kind.startswith("text/event-stream"):
            return self._error("The answer is no stream.", None)
        return UpstreamIncomplete("The model's answer ended before it began.")

    def _error(self, message: str, body: object) -> openai.APIError:
        return openai.APIError(message, self.response.request, body=body)


def _as_sdk_error(exc: httpx2.RequestError, request: httpx2.Request) -> openai.APIError:
    if isinstance(exc, httpx2.TimeoutException):
        return openai.APITimeoutError(request=request)
    return openai.APIConnectionError(request=request)
