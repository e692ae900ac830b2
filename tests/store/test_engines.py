"""What every engine of the store promises."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from store import ANY, Conflict, Document, Store
from store.memory import MemoryStore
from store.redis import RedisStore
from store.sqlite import SqliteStore
from tests.support.redis_server import redis_server

KEEP = 0.3


class Clock:
    """What memory and SQLite take for the time; others have their own."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now

    async def pass_by(self, store: Store) -> None:
        """Let `KEEP` seconds pass."""
        self.now += KEEP
        if store.name not in ("memory", "sqlite"):
            await asyncio.sleep(KEEP + 0.05)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


@pytest.fixture(params=["memory", "sqlite", "redis"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock
) -> AsyncIterator[Store]:
    made: Store
    match request.param:
        case "memory":
            made = MemoryStore(clock=clock)
        case "sqlite":
            made = SqliteStore(str(tmp_path / "store.db"), clock=clock)
        case _:
            url = request.getfixturevalue("redis_url")
            made = RedisStore(url, prefix=uuid4().hex)
    yield made
    await made.close()


async def test_a_log_is_added_to_at_its_end_alone(store: Store) -> None:
    await store.append("log", b"one\n", at=0)
    await store.append("log", b"two\n", at=4)
    for at in (0, 4, 7, 9):
        with pytest.raises(Conflict):
            await store.append("log", b"three\n", at=at)
    assert await store.read("log", 0) == b"one\ntwo\n"
    assert await store.read("log", 4) == b"two\n"
    assert await store.read("log", 8) == b""


async def test_of_many_who_add_at_once_one_does(store: Store) -> None:
    adding = (store.append("log", b"%d\n" % n, at=0) for n in range(20))
    done = await asyncio.gather(*adding, return_exceptions=True)
    assert sum(each is None for each in done) == 1
    assert sum(isinstance(each, Conflict) for each in done) == 19


async def test_what_is_waited_for_is_read_when_it_comes(store: Store) -> None:
    await store.append("log", b"one\n", at=0)
    waiting = asyncio.create_task(store.read("log", 4, wait=5))
    await asyncio.sleep(0)
    await store.append("log", b"two\n", at=4)
    assert await asyncio.wait_for(waiting, 4) == b"two\n"
    assert await store.read("log", 8, wait=0.05) == b""


async def test_what_is_not_there_is_none_and_no_error_to_delete(store: Store) -> None:
    assert await store.read("log", 0, wait=0.01) is None
    assert await store.get("partition", "key") is None
    assert await store.list("partition") == []
    await store.drop("log")
    await store.delete("partition", "key")


async def test_a_log_begins_anew_once_it_is_dropped_or_expired(
    store: Store, clock: Clock
) -> None:
    for end in ("drop", "expire"):
        await store.append("log", b"one\n", at=0, keep=KEEP)
        if end == "drop":
            await store.drop("log")
        else:
            await clock.pass_by(store)
        assert await store.read("log", 0) is None
    await store.tidy()
    await store.append("log", b"two\n", at=0)
    assert await store.read("log", 0) == b"two\n"


async def test_a_document_is_replaced_by_whoever_knows_its_version(
    store: Store,
) -> None:
    first = await store.put("p", "k", b"1")
    with pytest.raises(Conflict):
        await store.put("p", "k", b"2")
    second = await store.put("p", "k", b"2", version=first)
    with pytest.raises(Conflict):
        await store.put("p", "k", b"3", version=first)
    assert await store.get("p", "k") == Document(b"2", second)
    third = await store.put("p", "k", b"3", version=ANY)
    assert await store.list("p") == [("k", Document(b"3", third))]
    await store.delete("p", "k")
    with pytest.raises(Conflict):
        await store.put("p", "k", b"4", version=third)
    await store.put("p", "k", b"4")


async def test_of_many_who_replace_at_once_one_does(store: Store) -> None:
    version = await store.put("p", "k", b"")
    putting = (store.put("p", "k", b"%d" % n, version=version) for n in range(20))
    done = await asyncio.gather(*putting, return_exceptions=True)
    assert sum(isinstance(each, Conflict) for each in done) == 19


async def test_documents_are_listed_by_their_keys(store: Store, clock: Clock) -> None:
    for key in ("b", "a", "a.b_c:d|e-f"):
        await store.put("p", key, key.encode())
    await store.put("p", "gone", b"", keep=KEEP)
    await store.put("q", "other", b"")
    await clock.pass_by(store)
    listed = [(key, found.value) for key, found in await store.list("p")]
    assert listed == [("a", b"a"), ("a.b_c:d|e-f", b"a.b_c:d|e-f"), ("b", b"b")]
    assert await store.get("p", "gone") is None
    await store.tidy()
    await store.put("p", "gone", b"again")


async def test_a_document_may_have_sixteen_megabytes(store: Store) -> None:
    value = bytes(range(256)) * 4096 * 16
    await store.put("p", "k", value)
    found = await store.get("p", "k")
    assert found is not None
    assert found.value == value
