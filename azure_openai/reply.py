"""A backend's answer, as it arrives."""

from collections.abc import Callable, Mapping

import aiohttp

from azure_openai import outcome
from azure_openai.target import Target
from settings.backends import Backend
from streaming.events import Usage
from streaming.upstream_errors import UpstreamError, UpstreamTimeout

RawHeaders = list[tuple[bytes, bytes]]


class Reply:
    """A backend's answer whose head has arrived; its owner must close it."""

    def __init__(
        self, response: aiohttp.ClientResponse, backend: Backend, target: Target
    ) -> None:
        self.target = target
        self._response, self._content = response, response.content
        self._read_already: list[bytes] = []
        self.backend = backend
        self.region = outcome.region(response.headers) or backend.region or ""
        self.status, self.reason = response.status, response.reason or ""
        self.named: Mapping[str, str] = response.headers
        # What is compressed all the same passes unread.
        self.encoding = response.headers.get("content-encoding", "identity")
        self.plain = plain = self.encoding == "identity"
        self.succeeded = 200 <= response.status < 300
        streams = response.content_type == "text/event-stream"
        self.streams = streams and plain and self.succeeded
        self.is_json = response.content_type == "application/json" and plain

    @property
    def headers(self) -> RawHeaders:
        """All but its cookies: callers share the connections."""
        raw = self._response.raw_headers
        return [each for each in raw if each[0].lower() != b"set-cookie"]

    @property
    def ended(self) -> bool:
        """Whether all of it has been read, and it was whole."""
        return self._content.at_eof() and not self._read_already

    async def read(self) -> bytes:
        """What has arrived; `b""` at the end.

        Raises `UpstreamTimeout` if nothing does in time, and `UpstreamError` if the
        connection breaks.
        """
        if self._read_already:
            return self._read_already.pop(0)
        try:
            return await self._content.readany()
        except (aiohttp.ClientError, OSError) as exc:
            # What came before the connection broke is still to be had, but not asked
            # for in public: aiohttp raises first.
            if left := self._content._read_nowait(-1):
                return left
            if isinstance(exc, aiohttp.ServerTimeoutError):  # Not the kernel's own.
                raise UpstreamTimeout("The model fell silent.") from exc
            raise UpstreamError("The connection to the model was lost.") from exc

    async def peek(self, enough: Callable[[bytes], bool]) -> bytes:
        """What arrives until a piece is *enough*; `read` gives it all the same.

        The end is a piece too, `b""`.
        """
        pieces: list[bytes] = []
        while True:
            piece = await self.read()
            if piece:
                pieces.append(piece)
            if enough(piece) or not piece:
                self._read_already = pieces
                return b"".join(pieces)

    async def peek_bytes(self, limit: int) -> bytes:
        """The first *limit* bytes or more, which `read` gives all the same."""
        left = limit

        def enough(piece: bytes) -> bool:
            nonlocal left
            left -= len(piece)
            return left <= 0

        return await self.peek(enough)

    def note(self, usage: Usage | None) -> None:
        """Note that the model reasons if it has counted any such token in *usage*."""
        if usage is not None and usage.reasoning_tokens:
            self.target.thinks = True

    def close(self) -> None:
        """Close the connection, unless the answer has ended."""
        self._response.close()
