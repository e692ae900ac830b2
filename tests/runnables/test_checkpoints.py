"""The checkpointer over the store, which LangGraph's own tests of savers hold."""

import asyncio
import operator
from collections.abc import AsyncGenerator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypedDict
from uuid import uuid4

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.graph import START, StateGraph
from langgraph.types import Send
from pydantic import SecretStr

from runnables.checkpoint_documents import MAX_BYTES
from runnables.checkpoints import StoreSaver
from runs.thread_places import checkpoints
from settings.storage_account import StorageAccount
from store import Store, StoreError
from store.memory import MemoryStore
from store.redis import RedisStore
from store.sqlite import SqliteStore
from store.storage import StorageStore
from streaming.errors import StoreUnavailable, TooLarge
from tests.support.azurite import Azurite
from tests.support.redis_server import redis_server

BASE = ["put", "put_writes", "get_tuple", "list", "delete_thread", "prune"]


@pytest.fixture(params=["memory", "sqlite", "storage", "redis"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncGenerator[Store]:
    made: Store = MemoryStore()
    if request.param == "sqlite":
        made = SqliteStore(str(tmp_path / "store.db"))
    elif request.param == "storage":
        azurite: Azurite = request.getfixturevalue("azurite")
        given = {"AzureWebJobsStorage": SecretStr(azurite.connection_string)}
        made = StorageStore(StorageAccount.model_validate(given))
    elif request.param == "redis":
        url = request.getfixturevalue("redis_url")
        made = RedisStore(url, prefix=uuid4().hex)
    yield made
    await made.close()


@pytest.fixture(scope="module")
def azurite() -> Iterator[Azurite]:
    with Azurite() as azurite:
        yield azurite


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    with redis_server() as url:
        yield url


async def test_langgraphs_own_tests_of_savers_pass(store: Store) -> None:
    @checkpointer_test(name="store")
    async def made() -> AsyncGenerator[StoreSaver]:
        yield StoreSaver(store)

    report = await validate(made)
    failures = [f for each in report.results.values() for f in each.failures or ()]
    assert not failures
    assert [name for name in BASE if report.results[name].passed] == BASE


@dataclass
class Note:
    text: str


class Notes(TypedDict, total=False):
    notes: Annotated[list[Note], operator.add]
    big: str


THREAD: RunnableConfig = {"configurable": {"thread_id": "me|t1"}}


def _noting(saver: StoreSaver, *, steps: int = 1) -> Any:
    def note(state: Notes) -> Any:
        return {"notes": [Note(str(len(state.get("notes", ()))))]}

    graph: Any = StateGraph(Notes).add_node("0", note).add_edge(START, "0")
    for number in range(1, steps):
        graph.add_node(str(number), note).add_edge(str(number - 1), str(number))
    return graph.compile(checkpointer=saver)


async def _kept_of_a_large_value(steps: int) -> int:
    store = MemoryStore()
    graph = _noting(StoreSaver(store), steps=steps)
    await graph.ainvoke({"big": "x" * 10_000}, THREAD)
    documents = await store.list(checkpoints("me|t1"))
    return sum(len(each.value) >= 10_000 for _, each in documents)


async def test_a_value_is_not_written_again_with_every_step() -> None:
    assert await _kept_of_a_large_value(9) == await _kept_of_a_large_value(1)


async def test_a_deleted_thread_leaves_nothing_and_others_as_they_are() -> None:
    store = MemoryStore()
    saver = StoreSaver(store)
    other: RunnableConfig = {"configurable": {"thread_id": "me|t2"}}
    for config in (THREAD, other):
        await _noting(saver).ainvoke({}, config)
    await saver.adelete_thread("me|t1")
    assert await store.list(checkpoints("me|t1")) == []
    assert await saver.aget_tuple(THREAD) is None
    assert await saver.aget_tuple(other) is not None


async def test_many_tasks_of_one_step_lose_no_write() -> None:
    def one(state: Any) -> Any:
        return {"notes": [Note(state)]}

    graph: Any = StateGraph(Notes).add_node("one", one)
    graph.add_conditional_edges(
        START, lambda _: [Send("one", str(n)) for n in range(50)]
    )
    made = graph.compile(checkpointer=StoreSaver(MemoryStore()))
    await made.ainvoke({}, THREAD)
    state = await made.aget_state(THREAD)
    assert len(state.values["notes"]) == 50


async def test_a_value_that_is_too_large_is_named() -> None:
    graph = _noting(StoreSaver(MemoryStore()))
    with pytest.raises(
        TooLarge, match=r"value of '.* has \d+ bytes, and 16777216 can be"
    ):
        await graph.ainvoke({"big": "x" * MAX_BYTES}, THREAD)


async def test_only_types_that_it_was_told_of_are_built_of_what_is_read() -> None:
    saver = StoreSaver(MemoryStore())
    await _noting(saver).ainvoke({}, THREAD)
    state = await _noting(saver).aget_state(THREAD)
    assert state.values["notes"] == [{"text": "0"}]
    told = saver.with_allowlist({(Note.__module__, Note.__name__)})
    assert isinstance(told, StoreSaver)
    state = await _noting(told).aget_state(THREAD)
    assert state.values["notes"] == [Note("0")]


async def test_what_only_pickle_could_keep_is_refused() -> None:
    saver, checkpoint = StoreSaver(MemoryStore()), empty_checkpoint()
    checkpoint["channel_values"] = {"it": object()}
    config: RunnableConfig = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
    with pytest.raises(TypeError, match="not msgpack serializable"):
        await saver.aput(config, checkpoint, {}, {"it": "1"})


class _Down(MemoryStore):
    async def get(self, *args: Any, **kwargs: Any) -> Any:
        raise StoreError


async def test_a_store_that_is_down_is_an_error_that_can_be_shown() -> None:
    with pytest.raises(StoreUnavailable):
        await _noting(StoreSaver(_Down())).ainvoke({}, THREAD)


async def test_a_graph_in_a_thread_keeps_its_state_too() -> None:
    saver = StoreSaver(MemoryStore())
    graph = _noting(saver)
    await asyncio.to_thread(graph.invoke, {}, THREAD)
    assert (await graph.aget_state(THREAD)).values["notes"]
    with pytest.raises(asyncio.InvalidStateError):
        graph.get_state(THREAD)
