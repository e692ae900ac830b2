"""`STORE` chooses an engine, and nothing of another one is imported."""

import subprocess
import sys
from pathlib import Path

import pytest

import store
from settings import Settings, SettingsError, storage_account
from tests.support.app_process import ROOT

SECRET = "a-secret-word"


def test_memory_imports_no_other_engine() -> None:
    code = (
        "import store, sys; from settings import Settings; store.build(Settings()); "
        "others = ('azure', 'redis', 'sqlite3', 'aiohttp'); "
        "print([name for name in sys.modules if name.startswith(others)])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    assert result.stdout.strip() == "[]"


def test_a_folder_that_is_not_there_fails_at_start(tmp_path: Path) -> None:
    settings = Settings(store=f"sqlite:{tmp_path}/none/store.db")
    with pytest.raises(SettingsError, match=r"^STORE: sqlite: "):
        store.build(settings)


@pytest.mark.parametrize(
    "rest",
    [
        "@host:port",
        "@[host",
        "@host:99999999",
        "@/0",
        "@host/x",
        "@host/0/1",
        "@host?x=1",
    ],
)
def test_a_bad_address_of_redis_fails_at_start_without_its_password(rest: str) -> None:
    settings = Settings(store=f"redis://:{SECRET}{rest}")
    with pytest.raises(SettingsError, match=r"^STORE: redis: ") as raised:
        store.build(settings)
    assert SECRET not in str(raised.value)
    assert raised.value.__suppress_context__


def test_a_password_is_not_shown() -> None:
    settings = Settings(store=f"rediss://user:{SECRET}@host:6380/0?password={SECRET}")
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings)
    assert settings.store_shown == "rediss://host:6380/0"


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({}, "STORE=storage needs AzureWebJobsStorage"),
        ({"AzureWebJobsStorage": " "}, "STORE=storage needs AzureWebJobsStorage"),
        ({"AzureWebJobsStorage": SECRET}, "AzureWebJobsStorage: expected a connection"),
        ({"AzureWebJobsStorage__accountName": SECRET}, "__accountName: expected 3 to"),
        ({"AzureWebJobsStorage__blobServiceUri": "https://x"}, "__tableServiceUri"),
        ({"AzureWebJobsStorage__blobServiceUri": SECRET}, "__blobServiceUri: "),
        ({"AzureWebJobsStorage": f"AccountName=x;{SECRET}"}, "STORE: storage: "),
    ],
)
def test_an_account_that_is_not_whole_fails_at_start(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], named: str
) -> None:
    for field in storage_account.StorageAccount.model_fields.values():
        monkeypatch.delenv(str(field.validation_alias), raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as raised:
        store.build(Settings(store="storage"))
    assert named in str(raised.value)
    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "given",
    [
        {"AzureWebJobsStorage": "UseDevelopmentStorage=true"},
        {"AzureWebJobsStorage__accountName": "name1\n"},
        {
            "AzureWebJobsStorage__blobServiceUri": "https://n.blob.core.windows.net",
            "AzureWebJobsStorage__tableServiceUri": "https://n.table.core.windows.net",
            "AzureWebJobsStorage__credential": "managedidentity",
            "AzureWebJobsStorage__clientId": "0000",
        },
    ],
)
async def test_an_account_is_named_as_the_host_names_it(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    for field in storage_account.StorageAccount.model_fields.values():
        monkeypatch.delenv(str(field.validation_alias), raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    built = store.build(Settings(store="storage"))
    assert built.name == "storage"
    await built.close()
