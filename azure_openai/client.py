"""The HTTP client under every upstream call: the SDK's own, over aiohttp.

aiohttp reads a stream for a third of the CPU that httpcore takes, and hands over what
has arrived in one piece.
"""

from collections.abc import AsyncGenerator
from typing import Any

import httpx2
import openai

from azure_openai import credentials
from azure_openai.credentials import Credential
from settings import Settings

BACKSTOP_SECONDS = 5
"""The run's own limits come first; this ends what they could not."""


def build(settings: Settings, credential: Credential) -> httpx2.AsyncClient:
    """A client that adds *credential* and follows no redirect."""
    return _Client(
        auth=_Auth(credential),
        follow_redirects=False,
        # The connection pool is no hidden queue: `MAX_CONCURRENT_STREAMS` is the limit.
        limits=httpx2.Limits(max_connections=1_000_000),
        timeout=httpx2.Timeout(
            settings.request_deadline_seconds + BACKSTOP_SECONDS,
            connect=settings.connect_timeout_seconds,
        ),
    )


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


class _Client(openai.DefaultAioHttpClient):
    async def send(self, request: httpx2.Request, **kwargs: Any) -> httpx2.Response:
        try:
            return await super().send(request, **kwargs)
        except httpx2.TransportError as exc:
            raise truthful(exc) from exc


def truthful(exc: httpx2.RequestError) -> httpx2.RequestError:
    """*exc*, or what it is: the transport calls each lost connection a timeout."""
    lost = isinstance(exc, httpx2.ConnectTimeout) and not isinstance(
        exc.__cause__, TimeoutError
    )
    return httpx2.ReadError(str(exc)) if lost else exc
