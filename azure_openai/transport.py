"""The SDK's HTTP client, whose requests go to one backend after another."""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing, suppress
from contextvars import ContextVar
from functools import partial
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import aiohttp
import httpx2
import openai
from openai._vendor.httpx_aiohttp.transport import AiohttpTransport

from azure_openai import (
    backends,
    credentials,
    failure,
    outcome,
    refusals,
    token_limit,
)
from azure_openai.credentials import Credential
from azure_openai.failover import Patience, first_answer
from azure_openai.failure import CUT, LOST, NO_ANSWER, NO_CREDENTIAL, SILENT, Trouble
from azure_openai.legible import legible
from azure_openai.peek import Peek, examine_whole
from azure_openai.refusals import Refusals
from settings import Settings
from settings.backends import Backend
from streaming.errors import RateLimited, UpstreamAuth, UpstreamIncomplete

Send = Callable[..., Awaitable[httpx2.Response]]
Upstream = Mapping[str, str | None]

answered: ContextVar[Upstream] = ContextVar("answered")
"""Who answered the last request of this task: `deployment`, `backend`, `region`."""


class Client(openai.DefaultAioHttpClient):
    """Sends each request to the first backend that answers, with its credential.

    It keeps no cookies: callers share it, and a backend's are not for another one.
    Who was asked last is then the extension `upstream` of the request that is in the
    response, or in the error.
    """

    def __init__(self, settings: Settings, **more: Any) -> None:
        super().__init__(
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())), **more
        )
        for transport in (self._transport, *self._mounts.values()):
            # What a host has no proxy for is mounted as `None`.
            if isinstance(transport, AiohttpTransport):
                transport.client = partial(_session, transport)
        self._settings, self._backends = settings, backends.of(settings)
        self._targets = {
            backend: Target(settings, backend) for backend in settings.backends
        }
        self._first = self._targets[self._backends.first]

    async def send(
        self, request: httpx2.Request, *, stream: bool = False, **kwargs: Any
    ) -> httpx2.Response:
        send = partial(super().send, stream=True, **kwargs)
        asking = _Asking(send, request, stream, self._targets, self._first)
        patience = Patience(
            each=self._settings.backend_timeout_seconds,
            all=self._settings.first_token_timeout_seconds,
            streamed=stream,
        )
        try:
            answer = await first_answer(self._backends, asking, patience)
        except RateLimited as error:
            # The SDK makes its own exception of it, as of an upstream's.
            body = {"error": {"code": "429", "message": error.message}}
            headers = dict(error.headers())
            return httpx2.Response(429, headers=headers, json=body, request=request)
        upstream = answer.request.extensions["upstream"]
        if region := outcome.region(answer.headers):
            upstream = {**upstream, "region": region}
            answer.request.extensions["upstream"] = upstream
        answered.set(upstream)
        if not answer.is_success:
            return await legible(answer)
        if not stream and _examine_whole(answer) is CUT:
            raise UpstreamIncomplete("The model's answer ended before it began.")
        return answer


def _session(transport: AiohttpTransport) -> aiohttp.ClientSession:
    """As *transport* itself opens one, but without cookies."""
    connector = aiohttp.TCPConnector(
        limit=transport.limits.max_connections or 0,
        keepalive_timeout=transport.limits.keepalive_expiry,
        ssl=transport.ssl_context,
    )
    jar = aiohttp.DummyCookieJar()
    return aiohttp.ClientSession(connector=connector, cookie_jar=jar)


class Target:
    """A backend as the SDK's client asks it; `upstream` is what records say of it."""

    def __init__(self, settings: Settings, backend: Backend) -> None:
        self.base = str(httpx2.URL(backends.base_url(settings, backend)))
        self.auth = _Auth(credentials.build(settings, backend))
        self.upstream: Upstream = {
            # Others than Azure are asked for whatever model a request names.
            "deployment": backend.deployment if settings.azure else None,
            "backend": backend.host,
            "region": backend.region,
        }
        self.refusals = Refusals(token_limit.usual(settings, backend))


class _Auth(httpx2.Auth):
    """Puts this server's credential, and no other, into each request.

    SDKs look for credentials in the environment by themselves; whatever they found is
    taken out again.
    """

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        for name in credentials.HEADERS:
            request.headers.pop(name, None)
        request.headers.update(await self._credential.headers())
        yield request


class _Asking:
    """One request; how it is sent, and how its answers are told apart."""

    def __init__(
        self,
        send: Send,
        request: httpx2.Request,
        stream: bool,
        targets: dict[Backend, Target],
        first: Target,
    ) -> None:
        self._send, self._request, self._stream = send, request, stream
        self._targets, self._first = targets, first

    async def ask(self, backend: Backend) -> httpx2.Response:
        """Send it; if a field is refused that can be sent otherwise, once more."""
        target = self._targets[backend]
        self._request.extensions["upstream"] = target.upstream
        fitted = target.refusals.fit(await self._request.aread())
        answer = await self._post(target, fitted.content)
        while answer.status_code in refusals.STATUSES:
            if not fitted.amend(await answer.aread()):
                return answer
            answer = await self._post(target, fitted.content)
        if answer.status_code < 400:
            fitted.accepted()
        return answer

    async def _post(self, target: Target, content: bytes) -> httpx2.Response:
        request = self._request
        headers = request.headers.copy()
        for name in ("host", "content-length"):
            headers.pop(name, None)
        sent = httpx2.Request(
            request.method,
            target.base + str(request.url).removeprefix(self._first.base),
            headers=headers,
            content=content,
            # Not the SDK's own, by which it takes the key out of what is sent to
            # another host than it thinks: it is for redirects, which nobody follows.
            extensions={
                name: request.extensions[name]
                for name in ("timeout", "upstream")
                if name in request.extensions
            },
        )
        try:
            answer = await self._send(sent, auth=target.auth)
            if answer.status_code in (400, 422):
                return await legible(answer)
            if answer.is_success and not self._stream:
                await answer.aread()
            return answer
        except httpx2.TransportError as exc:
            raise truthful(exc) from exc
        except aiohttp.ClientError as exc:
            # The SDK's transport does not know what is no HTTP.
            raise httpx2.RemoteProtocolError(str(exc)) from exc

    async def examine(self, answer: httpx2.Response) -> Trouble | None:
        """Read *answer* until it says something, to be read again by who asked."""
        if not answer.is_success:
            return failure.of_status(answer.status_code, answer.headers)
        if not self._stream:
            return _examine_whole(answer)
        try:
            return await _peek(answer)
        except httpx2.RequestError as exc:
            raise truthful(exc) from exc

    def explain(self, error: Exception) -> Trouble | None:
        match error:
            case httpx2.TimeoutException():
                return SILENT
            case httpx2.RequestError():
                return LOST
            case UpstreamAuth():
                return NO_CREDENTIAL
            case _:
                return None

    async def close(self, answer: httpx2.Response) -> None:
        await answer.aclose()


def _examine_whole(answer: httpx2.Response) -> Trouble | None:
    if not answer.content:
        return CUT
    kind = answer.headers.get("content-type", "").lower()
    if not kind.startswith("application/json"):
        return NO_ANSWER
    return examine_whole(answer.content)


async def _peek(answer: httpx2.Response) -> Trouble | None:
    peek, read, stream = Peek(), list[bytes](), answer.stream
    assert isinstance(stream, httpx2.AsyncByteStream)
    reads = aiter(stream)

    async def noted() -> AsyncGenerator[bytes]:
        async for piece in reads:
            read.append(piece)
            yield piece

    # What is compressed is decoded here, and passed on as it is.
    decoded = httpx2.Response(200, headers=answer.headers.raw, content=noted())
    async with aclosing(decoded.aiter_bytes()) as pieces:
        while not peek.decided:
            peek.feed(await anext(pieces, b""))
    answer.stream = _Replay(read, reads, stream)
    return peek.trouble


class _Replay(httpx2.AsyncByteStream):
    """What has been *read* of *stream*, then the rest, without a step between."""

    def __init__(
        self,
        read: list[bytes],
        reads: AsyncIterator[bytes],
        stream: httpx2.AsyncByteStream,
    ) -> None:
        self._read, self._reads, self._stream = read, reads, stream

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    def __anext__(self) -> Awaitable[bytes]:
        return self._again() if self._read else self._reads.__anext__()

    async def _again(self) -> bytes:
        return self._read.pop(0)

    async def aclose(self) -> None:
        if isinstance(self._reads, AsyncGenerator):
            with suppress(RuntimeError):  # It is being read, and ends by that.
                await self._reads.aclose()
        await self._stream.aclose()


def truthful(exc: httpx2.RequestError) -> httpx2.RequestError:
    """*exc*, or what it is: the transport calls each lost connection a timeout."""
    lost = isinstance(exc, httpx2.ConnectTimeout) and not isinstance(
        exc.__cause__, TimeoutError
    )
    return httpx2.ReadError(str(exc)) if lost else exc
