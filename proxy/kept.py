"""Which backend has a response that was made before, by the response's id.

Only the resource that has made a response knows it. Whoever asks for one by its id is
known to have made it: to the backends, all callers are this server.
"""

import logging
import re
from asyncio import timeout
from dataclasses import asdict, dataclass, replace

import orjson

from store import ANY, Conflict, Document, Store, StoreError
from streaming.errors import NotFound, StoreUnavailable
from streaming.events import Usage

log = logging.getLogger(__name__)

ID = re.compile(r"[A-Za-z0-9_-]{1,200}")

DURABLE_SECONDS = 30 * 24 * 3600
"""Seconds for which an id is kept: so long OpenAI and Azure keep the response."""

MEMORY_SECONDS = 24 * 3600
"""The same if the ids share this process's memory with threads and logs of runs."""

KEEP_SECONDS = 1.0
"""Seconds that an answer waits for its id to be kept; without, it can be read once."""


@dataclass(frozen=True, slots=True)
class KeptResponse:
    """Where a response is, and the deployment that has made it.

    `counted` are the tokens of it, read and written, that a record has, if its end was
    in none: one that is made in the background ends without its caller.
    """

    resource: str
    deployment: str
    counted: tuple[int, int] | None = None


class KeptResponses:
    """The backends of responses, for each of their *owner*s alone."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seconds = DURABLE_SECONDS if store.durable else MEMORY_SECONDS

    async def keep(self, owner: str, response_id: str, kept: KeptResponse) -> None:
        """Note where the response is; a store that is down is only logged."""
        if not ID.fullmatch(response_id):
            return
        try:
            async with timeout(KEEP_SECONDS):
                await self._put(owner, response_id, kept, ANY)
        except (StoreError, TimeoutError) as exc:
            log.warning("the id of a response is not kept: %s", type(exc).__name__)

    async def _put(
        self, owner: str, response_id: str, kept: KeptResponse, version: str
    ) -> None:
        await self._store.put(
            _partition(owner),
            response_id,
            orjson.dumps(asdict(kept)),
            version=version,
            keep=self._seconds,
        )

    async def find(self, owner: str, response_id: str) -> KeptResponse:
        """Raises `NotFound` if *owner* has no such response, or had it too long ago."""
        try:
            found = await self._get(owner, response_id)
        except StoreError:
            raise StoreUnavailable() from None
        if found is None:
            raise NotFound(f"Response with id {response_id[:100]!r} not found.")
        return _read(found)

    async def _get(self, owner: str, response_id: str) -> Document | None:
        if not ID.fullmatch(response_id):
            return None
        return await self._store.get(_partition(owner), response_id)

    async def count(self, owner: str, response_id: str, usage: Usage) -> Usage | None:
        """What of *usage*, which is all of it, is in no record; asked once it is some.

        Of several who see the same end, one is told.
        """
        found = await self._get(owner, response_id)
        kept = _read(found) if found else None
        if found is None or kept is None or kept.counted is None:
            return None
        try:
            counted = replace(kept, counted=None)
            await self._put(owner, response_id, counted, found.version)
        except Conflict:
            return None
        read = max(0, usage.input_tokens - kept.counted[0])
        written = max(0, usage.output_tokens - kept.counted[1])
        return replace(
            usage, input_tokens=read, output_tokens=written, total_tokens=read + written
        )

    async def forget(self, owner: str, response_id: str) -> None:
        try:
            await self._store.delete(_partition(owner), response_id)
        except StoreError as exc:
            log.warning("the id of a response stays: %s", type(exc).__name__)


def _read(found: Document) -> KeptResponse:
    return KeptResponse(**orjson.loads(found.value))


def _partition(owner: str) -> str:
    return f"responses-{owner}"
