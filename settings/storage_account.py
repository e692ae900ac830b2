"""The storage account that every Function App has, as the host's settings name it.

See: https://learn.microsoft.com/azure/azure-functions/functions-reference#connecting-to-host-storage-with-an-identity
"""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from settings.environment import Environment, SettingsError, read

NAME = "AzureWebJobsStorage"

EMULATOR = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/"
    "K1SZFPTOtr/KBHBeksoGMGw==;"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;"
    "TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;"
)
"""What `UseDevelopmentStorage=true` stands for; the key is published."""


def _whole(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if text.strip().rstrip(";").lower() == "usedevelopmentstorage=true":
        return SecretStr(EMULATOR)
    if "accountname=" not in text.lower() and "endpoint=" not in text.lower():
        raise ValueError("expected a connection string")
    return value


def _uri(value: str) -> str:
    if urlsplit(value).scheme not in ("http", "https") or not urlsplit(value).hostname:
        raise ValueError("expected a URI such as https://name.blob.core.windows.net")
    return value.rstrip("/")


def _account(value: str) -> str:
    if not re.fullmatch("[a-z0-9]{3,24}", value):
        raise ValueError("expected 3 to 24 digits and small letters")
    return value


Uri = Annotated[str, AfterValidator(_uri)]


class StorageAccount(Environment):
    connection_string: Annotated[SecretStr, AfterValidator(_whole)] | None = Field(
        None, validation_alias=NAME
    )
    account: Annotated[str, AfterValidator(_account)] | None = Field(
        None, validation_alias=f"{NAME}__accountName"
    )
    blob_uri: Uri | None = Field(None, validation_alias=f"{NAME}__blobServiceUri")
    table_uri: Uri | None = Field(None, validation_alias=f"{NAME}__tableServiceUri")
    credential: str | None = Field(None, validation_alias=f"{NAME}__credential")
    client_id: str | None = Field(None, validation_alias=f"{NAME}__clientId")

    @property
    def blobs(self) -> str | None:
        return self.blob_uri or self._of_account("blob")

    @property
    def tables(self) -> str | None:
        return self.table_uri or self._of_account("table")

    @property
    def complete(self) -> bool:
        return bool(self.connection_string or (self.blobs and self.tables))

    def _of_account(self, service: str) -> str | None:
        account = self.account
        return account and f"https://{account}.{service}.core.windows.net"


def load() -> StorageAccount:
    """Read the environment; raise `SettingsError` naming what is wrong or missing."""
    account = read(StorageAccount)
    if not account.complete:
        raise SettingsError(
            f"STORE=storage needs {NAME}, or {NAME}__accountName for an identity "
            f"(or both {NAME}__blobServiceUri and {NAME}__tableServiceUri)"
        )
    return account
