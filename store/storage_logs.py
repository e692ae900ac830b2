"""Logs as append blobs, whose length is the condition of the next append."""

from collections.abc import Callable, Mapping
from io import BytesIO

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.storage.blob.aio import BlobClient, ContainerClient

from store import Conflict
from store.storage_entity import expired

UNFINISHED_SECONDS = 24 * 3600

MOST_KNOWN = 10_000
"""Of so many logs it is remembered when they expire; of others it is asked again."""

CHANGED = (404, 412)
"""Statuses of what is gone, or no longer as it was."""


class BlobLogs:
    def __init__(self, container: ContainerClient, clock: Callable[[], float]) -> None:
        self._container, self._clock = container, clock
        self._known: dict[str, tuple[BlobClient, float]] = {}
        """The logs that this process writes, and when they expire, which an append does
        not say. Making a client takes a fifth of the CPU of a request."""

    async def append(
        self, log: str, lines: bytes, *, at: int, keep: float | None
    ) -> None:
        known = self._known.pop(log, None)
        blob = known[0] if known else self._container.get_blob_client(name(log))
        try:
            if at == 0:
                expires = await self._begin(blob)
            elif known is None:
                expires = _expires((await blob.get_blob_properties()).metadata)
            else:
                expires = known[1]
            if expires <= self._clock():
                raise Conflict(log)
            if lines:
                size, stream = len(lines), BytesIO(lines)
                await blob.append_block(stream, size, appendpos_condition=at)
            elif (await blob.get_blob_properties()).size != at:
                raise Conflict(log)
            if keep is not None:
                await blob.set_blob_metadata(_until(self._clock() + keep))
                return
        except HttpResponseError as exc:
            if exc.status_code in CHANGED:
                raise Conflict(log) from None
            raise
        self._remember(log, blob, expires)

    async def read(self, log: str, at: int) -> bytes | None:
        # With the byte before it, which is there: of nothing more there is no range.
        begin = max(at - 1, 0)
        try:
            blob = self._container.get_blob_client(name(log))
            download = await blob.download_blob(offset=begin)
            if expired(download.properties.metadata, self._clock()):
                return None
            return (await download.readall())[at - begin :]
        except ResourceNotFoundError:
            return None
        except HttpResponseError as exc:
            if exc.status_code != 416:
                raise
        found = await blob.get_blob_properties()
        return None if expired(found.metadata, self._clock()) else b""

    def forget(self, log: str) -> None:
        self._known.pop(log, None)

    def _remember(self, log: str, blob: BlobClient, expires: float) -> None:
        self._known[log] = (blob, expires)
        if len(self._known) > MOST_KNOWN:
            del self._known[next(iter(self._known))]

    async def _begin(self, blob: BlobClient) -> float:
        """Make the *blob*, unless there is one that has not expired; when it does."""
        expires = self._clock() + UNFINISHED_SECONDS
        metadata, absent = _until(expires), MatchConditions.IfMissing
        try:
            await blob.create_append_blob(metadata=metadata, match_condition=absent)
        except (ResourceExistsError, ResourceModifiedError):
            found = await blob.get_blob_properties()
            if not expired(found.metadata, self._clock()):
                return _expires(found.metadata)
            # If somebody else was faster, it is a conflict as any other.
            await blob.create_append_blob(
                metadata=metadata,
                etag=found.etag,
                match_condition=MatchConditions.IfNotModified,
            )
        return expires


def name(log: str) -> str:
    """Neither `.` nor `..`, and with no dot at its end, which Azure would drop."""
    return f"log-{log}-"


def _until(expires: float) -> dict[str, str]:
    return {"expires": repr(expires)}


def _expires(metadata: Mapping[str, str]) -> float:
    return float(metadata["expires"])
