"""The connections to the upstream: requests as bytes, answers read as they arrive."""

import asyncio
import logging
from collections.abc import Iterable
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import aiohttp

from azure_openai import credentials
from azure_openai.credentials import Credential
from settings import Settings
from streaming.errors import ChatError, UpstreamAuth, UpstreamError, UpstreamTimeout

log = logging.getLogger(__name__)

READ_BUFFER = 64 * 1024
"""Bytes a slow reader may leave unread before the connection is not read either."""

REFUSED = "The model's provider refused this server's credential."


class Answer:
    """An answer whose head has come; leaving it closes what is still open of it."""

    def __init__(self, response: aiohttp.ClientResponse, region: str | None) -> None:
        self._response, self._content = response, response.content
        self._read_already: list[bytes] = []
        self.backend = response.url.host or ""
        self.region = response.headers.get("x-ms-region") or region or ""
        self.status = response.status
        self.headers = response.raw_headers
        # What is compressed all the same passes unread.
        plain = response.headers.get("content-encoding", "identity") == "identity"
        streams = response.content_type == "text/event-stream"
        self.streams = streams and plain and response.status == 200

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

    async def peek(self, limit: int) -> bytes:
        """The first *limit* bytes or more, which `read` gives all the same."""
        pieces: list[bytes] = []
        while sum(map(len, pieces)) < limit and (piece := await self.read()):
            pieces.append(piece)
        self._read_already = pieces
        return b"".join(pieces)

    def close(self) -> None:
        """Close the connection, unless the answer has ended."""
        self._response.close()


class Upstream:
    """Sends what it is given, with this server's credential and no other."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._credential: Credential | None = None
        self._signing_in = asyncio.Lock()
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
            proxy=_proxy(settings),
        )

    async def post(
        self, url: str, headers: Iterable[tuple[str, str]], body: bytes
    ) -> Answer:
        """Ask; raises a `ChatError` where the answer is none that a caller may have.

        Such is the refusal of a credential, which is not the caller's.
        """
        signed = [*headers, *(await self._sign_in()).items()]
        try:
            response = await self._session.post(
                url, data=body, headers=signed, allow_redirects=False
            )
        except TimeoutError as exc:
            raise UpstreamTimeout("The model did not answer in time.") from exc
        except (aiohttp.ClientError, OSError) as exc:
            raise UpstreamError("The connection to the model failed.") from exc
        if problem := _problem(response.status):
            response.close()
            raise problem
        return Answer(response, self._settings.azure_openai_region)

    async def _sign_in(self) -> dict[str, str]:
        async with self._signing_in:
            if self._credential is None:
                # For an identity it imports azure-identity, which takes its time.
                self._credential = await asyncio.to_thread(
                    credentials.from_settings, self._settings
                )
        try:
            return dict(await self._credential.headers())
        except Exception as exc:  # Of whatever library the identity comes from.
            log.error("no credential for the upstream: %s", type(exc).__name__)
            message = "This server could not sign in to the model's provider."
            raise UpstreamAuth(message) from exc

    async def aclose(self) -> None:
        """Close all connections."""
        await self._session.close()


def _proxy(settings: Settings) -> str | None:
    """The proxy that the machine wants used, as the SDK finds it.

    aiohttp would look for one at each call, and for credentials as well.
    """
    url = urlsplit(settings.azure_openai_endpoint or settings.openai_base_url or "")
    proxies = getproxies()
    if proxy_bypass(url.netloc):
        return None
    return proxies.get(url.scheme) or proxies.get("all")


def _problem(status: int) -> ChatError | None:
    if status in (401, 403):
        return UpstreamAuth(REFUSED)
    if not 200 <= status < 300 and not 400 <= status < 600:
        return UpstreamError(f"The model's provider answered with status {status}.")
    return None
