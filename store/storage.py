"""`storage`: the storage account that the Function App has anyway; for many instances.

A log is an append blob. A document is an entity of a table; one that is too large for
an entity is a blob that this names.

An append is not tried again here: after a `StoreError` it may have arrived, which its
caller sees at that position.
"""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from secrets import token_hex
from time import monotonic, time
from typing import ClassVar

from aiohttp import ClientError
from azure.core import MatchConditions
from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import TableEntity, UpdateMode
from azure.storage.blob import BlobProperties

from settings.storage_account import StorageAccount
from store import ANY, Conflict, Document, StoreError, storage_logs
from store.storage_entity import Entity, expired, pack, size_fits, unpack
from store.storage_logs import BlobLogs
from store.storage_services import PLACE, Services

CALL_SECONDS = 4.5
"""The longest that a call takes, beside what `read` waits for."""

POLL_SECONDS = 0.25
"""How often a reader that waits looks for more lines."""

TIDY_SECONDS = 600
"""How often one of all instances tidies: it lists what there is."""

TIDYING_SECONDS = 50

WRITING_SECONDS = 600
"""After so many seconds a value's blob is named by its entity, or by none ever: whoever
wrote it has failed, or is gone."""

SAME = MatchConditions.IfNotModified


class StorageStore:
    name: ClassVar[str] = "storage"
    durable: ClassVar[bool] = True

    def __init__(
        self,
        account: StorageAccount,
        *,
        clock: Callable[[], float] = time,
        place: str = PLACE,
    ) -> None:
        self._clock = clock
        self._services = Services(account, place)
        self._container, self._table = self._services.container, self._services.table
        self._logs = BlobLogs(self._container, clock)

    async def append(
        self, log: str, lines: bytes, *, at: int, keep: float | None = None
    ) -> None:
        async with self._call():
            await self._logs.append(log, lines, at=at, keep=keep)

    async def read(self, log: str, at: int, *, wait: float = 0) -> bytes | None:
        until = monotonic() + wait
        while True:
            async with self._call():
                found = await self._logs.read(log, at)
            left = until - monotonic()
            if found != b"" or left <= 0:
                return found
            await asyncio.sleep(min(POLL_SECONDS, left))

    async def drop(self, log: str) -> None:
        async with self._call():
            self._logs.forget(log)
            await self._delete_blob(storage_logs.name(log))

    async def get(self, partition: str, key: str) -> Document | None:
        async with self._call():
            while (entity := await self._entity(partition, key)) is not None:
                try:
                    return await self._document(entity)
                except ResourceNotFoundError:
                    continue  # It was replaced meanwhile, and its blob with it.
        return None

    async def put(
        self,
        partition: str,
        key: str,
        value: bytes,
        *,
        version: str | None = None,
        keep: float | None = None,
    ) -> str:
        async with self._call():
            blob = None if size_fits(value) else f"value-{token_hex(16)}"
            if blob:
                made = {"made": repr(self._clock())}
                await self._container.upload_blob(blob, value, metadata=made)
            entity = pack(value, blob)
            entity |= {"PartitionKey": partition, "RowKey": key}
            if keep is not None:
                entity["expires"] = self._clock() + keep
            try:
                written, replaced = await self._write(entity, version)
            except Conflict:
                await self._delete_blob(blob)
                raise
            await self._delete_blob(replaced)
            return _version(entity, written)

    async def delete(self, partition: str, key: str) -> None:
        async with self._call():
            entity = await self._entity(partition, key, whole=True)
            if entity is not None:
                await self._remove(entity)

    async def list(self, partition: str) -> Sequence[tuple[str, Document]]:
        found: dict[str, Document] = {}
        async with self._call():
            entities = self._table.query_entities(f"PartitionKey eq '{partition}'")
            async for entity in entities:
                if expired(entity, self._clock()):
                    continue
                try:
                    found[entity["RowKey"]] = await self._document(entity)
                except ResourceNotFoundError:
                    continue  # It was replaced or deleted meanwhile.
        return sorted(found.items())

    async def tidy(self) -> None:
        """Delete what has expired, if no other instance has lately."""
        try:
            if await self.get("store.tidy", "turn") is not None:
                return
            await self.put("store.tidy", "turn", b"", keep=TIDY_SECONDS)
        except Conflict:
            return
        async with self._call(TIDYING_SECONDS):
            now = self._clock()
            gone = self._table.query_entities(f"expires le {now!r}")
            async for entity in gone:
                await self._remove(entity)
            async for blob in self._blobs("log-"):
                if expired(blob.metadata or {}, now):
                    await self._delete_blob(blob.name)
            await self._delete_unnamed(now - WRITING_SECONDS)

    async def _delete_unnamed(self, before: float) -> None:
        """Delete the values of *before* that no entity names, or names any more."""
        values = {
            blob.name
            async for blob in self._blobs("value-")
            if float((blob.metadata or {}).get("made", 0)) <= before
        }
        if values:
            naming = self._table.query_entities("blob ge 'value-'", select=["blob"])
            async for entity in naming:
                values.discard(entity["blob"])
        for name in values:
            await self._delete_blob(name)

    def _blobs(self, prefix: str) -> AsyncIterable[BlobProperties]:
        return self._container.list_blobs(name_starts_with=prefix, include=["metadata"])

    async def close(self) -> None:
        await self._services.close()

    @asynccontextmanager
    async def _call(self, seconds: float = CALL_SECONDS) -> AsyncIterator[None]:
        """What happens here is bounded, and fails as `StoreError`."""
        try:
            async with asyncio.timeout(seconds):
                await self._services.make()
                yield
        # Its text may hold the account's address, or a part of what was sent.
        except HttpResponseError as exc:
            kind = f"{type(exc).__name__} {exc.status_code}"
            raise StoreError(f"storage: {kind}") from None
        except (AzureError, ClientError, OSError) as exc:
            raise StoreError(f"storage: {type(exc).__name__}") from None

    async def _entity(
        self, partition: str, key: str, *, whole: bool = False
    ) -> TableEntity | None:
        """The entity; only *whole* if it has expired."""
        try:
            found = await self._table.get_entity(partition, key)
        except ResourceNotFoundError:
            return None
        return None if not whole and expired(found, self._clock()) else found

    async def _document(self, entity: TableEntity) -> Document:
        value = unpack(entity)
        if blob := entity.get("blob"):
            value = await (await self._container.download_blob(blob)).readall()
        return Document(value, _version(entity, _etag(entity)))

    async def _write(
        self, entity: Entity, version: str | None
    ) -> tuple[str, str | None]:
        """The new ETag, and the blob that is not needed any more."""
        partition, key = str(entity["PartitionKey"]), str(entity["RowKey"])
        if version == ANY:
            found = await self._entity(partition, key, whole=True)
            written = await self._table.upsert_entity(entity, UpdateMode.REPLACE)
            return written["etag"], found.get("blob") if found else None
        if version is None:
            with suppress(ResourceExistsError):
                return (await self._table.create_entity(entity))["etag"], None
            found = await self._entity(partition, key, whole=True)
            if found is None or not expired(found, self._clock()):
                raise Conflict(key)
            blob, etag = found.get("blob"), _etag(found)
        else:
            blob, etag = self._named(version, key)
        try:
            written = await self._table.update_entity(
                entity, UpdateMode.REPLACE, etag=etag, match_condition=SAME
            )
        except (ResourceModifiedError, ResourceNotFoundError):
            raise Conflict(key) from None
        return written["etag"], blob

    def _named(self, version: str, key: str) -> tuple[str, str]:
        """The blob and the ETag of a *version*; raises `Conflict` if it has expired."""
        expires, _, rest = version.partition(" ")
        if expired({"expires": expires}, self._clock()):
            raise Conflict(key)
        blob, _, etag = rest.partition(" ")
        return blob, etag

    async def _remove(self, entity: TableEntity) -> None:
        """Delete *entity*, if it is still what was read, and its blob."""
        try:
            await self._table.delete_entity(
                entity, etag=_etag(entity), match_condition=SAME
            )
        except (ResourceModifiedError, ResourceNotFoundError):
            return
        await self._delete_blob(entity.get("blob"))

    async def _delete_blob(self, name: str | None) -> None:
        if name:
            with suppress(ResourceNotFoundError):
                await self._container.delete_blob(name)


def _etag(entity: TableEntity) -> str:
    return entity.metadata["etag"] or ""


def _version(entity: Mapping[str, object], etag: str) -> str:
    """What a `put` has to know of what it replaces, without reading it again."""
    return f"{entity.get('expires', '')} {entity.get('blob', '')} {etag}"
