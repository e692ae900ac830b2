"""The container and the table of the store, made with the first call."""

import asyncio
from typing import TypedDict
from urllib.request import getproxies_environment

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ResourceExistsError
from azure.data.tables.aio import TableServiceClient
from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential
from azure.storage.blob.aio import BlobServiceClient

from settings.storage_account import StorageAccount
from store import StoreError

PLACE = "langchainstream"
"""The name of the container, and of the table."""

BLOCK_BYTES = 1024 * 1024
"""Bytes of a blob that are sent at once: more would hold up the event loop."""

READ_BYTES = 64 * 1024 * 1024
"""Bytes of a blob that are read in one request, so that they are of one moment."""

SECONDS = 4
"""How long a connection, and the next byte, may take."""


class _Options(TypedDict):
    retry_total: int
    connection_timeout: int
    read_timeout: int
    use_env_settings: bool


class _BlobOptions(_Options):
    max_single_put_size: int
    max_block_size: int
    max_single_get_size: int


# Whether a call is tried again is for the caller, who knows what it did.
OPTIONS: _Options = {
    "retry_total": 0,
    "connection_timeout": SECONDS,
    "read_timeout": SECONDS,
    # Each request would look for a proxy, and read `~/.netrc` in a thread.
    "use_env_settings": bool(getproxies_environment()),
}
BLOBS: _BlobOptions = {
    **OPTIONS,
    "max_single_put_size": BLOCK_BYTES,
    "max_block_size": BLOCK_BYTES,
    "max_single_get_size": READ_BYTES,
}


class Services:
    """*account*'s services; raises `StoreError` if their addresses cannot be right."""

    def __init__(self, account: StorageAccount, place: str) -> None:
        self._credential: AsyncTokenCredential | None = None
        try:
            if account.connection_string:
                text = account.connection_string.get_secret_value()
                blobs = BlobServiceClient.from_connection_string(text, **BLOBS)
                tables = TableServiceClient.from_connection_string(text, **OPTIONS)
            else:
                self._credential = _identity(account)
                at, signed_in = account.tables or "", self._credential
                blobs = BlobServiceClient(account.blobs or "", signed_in, **BLOBS)
                tables = TableServiceClient(at, credential=signed_in, **OPTIONS)
        except ValueError:  # Its text may have a part of the connection string.
            raise StoreError("storage: AzureWebJobsStorage is not whole") from None
        self._blobs, self._tables = blobs, tables
        self.container = blobs.get_container_client(place)
        self.table = tables.get_table_client(place)
        self._made = self._closed = False

    async def make(self) -> None:
        """Make what is missing; again, until it has succeeded once."""
        if self._closed:
            raise StoreError("storage: it is closed")
        if not self._made:
            await asyncio.gather(self._make_container(), self._make_table())
            self._made = True

    async def close(self) -> None:
        self._closed = True
        await self.table.close()
        await self.container.close()
        await self._tables.close()
        await self._blobs.close()
        if self._credential is not None:
            await self._credential.close()

    async def _make_container(self) -> None:
        try:
            await self.container.create_container()
        except ResourceExistsError:
            return

    async def _make_table(self) -> None:
        try:
            await self.table.create_table()
        except ResourceExistsError:
            return


def _identity(account: StorageAccount) -> AsyncTokenCredential:
    if (account.credential or "").lower() == "managedidentity":
        return ManagedIdentityCredential(client_id=account.client_id)
    return DefaultAzureCredential(managed_identity_client_id=account.client_id)
