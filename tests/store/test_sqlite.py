"""One SQLite file: two processes write it at once, and nothing deleted is in it."""

import asyncio
import sqlite3
import sys
from pathlib import Path

import pytest

from store import sqlite
from store.sqlite import SqliteStore
from tests.support.app_process import ROOT

TIMES = 100

WRITER = """
import asyncio, sys
from store import Conflict
from store.sqlite import SqliteStore

async def main(path, name, times):
    store = SqliteStore(path)
    for number in range(times):
        while True:
            found = await store.get("p", "k")
            counted = int(found.value) + 1 if found else 1
            version = found.version if found else None
            try:
                await store.put("p", "k", b"%d" % counted, version=version)
                break
            except Conflict:
                continue
        at = 0
        while True:
            at += len(await store.read("log", at) or b"")
            try:
                await store.append("log", f"{name} {number}\\n".encode(), at=at)
                break
            except Conflict:
                continue
    await store.close()

asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
"""


async def test_two_processes_lose_no_line_and_no_count(tmp_path: Path) -> None:
    path = str(tmp_path / "store.db")
    writers = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", WRITER, path, name, str(TIMES)), cwd=ROOT, env={}
        )
        for name in ("one", "two")
    ]
    async with asyncio.timeout(60):
        assert [await each.wait() for each in writers] == [0, 0]
    store = SqliteStore(path)
    counted = await store.get("p", "k")
    lines = (await store.read("log", 0) or b"").decode().splitlines()
    await store.close()
    assert counted is not None
    assert counted.value == b"%d" % (2 * TIMES)
    for name in ("one", "two"):
        own = [line for line in lines if line.startswith(name)]
        assert own == [f"{name} {number}" for number in range(TIMES)]
    assert len(lines) == 2 * TIMES


def test_a_file_that_another_process_is_making_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(tmp_path / "store.db")
    other = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    waited: list[float] = []

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        other.execute("COMMIT")

    monkeypatch.setattr(sqlite, "sleep", sleep)
    store = SqliteStore(path)
    asyncio.run(store.close())
    store._thread.shutdown()
    assert len(waited) == 1
    other.close()


async def test_nothing_that_is_deleted_is_left_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    store = SqliteStore(str(path))
    for size in (10, 100_000):
        await store.put("p", f"{size}", b"content" * size)
        await store.append(f"log{size}", b"content" * size, at=0)
    await store.put("p", "kept", b"kept")
    for size in (10, 100_000):
        await store.delete("p", f"{size}")
        await store.drop(f"log{size}")
    await store.close()
    store._thread.shutdown()
    left = contents(tmp_path)
    assert b"kept" in left
    assert b"content" not in left


def contents(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in folder.iterdir())
