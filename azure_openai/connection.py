"""The connections to the backends: one pool, under chains and proxied calls alike."""

import asyncio
import errno
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import aiohttp

from azure_openai import credentials
from azure_openai.reply import Reply
from azure_openai.target import Target
from settings import Settings
from settings.backends import Backend
from streaming.large import LARGE_BYTES
from streaming.upstream_errors import (
    ConnectTimeout,
    UpstreamError,
    UpstreamTimeout,
    UpstreamUnreachable,
)

if TYPE_CHECKING:
    from azure_openai.attempt import BackendRequest

log = logging.getLogger(__name__)

READ_BUFFER = 64 * 1024
"""Bytes a slow reader may leave unread before the connection is not read either."""


class Timeouts(NamedTuple):
    """Seconds to connect, and between two reads; `None` is no limit."""

    connect: float | None
    read: float | None


class Connections:
    """Sends requests with this server's credential and no other.

    No redirect is followed, and no cookie is kept.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._targets: dict[Backend, Target] = {}
        self._session = aiohttp.ClientSession(
            # The connection pool is no hidden queue: `MAX_CONCURRENT_STREAMS` is the
            # limit.
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=_client_timeout(Timeouts(settings.connect_timeout_seconds, None)),
            auto_decompress=False,
            read_bufsize=READ_BUFFER,
            skip_auto_headers=("Accept", "User-Agent", "Content-Type"),
        )

    def target(self, backend: Backend) -> Target:
        if backend not in self._targets:
            self._targets[backend] = Target(self._settings, backend)
        return self._targets[backend]

    async def send(
        self, backend: Backend, request: "BackendRequest", content: bytes
    ) -> Reply:
        """Ask *backend*, with *content* as the body; raises `ChatError` if it fails."""
        target, timeouts = self.target(backend), request.timeouts
        credential = await target.credential()
        headers = [each for each in request.headers if each[0] not in _NOT_SENT]
        headers += [*(await credential.headers()).items(), _UNCOMPRESSED]
        timeout = _client_timeout(timeouts) if timeouts else self._session.timeout
        with _explained(backend):
            response = await self._session.request(
                request.method,
                target.url(request.path),
                data=_body(content),
                headers=headers,
                allow_redirects=False,
                proxy=target.proxy,
                timeout=timeout,
            )
        return Reply(response, backend, target)

    @property
    def closed(self) -> bool:
        return self._session.closed

    async def aclose(self) -> None:
        await self._session.close()


def _body(content: bytes) -> bytes | BytesIO | None:
    # Of a file aiohttp sends a piece at a time, of bytes all at once.
    return BytesIO(content) if len(content) > LARGE_BYTES else content or None


@contextmanager
def _explained(backend: Backend) -> Iterator[None]:
    """aiohttp's exceptions as this app's."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as exc:
        _log(backend, exc)
        raise ConnectTimeout() from exc
    except TimeoutError as exc:
        raise UpstreamTimeout("The model did not answer in time.") from exc
    except aiohttp.ClientConnectorError as exc:
        _log(backend, exc)
        raise UpstreamUnreachable() from exc
    except (aiohttp.ClientError, OSError) as exc:
        _log(backend, exc)
        raise UpstreamError("The connection to the model failed.") from exc


def _log(backend: Backend, exc: Exception) -> None:
    """Log why *backend* cannot be reached, without the exception's text."""
    number = exc.errno if isinstance(exc, OSError) else None
    name = errno.errorcode.get(number or 0, str(number)) if number else ""
    if isinstance(exc, aiohttp.ClientConnectorDNSError):
        name = "unknown host"
    where = backend.address
    log.warning("backend %s: %s %s", where, type(exc).__name__, name)


_UNCOMPRESSED = ("accept-encoding", "identity")
"""Asks for plain bytes: a stream is read while it is passed on."""

_NOT_SENT = {
    *(*credentials.HEADERS, "accept-encoding", "content-length", "host"),
    "transfer-encoding",
}
"""Headers that this server sets itself, whatever the request has."""

type _SetUp = tuple[bool, float, tuple[Backend, ...]]

_opened: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_SetUp, Connections]] = (
    WeakKeyDictionary()
)


def connections(settings: Settings) -> Connections:
    """The running event loop's connections, shared by all settings that are alike."""
    return connector(settings)()


def connector(settings: Settings) -> Callable[[], Connections]:
    """What gives `connections` of *settings*, without comparing these anew."""
    key = _key(settings)

    def connect() -> Connections:
        opened = _opened.setdefault(asyncio.get_running_loop(), {})
        found = opened.get(key)
        if found is None or found.closed:
            found = opened[key] = Connections(settings)
        return found

    return connect


async def close(settings: Settings) -> None:
    """Close the running event loop's connections; the next request opens new ones."""
    opened = _opened.get(asyncio.get_running_loop(), {})
    if found := opened.pop(_key(settings), None):
        await found.aclose()


def _key(settings: Settings) -> _SetUp:
    return settings.azure, settings.connect_timeout_seconds, settings.backends


def _client_timeout(timeouts: Timeouts) -> aiohttp.ClientTimeout:
    connect, read = timeouts
    return aiohttp.ClientTimeout(connect=connect, sock_connect=connect, sock_read=read)
