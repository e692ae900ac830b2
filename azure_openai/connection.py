"""The connections to the upstream: requests as bytes, answers read as they arrive."""

import asyncio
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from azure_openai import backends, credentials, outcome
from azure_openai.credentials import Credential
from settings import Settings
from settings.backends import Backend
from streaming.errors import UpstreamError, UpstreamTimeout

READ_BUFFER = 64 * 1024
"""Bytes a slow reader may leave unread before the connection is not read either."""


class Answer:
    """An answer whose head has come; leaving it closes what is still open of it."""

    def __init__(self, response: aiohttp.ClientResponse, backend: Backend) -> None:
        self._response, self._content = response, response.content
        self._read_already: list[bytes] = []
        self.backend = backend
        self.region = outcome.region(response.headers) or backend.region or ""
        self.status = response.status
        self.headers = response.raw_headers
        self.named = response.headers
        # What is compressed all the same passes unread.
        self.plain = plain = (
            response.headers.get("content-encoding", "identity") == "identity"
        )
        self.succeeded = 200 <= response.status < 300
        streams = response.content_type == "text/event-stream"
        self.streams = streams and plain and self.succeeded
        self.is_json = response.content_type == "application/json" and plain

    @property
    def ended(self) -> bool:
        """Whether all of it has been read, and it was whole."""
        return self._content.at_eof() and not self._read_already

    async def read(self) -> bytes:
        """What has arrived; `b""` at the end. Raises `UpstreamError` where it broke."""
        if self._read_already:
            return self._read_already.pop(0)
        try:
            return await self._content.readany()
        except (aiohttp.ClientError, OSError) as exc:
            # What came before the connection broke is still to be had, but not asked
            # for in public: aiohttp raises first.
            if left := self._content._read_nowait(-1):
                return left
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

    def close(self) -> None:
        """Close the connection, unless the answer has ended."""
        self._response.close()


class Unreachable(UpstreamTimeout):
    """No connection was made, so nothing was asked."""


class Upstream:
    """Sends what it is given, with this server's credential and no other."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._credentials: dict[Backend, Credential] = {}
        self._signing_in = asyncio.Lock()
        self._proxies = {
            backend.endpoint: _proxy(backend.endpoint) for backend in settings.backends
        }
        connect = settings.connect_timeout_seconds
        self._session = aiohttp.ClientSession(
            # The connection pool is no hidden queue: `MAX_CONCURRENT_STREAMS` is the
            # limit.
            connector=aiohttp.TCPConnector(limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(connect=connect, sock_connect=connect),
            auto_decompress=False,
            read_bufsize=READ_BUFFER,
            skip_auto_headers=("Accept", "User-Agent"),
        )

    async def post(
        self,
        backend: Backend,
        path: str,
        headers: Iterable[tuple[str, str]],
        body: bytes,
    ) -> Answer:
        """Ask *backend*; raises a `ChatError` where there is no answer."""
        signed = [*headers, *(await self._sign_in(backend)).items()]
        url = f"{backends.base_url(self._settings, backend)}/{path}"
        proxy = self._proxies[backend.endpoint]
        try:
            response = await self._session.post(
                url, data=body, headers=signed, allow_redirects=False, proxy=proxy
            )
        except aiohttp.ConnectionTimeoutError as exc:
            raise Unreachable("The model could not be reached in time.") from exc
        except TimeoutError as exc:
            raise UpstreamTimeout("The model did not answer in time.") from exc
        except (aiohttp.ClientError, OSError) as exc:
            raise UpstreamError("The connection to the model failed.") from exc
        return Answer(response, backend)

    async def _sign_in(self, backend: Backend) -> dict[str, str]:
        async with self._signing_in:
            credential = self._credentials.get(backend)
            if credential is None:
                # For an identity it imports azure-identity, which takes its time.
                credential = await asyncio.to_thread(
                    credentials.build, self._settings, backend
                )
                self._credentials[backend] = credential
        return dict(await credential.headers())

    async def aclose(self) -> None:
        """Close all connections."""
        await self._session.close()


def _proxy(endpoint: str) -> str | None:
    """The proxy that the machine wants used, as the SDK finds it.

    aiohttp would look for one at each call, and for credentials as well.
    """
    url = urlsplit(endpoint)
    proxies = getproxies()
    if proxy_bypass(url.netloc):
        return None
    return proxies.get(url.scheme) or proxies.get("all")
