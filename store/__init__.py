"""What outlives a run: logs that are only added to, and small documents.

A module here is an engine, of which the setting `STORE` chooses one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, Protocol

from settings import Settings, SettingsError


class StoreError(Exception):
    """The engine is down, too slow, or full. Its text never holds content."""


class Damaged(StoreError):
    """What is kept there is damaged, or not of this version."""


@contextmanager
def readable() -> Iterator[None]:
    """Raise `Damaged` if what is decoded in the block is not what it should be."""
    try:
        yield
    except (ValueError, TypeError, LookupError) as exc:  # Its text has content.
        raise Damaged(type(exc).__name__) from None


class Conflict(Exception):
    """Somebody else has changed it meanwhile."""


@dataclass(frozen=True, slots=True)
class Document:
    """A document as it was read; *version* is for the `put` that replaces it."""

    value: bytes
    version: str


class Store(Protocol):
    """One engine. Every method may raise `StoreError`, five seconds after its call at
    the latest; none blocks the event loop.

    A log is bytes that are only added to, in whole lines; its positions are counts of
    bytes. A document has a partition, which is listed as a whole, and a key in it: each
    is up to 256 of `A-Za-z0-9_.:|-`. What has expired is gone for every method.
    """

    name: ClassVar[str]
    """As in `STORE`."""

    durable: ClassVar[bool]
    """Whether what is kept outlives this process."""

    async def append(
        self, log: str, lines: bytes, *, at: int, keep: float | None = None
    ) -> None:
        """Add *lines* to *log*, which is *at* bytes long; a new one is at 0.

        Raises `Conflict` if it has another length. No engine tries twice: after a
        `StoreError` the lines may be there, which `read` from *at* shows. *keep* is
        given with the last lines, which may be none: the log expires after so many
        seconds. Until then it is kept for a day.
        """

    async def read(self, log: str, at: int, *, wait: float = 0) -> bytes | None:
        """The whole lines from position *at* on, or `None` if there is no such log.

        If there are none yet, wait for the next ones for *wait* seconds at most, and
        return what there is then.
        """

    async def drop(self, log: str) -> None:
        """Delete *log*, if there is one."""

    async def get(self, partition: str, key: str) -> Document | None: ...

    async def put(
        self,
        partition: str,
        key: str,
        value: bytes,
        *,
        version: str | None = None,
        keep: float | None = None,
    ) -> str:
        """Write a document of up to 16 MB, and return its version.

        Raises `Conflict` unless the document has *version*, or, without one, does not
        exist. `ANY` replaces whatever is there. It expires after *keep* seconds.
        """

    async def delete(self, partition: str, key: str) -> None:
        """Delete the document, if there is one."""

    async def list(self, partition: str) -> Sequence[tuple[str, Document]]:
        """All documents of *partition*, in the order of their keys."""

    async def tidy(self) -> None:
        """Free the room of what has expired; called once a minute, it may take one."""

    async def close(self) -> None: ...


ANY = "*"
"""A version for `put`: whatever is there."""


def build(settings: Settings) -> Store:
    """The engine that `STORE` names; raises `SettingsError` if it cannot be used."""
    engine, _, _ = settings.store.partition(":")
    try:
        return ENGINES[engine](settings.store)
    except StoreError as error:
        raise SettingsError(f"STORE: {error}") from None
    except ImportError as error:
        raise SettingsError(
            f"STORE: {engine} needs a package that is not installed: {error.name}"
        ) from None


# Each is imported only if it is chosen: a cold start pays for no other.
def _memory(address: str) -> Store:
    from store.memory import MemoryStore

    return MemoryStore()


def _sqlite(address: str) -> Store:
    from store.sqlite import SqliteStore

    return SqliteStore(address.removeprefix("sqlite:"))


def _storage(address: str) -> Store:
    from settings import storage_account
    from store.storage import StorageStore

    return StorageStore(storage_account.load())


def _redis(address: str) -> Store:
    from store.redis import RedisStore

    return RedisStore(address)


ENGINES: Mapping[str, Callable[[str], Store]] = {
    "memory": _memory,
    "sqlite": _sqlite,
    "storage": _storage,
    "redis": _redis,
    "rediss": _redis,
}
