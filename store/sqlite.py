"""`sqlite:PATH`: one file, for the processes of one machine; it survives restarts.

See: https://www.sqlite.org/wal.html
"""

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic, sleep, time
from typing import ClassVar

from store import ANY, Conflict, Document, StoreError

UNFINISHED_SECONDS = 24 * 3600

CALL_SECONDS = 5.0
"""The longest that a call takes; a lock is waited for a little less."""

RETRY_SECONDS = 0.01
"""Seconds until a file that another process is opening is tried again."""

POLL_SECONDS = 0.1
"""How often a reader looks for more lines, which another process may have added."""

SCHEMA = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA secure_delete = ON;
CREATE TABLE IF NOT EXISTS lines (
    log TEXT, at INTEGER, lines BLOB NOT NULL, PRIMARY KEY (log, at)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS logs (
    log TEXT PRIMARY KEY, size INTEGER NOT NULL, expires REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS documents (
    partition TEXT, key TEXT, value BLOB NOT NULL, version INTEGER NOT NULL,
    expires REAL, PRIMARY KEY (partition, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS versions (last INTEGER NOT NULL);
INSERT INTO versions SELECT 0 WHERE NOT EXISTS (SELECT * FROM versions);
"""


class SqliteStore:
    """Opens or makes the file *path*; raises `StoreError` if that cannot be done."""

    name: ClassVar[str] = "sqlite"
    durable: ClassVar[bool] = True

    def __init__(self, path: str, clock: Callable[[], float] = time) -> None:
        self._clock = clock
        # SQLite takes one writer at a time anyway.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._file = self._thread.submit(_open, path).result()
        self._closed = False

    async def append(
        self, log: str, lines: bytes, *, at: int, keep: float | None = None
    ) -> None:
        await self._do(self._append, log, lines, at, keep)

    async def read(self, log: str, at: int, *, wait: float = 0) -> bytes | None:
        until = monotonic() + wait
        while True:
            found = await self._do(self._read, log, at)
            left = until - monotonic()
            if found != b"" or left <= 0:
                return found
            await asyncio.sleep(min(POLL_SECONDS, left))

    async def drop(self, log: str) -> None:
        await self._do(self._drop, log)

    async def get(self, partition: str, key: str) -> Document | None:
        return await self._do(self._get, partition, key)

    async def put(
        self,
        partition: str,
        key: str,
        value: bytes,
        *,
        version: str | None = None,
        keep: float | None = None,
    ) -> str:
        return await self._do(self._put, partition, key, value, version, keep)

    async def delete(self, partition: str, key: str) -> None:
        await self._do(self._delete, partition, key)

    async def list(self, partition: str) -> Sequence[tuple[str, Document]]:
        return await self._do(self._list, partition)

    async def tidy(self) -> None:
        await self._do(self._tidy)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._thread.submit(self._file.close)
        self._thread.shutdown(wait=False)

    async def _do[*A, T](self, work: Callable[[*A], T], *arguments: *A) -> T:
        """*work* in this store's thread, as one transaction."""

        def transaction() -> T:
            try:
                with self._file:
                    self._file.execute("BEGIN IMMEDIATE")
                    return work(*arguments)
            except sqlite3.Error as exc:
                raise StoreError(f"sqlite: {exc.sqlite_errorname}") from None

        if self._closed:
            raise StoreError("sqlite: it is closed")
        done = asyncio.get_running_loop().run_in_executor(self._thread, transaction)
        try:
            async with asyncio.timeout(CALL_SECONDS):
                return await asyncio.shield(done)
        except TimeoutError:
            # It may still be done: its caller can see that by the log's length.
            done.add_done_callback(_heard)
            raise StoreError("sqlite: it takes too long") from None

    def _append(self, log: str, lines: bytes, at: int, keep: float | None) -> None:
        size = self._size(log)
        if at != (size or 0):
            raise Conflict(log)
        if size is None:
            self._drop(log)
        if lines:
            row = (log, at, lines)
            self._file.execute("INSERT INTO lines VALUES (?, ?, ?)", row)
        expires = self._clock() + (keep if keep is not None else UNFINISHED_SECONDS)
        self._file.execute(
            "INSERT OR REPLACE INTO logs VALUES (?, ?, ?)",
            (log, at + len(lines), expires),
        )

    def _size(self, log: str) -> int | None:
        found: tuple[int] | None = self._file.execute(
            "SELECT size FROM logs WHERE log = ? AND expires > ?", (log, self._clock())
        ).fetchone()
        return found[0] if found else None

    def _read(self, log: str, at: int) -> bytes | None:
        size = self._size(log)
        if size is None:
            return None
        rows = self._file.execute(
            "SELECT at, lines FROM lines WHERE log = ? AND at + length(lines) > ? "
            "ORDER BY at",
            (log, at),
        ).fetchall()
        if not rows:
            return b""
        return b"".join(lines for _, lines in rows)[max(0, at - rows[0][0]) :]

    def _drop(self, log: str) -> None:
        self._file.execute("DELETE FROM lines WHERE log = ?", (log,))
        self._file.execute("DELETE FROM logs WHERE log = ?", (log,))

    def _get(self, partition: str, key: str) -> Document | None:
        found = self._file.execute(
            "SELECT value, version FROM documents WHERE partition = ? AND key = ? "
            "AND (expires IS NULL OR expires > ?)",
            (partition, key, self._clock()),
        ).fetchone()
        return Document(found[0], str(found[1])) if found else None

    def _put(
        self,
        partition: str,
        key: str,
        value: bytes,
        version: str | None,
        keep: float | None,
    ) -> str:
        found = self._get(partition, key)
        if version != ANY and version != (found and found.version):
            raise Conflict(key)
        self._file.execute("UPDATE versions SET last = last + 1")
        [new] = self._file.execute("SELECT last FROM versions").fetchone()
        expires = None if keep is None else self._clock() + keep
        self._file.execute(
            "INSERT OR REPLACE INTO documents VALUES (?, ?, ?, ?, ?)",
            (partition, key, value, new, expires),
        )
        return str(new)

    def _delete(self, partition: str, key: str) -> None:
        self._file.execute(
            "DELETE FROM documents WHERE partition = ? AND key = ?", (partition, key)
        )

    def _list(self, partition: str) -> Sequence[tuple[str, Document]]:
        rows = self._file.execute(
            "SELECT key, value, version FROM documents WHERE partition = ? "
            "AND (expires IS NULL OR expires > ?) ORDER BY key",
            (partition, self._clock()),
        )
        return [(key, Document(value, str(version))) for key, value, version in rows]

    def _tidy(self) -> None:
        now = self._clock()
        self._file.execute(
            "DELETE FROM lines WHERE log IN (SELECT log FROM logs WHERE expires <= ?)",
            (now,),
        )
        self._file.execute("DELETE FROM logs WHERE expires <= ?", (now,))
        self._file.execute("DELETE FROM documents WHERE expires <= ?", (now,))


def _open(path: str) -> sqlite3.Connection:
    try:
        # It holds what callers said: nobody else may read it.
        Path(path).touch(0o600)
        file = sqlite3.connect(path, timeout=CALL_SECONDS - 1, isolation_level=None)
        try:
            _prepare(file, until=monotonic() + CALL_SECONDS)
        except sqlite3.Error:
            file.close()
            raise
    except sqlite3.Error as exc:
        raise StoreError(f"sqlite: {exc.sqlite_errorname}") from None
    except OSError as exc:
        raise StoreError(f"sqlite: {os.strerror(exc.errno or 0)}") from None
    return file


def _prepare(file: sqlite3.Connection, until: float) -> None:
    """SQLite itself waits for no lock to set the journal's mode, or after a crash."""
    while True:
        try:
            file.executescript(SCHEMA)
            return
        except sqlite3.OperationalError as exc:
            if (
                exc.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY
                or monotonic() > until
            ):
                raise
        sleep(RETRY_SECONDS)


def _heard[T](done: asyncio.Future[T]) -> None:
    if not done.cancelled():
        done.exception()
