"""Logs that are damaged, or that another version of the app has written."""

from collections.abc import AsyncGenerator

import orjson
import pytest

from runs import Run
from runs.following import Following
from runs.reading import read
from server.followed_body import FollowedBody
from server.pipe import Pipe
from store.memory import MemoryStore
from streaming import dialects
from streaming.errors import NotFound
from streaming.events import Event, TextDelta
from tests.support.logged_answers import answer, followed, logs_over


async def two_texts() -> AsyncGenerator[Event]:
    yield TextDelta("d", "one")
    yield TextDelta("d", "two")


async def kept() -> tuple[MemoryStore, str, list[bytes]]:
    """A store, a run's id, and the lines of its log."""
    store, run = MemoryStore(), Run(chain="c")
    await answer(logs_over(store), run, two_texts())
    written = await store.read(run.id, 0)
    assert written
    return store, run.id, written.splitlines(keepends=True)


async def put(store: MemoryStore, run_id: str, *lines: bytes) -> None:
    await store.drop(run_id)
    await store.append(run_id, b"".join(lines), at=0)


async def test_what_a_later_version_says_of_a_run_is_passed_over() -> None:
    store, run_id, [first, *lines] = await kept()
    before = await followed(logs_over(store), run_id, 0)
    later = orjson.dumps({**orjson.loads(first), "colour": "blue"})
    await put(store, run_id, later + b"\n", *lines)
    assert await followed(logs_over(store), run_id, 0) == before


async def test_a_log_that_cannot_be_read_is_as_none() -> None:
    store, run_id, [first, *lines] = await kept()
    unread = ([first[:40]], [b'{"run_id":"x"}\n'], [first, *lines[:-1], lines[-1][:9]])
    for damaged in unread:
        await put(store, run_id, *damaged)
        with pytest.raises(NotFound, match="it may have expired"):
            await read(logs_over(store), run_id, "")


async def test_a_damaged_line_cuts_its_follower_off() -> None:
    store, run_id, [first, one, two, done] = await kept()
    await put(store, run_id, first, one, two[:4] + b"\n", done)
    logs, pipe = logs_over(store), Pipe(deadline=0)
    found = await read(logs, run_id, "")
    request, wire = found.header.request(), dialects.load("json")
    await FollowedBody(Following(logs, found), request, wire, 0).write(pipe)
    assert pipe.broken
    assert b"one" in pipe.take()
