"""What every engine of the store promises."""

import asyncio

import pytest

from store import ANY, Conflict, Document, Store
from tests.store.conftest import Clock, Open

KEEP = 0.3


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
            await clock.pass_by(KEEP)
        assert await store.read("log", 0) is None
    await store.tidy()
    await store.append("log", b"two\n", at=0)
    assert await store.read("log", 0) == b"two\n"


async def test_nothing_is_added_to_what_has_expired(again: Open, clock: Clock) -> None:
    one, other = again(), again()
    await one.append("log", b"one\n", at=0, keep=KEEP)
    await one.append("empty", b"", at=0, keep=KEEP)
    await clock.pass_by(KEEP)
    for store in (one, other):
        for lines, keep in ((b"two\n", None), (b"two\n", 9), (b"", 9)):
            with pytest.raises(Conflict):
                await store.append("log", lines, at=4, keep=keep)
        assert await store.read("log", 4) is None
        assert await store.read("empty", 0) is None


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
    await clock.pass_by(KEEP)
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


async def test_two_stores_of_one_place_see_each_other(again: Open) -> None:
    one, other = again(), again()
    await one.append("log", b"one\n", at=0)
    waiting = asyncio.create_task(other.read("log", 4, wait=5))
    await asyncio.sleep(0)
    await one.append("log", b"two\n", at=4)
    assert await asyncio.wait_for(waiting, 4) == b"two\n"
    version = await other.put("p", "k", b"1")
    assert await one.get("p", "k") == Document(b"1", version)
    await one.put("p", "k", b"2", version=version)
    with pytest.raises(Conflict):
        await other.put("p", "k", b"3", version=version)


async def test_a_log_is_read_from_any_of_its_lines(store: Store) -> None:
    await store.append("log", b"one\ntwo\nthree\n", at=0)
    await store.append("log", b"four\nfive\n", at=14)
    whole = b"one\ntwo\nthree\nfour\nfive\n"
    for at in (0, 4, 8, 14, 19, 24, 30):
        assert await store.read("log", at) == whole[at:]


async def test_nothing_added_to_a_log_is_no_line(store: Store) -> None:
    await store.append("log", b"", at=0)
    await store.append("log", b"one\n", at=0)
    await store.append("log", b"", at=4, keep=50)
    with pytest.raises(Conflict):
        await store.append("log", b"", at=3, keep=50)
    assert await store.read("log", 0) == b"one\n"


@pytest.mark.parametrize("name", [".", "..", "a.", "-", "|", ":", "_", "0" * 256])
async def test_whatever_may_be_a_name_is_one(store: Store, name: str) -> None:
    await store.append(name, b"one\n", at=0)
    await store.put(name, name, b"1")
    assert await store.read(name, 0) == b"one\n"
    assert [key for key, _ in await store.list(name)] == [name]


@pytest.mark.parametrize("size", [0, 60_000, 60_001, 720_000, 720_001, 2_000_000])
async def test_a_document_has_any_size(store: Store, size: int) -> None:
    first = await store.put("p", "k", b"")
    second = await store.put("p", "k", bytes(size), version=first)
    assert await store.get("p", "k") == Document(bytes(size), second)
    await store.put("p", "k", b"less", version=second)
    [(_, found)] = await store.list("p")
    assert found.value == b"less"
    await store.delete("p", "k")
    assert await store.get("p", "k") is None
