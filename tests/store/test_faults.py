"""A store that is down, slow, mute, cut or full: an error in time, then it works."""

import asyncio
from pathlib import Path

import pytest

from store import ANY, Store, StoreError
from store.memory import MemoryStore
from store.redis import RedisStore
from store.sqlite import SqliteStore
from tests.store.conftest import CALLS
from tests.support.faulty_proxy import Fault, FaultyProxy
from tests.support.redis_server import redis_server

SECONDS = 5.0


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
