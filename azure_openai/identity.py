"""The signed-in identity's token, renewed before a request would have to wait for it.

See: https://learn.microsoft.com/entra/identity-platform/access-tokens#token-lifetime
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from time import time
from typing import Protocol

log = logging.getLogger(__name__)

EARLY_SECONDS = 4 * 60
"""Seconds before its expiry that a token is renewed, unless its issuer names a time.
azure-identity returns a new one from five minutes before."""

FETCH_SECONDS = 30
"""Seconds that fetching a token may take."""

RETRY_SECONDS = 30
"""Seconds between two tries to renew a token that is still valid."""

SPARE_SECONDS = 5
"""Seconds before its expiry that a token is not sent any more: a request takes time."""


class Token(Protocol):
    """As azure-identity has it; times are `time.time()`."""

    @property
    def token(self) -> str: ...
    @property
    def expires_on(self) -> int: ...
    @property
    def refresh_on(self) -> int | None: ...


Fetch = Callable[[], Awaitable[Token]]


class Identity:
    """Returns a token that *fetch* has fetched, and waits only if none is valid.

    All requests that wait share one fetch. *clock* is for tests.
    """

    def __init__(
        self,
        fetch: Fetch,
        *,
        clock: Callable[[], float] = time,
    ) -> None:
        self._fetch, self._clock = fetch, clock
        self._token: Token | None = None
        self._due = 0.0
        self._fetching: asyncio.Task[Token] | None = None
        self._timer: asyncio.TimerHandle | None = None

    async def __call__(self) -> str:
        """The token; raises what *fetch* raises, if it has to be waited for."""
        if (kept := self.kept) is None:
            # Others wait for it too: a caller who leaves does not cancel it.
            return (await asyncio.shield(self._renewing())).token
        if self._clock() >= self._due:
            self._renewing()
        return kept

    @property
    def kept(self) -> str | None:
        """The token, if it is valid; may be read from any thread."""
        token = self._token
        if token is None or self._clock() >= token.expires_on - SPARE_SECONDS:
            return None
        return token.token

    def _renewing(self) -> asyncio.Task[Token]:
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.ensure_future(self._renew())
            self._fetching.add_done_callback(_tell)
        return self._fetching

    async def _renew(self) -> Token:
        self._due = self._clock() + RETRY_SECONDS
        try:
            async with asyncio.timeout(FETCH_SECONDS):
                self._token = token = await self._fetch()
            early = token.refresh_on or token.expires_on - EARLY_SECONDS
            self._due = max(self._due, early)
        finally:
            self._wake()
        return token

    def _wake(self) -> None:
        """Renew the token in time, even if there is no request until then."""
        if self._timer is not None:
            self._timer.cancel()
        left = max(0, self._due - self._clock())
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(left, self._renewing) if self._token else None


class OwnIdentity:
    """An `Identity` on an event loop of its own, in a daemon thread.

    So a token is fetched before the first request, and renewed between requests.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._identity = Identity(fetch)
        self._starting = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        asyncio.run_coroutine_threadsafe(self._identity(), self._running())

    async def __call__(self) -> str:
        if (kept := self._identity.kept) is not None:
            return kept
        asking = asyncio.run_coroutine_threadsafe(self._identity(), self._running())
        return await asyncio.wrap_future(asking)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                run = self._loop.run_forever
                threading.Thread(target=run, name="identity", daemon=True).start()
            return self._loop


def _tell(fetching: asyncio.Task[Token]) -> None:
    """Log a failed renewal, which no request waits for."""
    if not fetching.cancelled() and (error := fetching.exception()):
        log.warning("no new token for the upstream: %s", type(error).__name__)
