"""The SDK's way to the backends, and what it raises of theirs.

All of its requests take it but for the completions that a chain streams.
"""

import re
from collections.abc import AsyncIterator, Mapping
from contextvars import ContextVar

import httpx2
import openai

from azure_openai import backends, connection, outcome
from azure_openai.attempt import WHOLE_READ, Attempt, JsonRequest
from azure_openai.connection import Timeouts, connections
from azure_openai.failover import AttemptLimits, first_answer
from azure_openai.failure import CUT
from azure_openai.reply import Reply
from azure_openai.target import Target
from settings import Settings
from streaming.errors import RateLimited
from streaming.upstream_errors import (
    ConnectTimeout,
    UpstreamAuth,
    UpstreamError,
    UpstreamIncomplete,
    UpstreamTimeout,
    UpstreamUnreachable,
)

_RESPONSES = re.compile(r"(?:/openai/)?(responses(?:/[^?]*)?)(?:\?|$)")

BACKSTOP_SECONDS = 5
"""Seconds beyond the run's own limits, for a read that they did not end."""

answered: ContextVar[Mapping[str, str | None]] = ContextVar("answered")
"""Who answered the last request of this task: `deployment`, `backend`, `region`."""

_target: ContextVar[Target] = ContextVar("target")


def note_reasoning() -> None:
    """Note that the backend that answered this task's last request reasons."""
    _target.get().thinks = True


def client(settings: Settings) -> httpx2.AsyncClient:
    connect, read = default_timeouts(settings)
    return httpx2.AsyncClient(
        transport=BackendTransport(settings),
        timeout=httpx2.Timeout(read, connect=connect),
        follow_redirects=False,
    )


def default_timeouts(settings: Settings) -> Timeouts:
    read = settings.request_deadline_seconds + BACKSTOP_SECONDS
    return Timeouts(settings.connect_timeout_seconds, read)


def attempt_limits(settings: Settings, *, streamed: bool) -> AttemptLimits:
    return AttemptLimits(
        each=settings.backend_timeout_seconds,
        all=settings.first_token_timeout_seconds,
        streamed=streamed,
    )


class BackendTransport(httpx2.AsyncBaseTransport):
    """Sends each request to the first backend that answers, with its credential.

    It may be addressed to the first one of all. Who was asked last is then the
    extension `upstream` of the request.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings, self._backends = settings, backends.of(settings)
        first = self._backends.first
        self._base = str(httpx2.URL(backends.sdk_url(settings, first)))
        self._resource = str(httpx2.URL(first.resource)).rstrip("/")

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        content = await request.aread()
        streamed = _is_streamed(content)
        timeout = request.extensions.get("timeout", {})
        sent = JsonRequest(
            method=request.method,
            path=self._path(request),
            headers=request.headers.multi_items(),
            content=content,
            streamed=streamed,
            timeouts=Timeouts(timeout.get("connect"), timeout.get("read")),
            whole=False,
        )
        limits = attempt_limits(self._settings, streamed=streamed)
        attempt = Attempt(connections(self._settings), sent)
        try:
            reply = await first_answer(self._backends, attempt, limits)
        except RateLimited as error:
            return busy(error, request)
        except (UpstreamTimeout, UpstreamError) as error:
            raise _as_httpx(error) from error
        finally:
            if attempt.backend is not None:
                request.extensions["upstream"] = attempt.upstream
        answered.set(attempt.upstream)
        _target.set(reply.target)
        if not reply.succeeded:
            return await legible(reply)
        if not streamed and await attempt.whole(reply) is CUT:
            reply.close()
            raise UpstreamIncomplete("The model's answer ended before it began.")
        return _response(reply)

    def _path(self, request: httpx2.Request) -> str:
        url = str(request.url)
        for base, slash in ((f"{self._base}/", ""), (f"{self._resource}/", "/")):
            if url.startswith(base):
                return self._named(slash + url.removeprefix(base))
        message = "Only the configured endpoint can be asked."
        raise httpx2.UnsupportedProtocol(message, request=request)

    def _named(self, path: str) -> str:
        """*path*, but Azure has the Responses API at its v1 API alone."""
        found = _RESPONSES.match(path) if self._settings.azure else None
        return f"/openai/v1/{found[1]}" if found else path

    async def aclose(self) -> None:
        await connection.close(self._settings)


def _response(reply: Reply) -> httpx2.Response:
    return httpx2.Response(
        reply.status,
        headers=reply.headers,
        stream=ReplyStream(reply),
        extensions={
            "http_version": b"HTTP/1.1",
            "reason_phrase": reply.reason.encode("ascii", "ignore"),
        },
    )


class ReplyStream(httpx2.AsyncByteStream):
    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while read := await self._reply.read():
                yield read
        except (UpstreamTimeout, UpstreamError) as error:
            raise _as_httpx(error) from error

    async def aclose(self) -> None:
        self._reply.close()


_OF_THE_BODY = (b"content-type", b"content-encoding", b"content-length")


async def legible(
    reply: Reply, request: httpx2.Request | None = None
) -> httpx2.Response:
    """A refusal with as much of its body as can be had, in UTF-8.

    The SDK reads it after its own `try`: a body that breaks off, or is not in the
    encoding or character set that is announced, would be no error of the provider's.
    """
    body = b""
    response = httpx2.Response(
        reply.status, headers=reply.headers, stream=ReplyStream(reply)
    )
    try:
        async for piece in response.aiter_bytes():
            body += piece
            if len(body) > WHOLE_READ:
                break
    except httpx2.RequestError:
        pass  # Its status says the most.
    finally:
        reply.close()
    wrong = _OF_THE_BODY[1:] if _is_utf8(reply) else _OF_THE_BODY
    headers = [each for each in reply.headers if each[0].lower() not in wrong]
    return httpx2.Response(reply.status, headers=headers, content=body, request=request)


def _is_utf8(reply: Reply) -> bool:
    _, charset, name = reply.named.get("content-type", "").lower().partition("charset=")
    return reply.plain and (not charset or name.strip(' "') == "utf-8")


def busy(error: RateLimited, request: httpx2.Request) -> httpx2.Response:
    """The response of a busy backend, from which the SDK makes its own exception."""
    body = {"error": {"code": "429", "message": error.message}}
    headers = dict(error.headers())
    return httpx2.Response(429, headers=headers, json=body, request=request)


class SdkErrors:
    """The SDK's exceptions, with the request and the response that they have."""

    def __init__(
        self,
        client: openai.AsyncOpenAI,
        settings: Settings,
        attempt: Attempt,
        request: JsonRequest,
    ) -> None:
        self._client, self._settings = client, settings
        self._attempt, self._sent = attempt, request

    async def of_status(self, reply: Reply) -> openai.APIStatusError:
        return self._of_response(await legible(reply, self._request()))

    def busy(self, error: RateLimited) -> openai.APIStatusError:
        return self._of_response(busy(error, self._request()))

    def _of_response(self, response: httpx2.Response) -> openai.APIStatusError:
        # The SDK's own table and words; there is no public way to them.
        return self._client._make_status_error_from_response(response)

    def lost(self, error: Exception) -> openai.APIConnectionError:
        if isinstance(error, UpstreamTimeout | httpx2.TimeoutException):
            return openai.APITimeoutError(request=self._request())
        return openai.APIConnectionError(request=self._request())

    def in_stream(self, message: str, body: object = None) -> openai.APIError:
        return openai.APIError(message, self._request(), body=body)

    def _request(self) -> httpx2.Request:
        """What was sent last, without this server's credential."""
        backend = self._attempt.backend or backends.of(self._settings).first
        url = connections(self._settings).target(backend).url(self._sent.path)
        who = {"upstream": self._attempt.upstream} if self._attempt.backend else {}
        return httpx2.Request(
            self._sent.method,
            url,
            headers=self._sent.headers,
            content=self._attempt.sent,
            extensions=who,
        )


def _as_httpx(error: UpstreamTimeout | UpstreamError) -> Exception:
    """What the SDK reports as a lost connection; `UpstreamAuth` stays as it is."""
    match error:
        case UpstreamAuth():
            return error
        case ConnectTimeout():
            return httpx2.ConnectTimeout(error.message)
        case UpstreamUnreachable():
            return httpx2.ConnectError(error.message)
        case UpstreamTimeout():
            return httpx2.ReadTimeout(error.message)
        case _:
            return httpx2.ReadError(error.message)


def _is_streamed(content: bytes) -> bool:
    try:
        body = outcome.loads(content)
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and body.get("stream") is True
