"""`CHECKPOINTER`: where graphs keep their state, unless they say so themselves."""

import asyncio
from collections.abc import Awaitable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from settings import Settings, SettingsError
from store import Store
from streaming.errors import NotConfigured

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

    type AnySaver = BaseCheckpointSaver[str]

_PACKAGES = {
    "memory": ("langgraph.checkpoint.memory", "langgraph"),
    "sqlite": ("langgraph.checkpoint.sqlite", "langgraph-checkpoint-sqlite"),
    "postgres": (
        "langgraph.checkpoint.postgres",
        "langgraph-checkpoint-postgres and psycopg[binary]",
    ),
}
"""The module of each kind, and what to install for it."""


class Checkpointer:
    """Makes the one checkpointer of an app once a graph needs it.

    Raises `SettingsError` if a package is missing that `CHECKPOINTER` needs.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        given = settings.checkpointer
        self._target = given.get_secret_value() if given else None
        self._store = store
        self._stack = AsyncExitStack()
        self._lock = asyncio.Lock()
        self._made: AnySaver | None = None
        self._check()

    @property
    def _kind(self) -> str:
        scheme = (self._target or "").partition(":")[0]
        return "postgres" if scheme == "postgresql" else scheme

    def _check(self) -> None:
        """A graph's packages may be missing if no chain is one: so may LangGraph."""
        if self._kind not in _PACKAGES:
            module = (self._target or "").partition(":")[0].partition(".")[0]
            if module and find_spec(module) is None:
                raise SettingsError(f"CHECKPOINTER: there is no module {module!r}")
            return
        module, packages = _PACKAGES[self._kind]
        if not _is_installed(module):
            raise SettingsError(f"CHECKPOINTER: install {packages}")

    async def saver(self) -> "AnySaver":
        """The checkpointer; raises `NotConfigured` if there cannot be one."""
        async with self._lock:
            if self._made is None:
                try:
                    self._made = await self._build()
                except NotConfigured:
                    raise
                except Exception as exc:
                    # Its text may hold a URL with a password.
                    kind = type(exc).__name__
                    raise NotConfigured(
                        f"CHECKPOINTER: the {self._kind or 'store'} checkpointer "
                        f"cannot be made: {kind}."
                    ) from None
            return self._made

    async def close(self) -> None:
        self._made = None
        await self._stack.aclose()

    async def _build(self) -> "AnySaver":
        from runnables.checkpoints import StoreSaver

        target = self._target
        if target is None:
            return StoreSaver(self._store)
        match self._kind:
            case "memory":
                from langgraph.checkpoint.memory import InMemorySaver

                return InMemorySaver()
            case "sqlite":
                return await self._sqlite(target.removeprefix("sqlite:"))
            case "postgres":
                return await self._postgres(target)
            case _:
                return await self._own(target)

    async def _sqlite(self, path: str) -> "AnySaver":
        import aiosqlite
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

        opened = aiosqlite.connect(path)
        # Its thread would keep a process from ending that has not closed it.
        opened._thread.daemon = True
        connection = await self._stack.enter_async_context(opened)
        saver = AsyncSqliteSaver(connection)
        await saver.setup()
        return saver

    async def _postgres(self, url: str) -> "AnySaver":
        from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
        from psycopg import AsyncConnection
        from psycopg.rows import DictRow, dict_row
        from psycopg_pool import AsyncConnectionPool

        # As its `from_conn_string` does, but for more than one run at a time.
        options = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
        pool: AsyncConnectionPool[AsyncConnection[DictRow]] = AsyncConnectionPool(
            url, kwargs=options, min_size=1, max_size=10, open=False
        )
        await self._stack.enter_async_context(pool)
        await pool.wait(timeout=5)
        saver = AsyncPostgresSaver(pool)
        await saver.setup()
        return saver

    async def _own(self, target: str) -> "AnySaver":
        from langgraph.checkpoint.base import BaseCheckpointSaver

        module, _, attribute = target.partition(":")
        made: object = getattr(
            await asyncio.to_thread(import_module, module), attribute, None
        )
        if callable(made) and not isinstance(made, BaseCheckpointSaver):
            made = made()
        if isinstance(made, Awaitable):
            made = await made
        if isinstance(made, AbstractAsyncContextManager) and not isinstance(
            made, BaseCheckpointSaver
        ):
            made = await self._stack.enter_async_context(made)
        if not isinstance(made, BaseCheckpointSaver):
            raise NotConfigured(
                f"CHECKPOINTER: {target} is a {type(made).__name__}, expected a "
                "BaseCheckpointSaver, or a function or context manager that makes one."
            )
        return made


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
