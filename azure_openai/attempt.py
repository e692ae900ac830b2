"""How one request is sent to a backend, and what its answer says of that backend."""

import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from azure_openai import failure, refusals
from azure_openai.failover import Told
from azure_openai.failure import (
    CUT,
    LOST,
    NO_ANSWER,
    NO_CREDENTIAL,
    SILENT,
    UNREACHABLE,
    BackendFailure,
)
from azure_openai.peek import STRANGE, Peek, examine_whole
from azure_openai.refusals import Fitting, Refusals, with_model
from settings.backends import Backend
from streaming.large import off_loop
from streaming.upstream_errors import (
    ConnectTimeout,
    UpstreamAuth,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnreachable,
)

if TYPE_CHECKING:
    # aiohttp takes a tenth of a second to import, which every cold start would pay.
    from azure_openai.connection import Connections, Timeouts
    from azure_openai.reply import Reply

WHOLE_READ = 1024 * 1024
"""Bytes up to which an answer that does not stream is read before it is judged."""


INFLATED = ("gzip", "deflate")
"""The encodings that the standard library decodes."""


class BackendRequest(Protocol):
    """One request, whichever backend it goes to.

    `path` is as `Target.url` takes it, the names of `headers` are in lower case.
    `streamed` is whether the answer should be a stream, `own_version` whether the API's
    version is this server's, not one that a caller has named.
    """

    @property
    def method(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def headers(self) -> Sequence[tuple[str, str]]: ...
    @property
    def streamed(self) -> bool: ...
    @property
    def own_version(self) -> bool: ...
    @property
    def timeouts(self) -> "Timeouts | None": ...

    @property
    def size(self) -> int: ...

    def fit(self, backend: Backend, refusals: Refusals) -> Fitting: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class JsonRequest:
    """A request of a chain's, whose body may be changed for a backend that wants it.

    *whole* is whether an answer that should stream is read as well if it does not.
    """

    path: str
    headers: Sequence[tuple[str, str]]
    content: bytes
    streamed: bool
    timeouts: "Timeouts | None"
    method: str = "POST"
    own_version: bool = True
    whole: bool = True

    @property
    def size(self) -> int:
        return len(self.content)

    def fit(self, backend: Backend, refusals: Refusals) -> Fitting:
        content = self.content
        if backend.v1 or self.path.startswith("/"):  # It is not in the path.
            content = with_model(content, backend.deployment)
        return refusals.fit(content, whole=self.whole)


def _nobody(backend: Backend) -> None:
    pass


class Attempt:
    """Sends *request* to whichever backend is chosen, and tells its answers apart.

    *note* gets each backend before it is asked. `backend` is the one asked last, `sent`
    the body that it got, and `nothing` is whether the last answer that was examined
    ended without having said anything.
    """

    def __init__(
        self,
        connections: "Connections",
        request: BackendRequest,
        note: Callable[[Backend], None] = _nobody,
    ) -> None:
        self._connections, self._request, self._note = connections, request, note
        self.backend: Backend | None = None
        self.sent = b""
        self.nothing = False
        self._region = ""

    async def ask(self, backend: Backend) -> "Reply":
        """Send the request, again if a field is refused that can be sent otherwise."""
        self.backend, self._region = backend, backend.region or ""
        self._note(backend)
        known = self._connections.target(backend).refusals
        size = self._request.size
        fitted = await off_loop(size, partial(self._request.fit, backend, known))
        reply = await self._send(backend, fitted.content)
        while reply.status in refusals.STATUSES and fitted.amendable:
            with ExitStack() as stack:
                stack.callback(reply.close)
                said = await reply.peek_bytes(refusals.MAX_READ)
                if not await off_loop(size, partial(fitted.amend, said)):
                    stack.pop_all()
                    return reply
            reply = await self._send(backend, fitted.content)
        if reply.status < 400:
            await off_loop(size, fitted.accepted)
        return reply

    async def _send(self, backend: Backend, content: bytes) -> "Reply":
        self.sent = content
        reply = await self._connections.send(backend, self._request, content)
        self._region = reply.region
        return reply

    @property
    def upstream(self) -> Mapping[str, str | None]:
        """The backend asked last, by the names of records; empty if none was."""
        if self.backend is None:
            return {}
        return {
            "deployment": self._connections.target(self.backend).deployment,
            "backend": self.backend.address,
            "region": self._region or None,
        }

    async def examine(self, reply: "Reply") -> BackendFailure | None:
        """Read *reply* until it says something; its reader gets all of it."""
        found = await self._examine(reply)
        self.nothing = found is CUT
        return found

    async def _examine(self, reply: "Reply") -> BackendFailure | None:
        if not reply.succeeded:
            found = failure.of_status(reply.status, reply.named)
            if found and reply.status == 404 and not self._request.own_version:
                return failure.NO_SUCH_VERSION
            return found
        if reply.streams:
            peek = Peek()
            await reply.peek(peek.feed)
            return peek.failure
        if self._request.streamed and reply.encoding in INFLATED and self._decodes:
            return await _peek_inflated(reply)
        return await self.whole(reply)

    @property
    def _decodes(self) -> bool:
        """Whether the answer is decoded here if a backend compresses it unasked."""
        return isinstance(self._request, JsonRequest)

    @property
    def _reads_whole(self) -> bool:
        return isinstance(self._request, JsonRequest) and self._request.whole

    async def whole(self, reply: "Reply") -> BackendFailure | None:
        """What is wrong with *reply*, which does not stream; its reader gets all of it.

        What is compressed passes unread, unless it is empty.
        """
        streamed = self._request.streamed
        waits = reply.is_json or not (reply.plain or streamed)
        body = await reply.peek_bytes(WHOLE_READ if waits else 1)
        if not body:
            return CUT
        if not reply.plain or len(body) >= WHOLE_READ:
            return None
        if not reply.is_json:
            return NO_ANSWER
        found = examine_whole(body) if self._answers else None
        return found or (NO_ANSWER if streamed and not self._reads_whole else None)

    @property
    def _answers(self) -> bool:
        """Whether an empty answer can be told from others; a file's cannot."""
        operation = self._request.path.partition("?")[0]
        return operation.endswith(("chat/completions", "embeddings", "responses"))

    def is_patient(self, reply: "Reply") -> bool:
        """A model that thinks in silence would be asked, and paid, once more."""
        return reply.streams and reply.target.thinks

    def explain(self, error: Exception) -> BackendFailure | None:
        match error:
            case ConnectTimeout() | UpstreamUnreachable():
                return UNREACHABLE
            case UpstreamTimeout():
                return SILENT
            case UpstreamAuth():
                return NO_CREDENTIAL
            case UpstreamError():
                return LOST
            case _:
                return None

    def told(self, reply: "Reply") -> Told:
        found = None
        if not reply.succeeded:
            found = failure.of_status(reply.status, reply.named)
        return Told(reply.status, reply.region, found)

    async def close(self, reply: "Reply") -> None:
        reply.close()


async def _peek_inflated(reply: "Reply") -> BackendFailure | None:
    """The failure of a compressed stream; `STRANGE` if it cannot be decompressed."""
    peek, inflating = Peek(), zlib.decompressobj(zlib.MAX_WBITS | 32)

    def feed(piece: bytes) -> bool:
        data = inflating.decompress(piece)
        return peek.feed(data) if data or not piece else False

    try:
        await reply.peek(feed)
    except zlib.error:
        return STRANGE
    return peek.failure
