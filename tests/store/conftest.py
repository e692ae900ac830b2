"""Each engine of the store, over what it really is kept in."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from secrets import token_hex

import pytest
from pydantic import SecretStr

from settings.storage_account import StorageAccount
from store import Store
from store.memory import MemoryStore
from store.redis import RedisStore
from store.sqlite import SqliteStore
from store.storage import StorageStore
from tests.support.azurite import Azurite
from tests.support.redis_server import redis_server

Open = Callable[[], Store]
"""Opens the same place once more."""

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
