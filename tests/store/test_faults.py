"""A store that is down, slow, mute, cut or full: an error in time, then it works."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from store import ANY, Store, StoreError
from store.memory import MemoryStore
from store.redis import RedisStore
from store.sqlite import SqliteStore
from store.storage import StorageStore
from tests.store.conftest import account
from tests.support.azurite import Azurite
from tests.support.faulty_proxy import Fault, FaultyProxy
from tests.support.redis_server import redis_server

SECONDS = 5.0

Call = Callable[[Store], Awaitable[object]]

CALLS: dict[str, Call] = {
    "append": lambda store: store.append("new", b"one\n", at=0),
    "read": lambda store: store.read("log", 0),
    "get": lambda store: store.get("p", "k"),
    "put": lambda store: store.put("p", "k", b"2", version=ANY),
    "list": lambda store: store.list("p"),
    "delete": lambda store: store.delete("p", "other"),
}


@pytest.fixture(params=["storage", "redis"])
async def proxied(
    request: pytest.FixtureRequest, place: str
) -> AsyncIterator[tuple[Store, FaultyProxy]]:
    if request.param == "redis":
        url: str = request.getfixturevalue("redis_url")
        async with FaultyProxy(urlsplit(url).port or 0).served() as proxy:
            redis = RedisStore(f"redis://127.0.0.1:{proxy.port}", prefix=place)
            yield redis, proxy
            await redis.close()
        return
    azurite: Azurite = request.getfixturevalue("azurite")
    given = dict(part.split("=", 1) for part in azurite.url.split(";") if part)
    tables = urlsplit(given["TableEndpoint"]).port or 0
    blobs = urlsplit(given["BlobEndpoint"]).port or 0
    async with FaultyProxy(tables).served() as proxy, FaultyProxy(blobs).served() as b:
        text = azurite.connection_string.replace(f":{tables}/", f":{proxy.port}/")
        at = account(text.replace(f":{blobs}/", f":{b.port}/"))
        storage = StorageStore(at, place=place)
        yield storage, Both(proxy, b)
        await storage.close()


class Both(FaultyProxy):
    """Two proxies, of which each does the same."""

    def __init__(self, one: FaultyProxy, other: FaultyProxy) -> None:
        self._both = (one, other)

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        for each in self._both if name == "fault" else ():
            setattr(each, name, value)

    def cut(self) -> None:
        for each in self._both:
            each.cut()


@pytest.mark.parametrize("fault", ["down", "slow", "mute", "cut"])
async def test_each_call_ends_in_time_and_works_again(
    proxied: tuple[Store, FaultyProxy], fault: Fault
) -> None:
    store, proxy = proxied
    await store.append("log", b"one\n", at=0)
    await store.put("p", "k", b"1")
    proxy.fault = fault
    if fault == "down":
        proxy.cut()
    calling = (asyncio.wait_for(call(store), SECONDS + 2) for call in CALLS.values())
    done = await asyncio.gather(*calling, return_exceptions=True)
    assert {type(each) for each in done if isinstance(each, Exception)} <= {StoreError}
    if fault != "slow":
        assert all(isinstance(each, StoreError) for each in done)
    proxy.fault = "none"
    proxy.cut()
    assert await store.read("log", 0) == b"one\n"
    await store.put("p", "k", b"3", version=ANY)


async def test_a_store_that_flaps_is_used_again(
    proxied: tuple[Store, FaultyProxy],
) -> None:
    store, proxy = proxied
    for number in range(6):
        proxy.fault = "down" if number % 2 else "none"
        proxy.cut()
        try:
            await store.put("p", f"k{number}", b"1")
        except StoreError:
            assert number % 2
    proxy.fault = "none"
    assert [key for key, _ in await store.list("p")] == ["k0", "k2", "k4"]


async def fill(store: Store) -> None:
    for number in range(20):
        await store.put("p", f"k{number:02}", bytes(500_000))


async def test_a_full_redis_is_an_error_until_there_is_room() -> None:
    with redis_server("--maxmemory", "6mb") as url:
        store = RedisStore(url)
        await store.append("log", b"one\n", at=0)
        with pytest.raises(StoreError):
            await fill(store)
        await store.delete("p", "k00")
        await store.delete("p", "k01")
        await store.append("log", b"two\n", at=4)
        await store.close()


async def test_a_full_disk_is_an_error_until_there_is_room(tmp_path: Path) -> None:
    store = SqliteStore(str(tmp_path / "store.db"))
    limit = "PRAGMA max_page_count = 500"
    await store._do(lambda: store._file.execute(limit).fetchone())
    await store.append("log", b"one\n", at=0)
    with pytest.raises(StoreError, match="SQLITE_FULL"):
        await fill(store)
    await store.delete("p", "k00")
    await store.append("log", b"two\n", at=4)
    assert await store.read("log", 0) == b"one\ntwo\n"
    await store.close()


async def test_a_full_memory_is_an_error() -> None:
    store = MemoryStore(limit=1000)
    with pytest.raises(StoreError):
        await store.put("p", "k", bytes(2000))
