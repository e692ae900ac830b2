"""Threads of which what is kept is damaged, or of another version of the app."""

import pytest

from runs.thread_places import locks, notes, threads, titles
from runs.threads import Threads
from store import ANY
from store.memory import MemoryStore
from streaming.errors import InternalError, NotFound
from tests.threads.kept_store import OWNER, answered, asked, run_of

DAMAGED = (b"{", b"[]", b'{"another":"version"}')


@pytest.mark.parametrize("value", DAMAGED)
async def test_a_thread_that_cannot_be_read_says_so_and_is_deleted(
    value: bytes,
) -> None:
    store = MemoryStore()
    kept = Threads(store, most=256, retention=600)
    await answered(kept, run_of(), "one")
    for place in (threads(OWNER), titles(OWNER), notes(OWNER), locks(OWNER)):
        await store.put(place, "t", value, version=ANY)
    await store.delete(locks(OWNER), "t")
    with pytest.raises(InternalError, match="delete it, or begin another"):
        await kept.get(OWNER, "t")
    with pytest.raises(InternalError, match="delete it, or begin another"):
        await kept.open(asked("two"), run_of(), keeps=False)
    await store.put(locks(OWNER), "t", value, version=ANY)
    await kept.delete(OWNER, "t")
    with pytest.raises(NotFound):
        await kept.get(OWNER, "t")
    assert await answered(kept, run_of(), "one") == ["one"]


async def test_a_title_or_note_that_cannot_be_read_hides_no_other() -> None:
    store = MemoryStore()
    kept = Threads(store, most=256, retention=600)
    await answered(kept, run_of(), "one")
    for place in (titles(OWNER), notes(OWNER)):
        for number, value in enumerate(DAMAGED[:2]):
            await store.put(place, f"damaged-{number}", value)
    assert [each.id for each in await kept.list(OWNER)] == ["t"]
    assert await kept.notes.all(OWNER) == {}
