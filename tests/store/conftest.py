"""Each engine of the store, over what it really is kept in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from secrets import token_hex
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from settings.storage_account import StorageAccount
from store import ANY, Store
from store.memory import MemoryStore
from store.redis import RedisStore
from store.sqlite import SqliteStore
from store.storage import StorageStore
from tests.support.azurite import Azurite
from tests.support.faulty_proxy import FaultyProxy
from tests.support.redis_server import redis_server

Open = Callable[[], Store]
"""Opens the same place once more."""

Call = Callable[[Store], Awaitable[object]]

CALLS: dict[str, Call] = {
    "append": lambda store: store.append("new", b"one\n", at=0),
    "read": lambda store: store.read("log", 0),
    "get": lambda store: store.get("p", "k"),
    "put": lambda store: store.put("p", "k", b"2", version=ANY),
    "list": lambda store: store.list("p"),
    "delete": lambda store: store.delete("p", "other"),
}

ENGINES = ("memory", "sqlite", "storage", "redis")


class Clock:
    """Time that a test moves; Redis has its own, for which `pass_by` waits."""

    now = 1000.0
    real = False

    def __call__(self) -> float:
        return self.now

    async def pass_by(self, seconds: float) -> None:
        self.now += seconds
        if self.real:
            await asyncio.sleep(seconds + 0.05)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    with Azurite() as azurite:
        yield azurite


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


def account(connection_string: str) -> StorageAccount:
    given = {"AzureWebJobsStorage": SecretStr(connection_string)}
    return StorageAccount.model_validate(given)


@pytest.fixture
def place(tmp_path: Path) -> str:
    """A name that no other test has."""
    return f"t{token_hex(8)}"


@pytest.fixture(params=ENGINES)
def opener(
    request: pytest.FixtureRequest, tmp_path: Path, clock: Clock, place: str
) -> Open:
    match request.param:
        case "memory":
            kept = MemoryStore(clock=clock)
            return lambda: kept
        case "sqlite":
            return lambda: SqliteStore(str(tmp_path / "store.db"), clock=clock)
        case "storage":
            azurite: Azurite = request.getfixturevalue("azurite")
            at = account(azurite.connection_string)
            return lambda: StorageStore(at, clock=clock, place=place)
        case _:
            clock.real = True
            url: str = request.getfixturevalue("redis_url")
            return lambda: RedisStore(url, prefix=place)


@pytest.fixture
async def again(opener: Open) -> AsyncIterator[Open]:
    opened: list[Store] = []

    def open_one() -> Store:
        opened.append(opener())
        return opened[-1]

    yield open_one
    for each in opened:
        await each.close()


@pytest.fixture
def store(again: Open) -> Store:
    return again()


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
