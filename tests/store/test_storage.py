"""What Azure's storage needs beside what every engine promises."""

from collections.abc import AsyncIterator

import pytest

from store import Store, StoreError
from store.storage import WRITING_SECONDS, StorageStore
from store.storage_entity import MAX_BYTES
from tests.store.conftest import Clock, account
from tests.support.azurite import Azurite

LARGE = bytes(MAX_BYTES + 1)


@pytest.fixture
async def storage(
    azurite: Azurite, place: str, clock: Clock
) -> AsyncIterator[StorageStore]:
    store = StorageStore(account(azurite.connection_string), clock=clock, place=place)
    yield store
    await store.close()


async def values(store: StorageStore) -> list[str]:
    """The blobs that hold values."""
    blobs = store._container.list_blobs(name_starts_with="value-")
    return [blob.name async for blob in blobs]


async def fails(*arguments: object) -> tuple[str, str | None]:
    raise StoreError("gone")


async def test_the_value_of_a_put_that_failed_is_found_and_deleted(
    storage: StorageStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await storage.put("p", "kept", LARGE)
    with monkeypatch.context() as broken:
        broken.setattr(storage, "_write", fails)
        with pytest.raises(StoreError):
            await storage.put("p", "k", LARGE)
    await storage.tidy()
    assert len(await values(storage)) == 2  # It may still be being written.
    await clock.pass_by(WRITING_SECONDS)
    await storage.tidy()
    assert len(await values(storage)) == 1
    [(key, found)] = await storage.list("p")
    assert (key, found.value) == ("kept", LARGE)


async def test_the_value_that_a_delete_has_left_is_found_and_deleted(
    storage: StorageStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = await storage.put("p", "replaced", LARGE)
    await storage.put("p", "deleted", LARGE)
    with monkeypatch.context() as broken:
        broken.setattr(storage, "_delete_blob", fails)
        with pytest.raises(StoreError):
            await storage.put("p", "replaced", LARGE, version=version)
        with pytest.raises(StoreError):
            await storage.delete("p", "deleted")
    await clock.pass_by(WRITING_SECONDS)
    await storage.tidy()
    assert len(await values(storage)) == 1
    [(key, _)] = await storage.list("p")
    assert key == "replaced"


async def test_another_store_that_has_written_nothing_sees_what_has_expired(
    storage: StorageStore, azurite: Azurite, place: str, clock: Clock
) -> None:
    at = account(azurite.connection_string)
    other: Store = StorageStore(at, clock=clock, place=place)
    await storage.append("log", b"one\n", at=0)
    await other.append("log", b"two\n", at=4)
    await storage.append("log", b"three\n", at=8)
    assert await other.read("log", 0) == b"one\ntwo\nthree\n"
    await other.close()
