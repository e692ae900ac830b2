"""A long thread keeps its newest state, and no more than it needs to go on."""

import operator
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypedDict

import anyio
import pytest
from langgraph.channels.delta import DeltaChannel
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt

from runnables.checkpoints import StoreSaver
from runs.thread_places import checkpoints, graph_thread
from store import StoreError
from store.memory import MemoryStore
from streaming.errors import StoreUnavailable
from tests.support.kept_graphs import Conversation, asked, text


class Said(TypedDict, total=False):
    question: str
    said: Annotated[list[str], operator.add]


class Asked(TypedDict, total=False):
    question: str


class Out(TypedDict):
    said: Annotated[list[str], operator.add]


def _say(state: Said) -> Any:
    return {"said": [state["question"]]}


def _ask(state: Said) -> Any:
    return {"said": [f"{state['question']}: {interrupt(state['question'])}"]}


def _graph(*nodes: Any, **compiled: Any) -> Any:
    """A graph whose *nodes* run at the same time."""
    graph: Any = StateGraph(Said, input_schema=Asked, output_schema=Out)
    for number, node in enumerate(nodes):
        graph.add_node(str(number), node).add_edge(START, str(number))
    return graph.compile(**compiled)


def _steps(node: Any, count: int) -> Any:
    """A graph of so many nodes, one after the other."""
    graph: Any = StateGraph(Said).add_node("0", node).add_edge(START, "0")
    for number in range(1, count):
        graph.add_node(str(number), node).add_edge(str(number - 1), str(number))
    return graph.compile()


THREAD = graph_thread(Conversation.key, 0)


async def _documents(store: MemoryStore) -> int:
    return len(await store.list(checkpoints(THREAD)))


LONG: dict[str, Callable[[], Any]] = {
    "a graph": lambda: _graph(_say),
    "many steps": lambda: _steps(_say, 9),
    "a subgraph": lambda: _graph(_graph(_say), _say),
    "a subgraph of a subgraph": lambda: _graph(_graph(_graph(_say))),
    "a subgraph that keeps its own state": lambda: _graph(
        _graph(_say, checkpointer=True)
    ),
}


@pytest.mark.parametrize("kind", LONG)
async def test_a_long_thread_keeps_no_more_than_a_short_one(kind: str) -> None:
    store = MemoryStore()
    kept = Conversation(LONG[kind](), StoreSaver(store))
    for _ in range(3):
        await kept.say("Why?")
    few = await _documents(store)
    for _ in range(12):
        await kept.say("Why?")
    with anyio.fail_after(5):
        # What this run has left is freed while the next one goes on.
        while await _documents(store) > few:
            await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("kind", LONG)
async def test_what_is_freed_changes_no_answer(kind: str) -> None:
    freed = Conversation(LONG[kind](), StoreSaver(MemoryStore()))
    whole = Conversation(LONG[kind](), StoreSaver(MemoryStore()))
    for question in ("Why?", "How?", "When?"):
        said = text(await whole.say(question))
        assert text(await freed.say(question)) == said
        await freed.saver.aprune([THREAD])


WAITING: dict[str, Callable[[], Any]] = {
    "a graph": lambda: _graph(_ask, _say),
    "two nodes": lambda: _graph(_ask, _ask),
    "a subgraph": lambda: _graph(_graph(_ask), _say),
    "two subgraphs": lambda: _graph(_graph(_ask), _graph(_ask)),
    "a subgraph of a subgraph": lambda: _graph(_graph(_graph(_ask), _say)),
    "a subgraph that keeps its own state": lambda: _graph(
        _graph(_ask, checkpointer=True)
    ),
}


@pytest.mark.parametrize("kind", WAITING)
async def test_a_graph_that_waits_goes_on(kind: str) -> None:
    kept = Conversation(WAITING[kind](), StoreSaver(MemoryStore()))
    for question in ("Why?", "How?"):
        questions = await kept.say(question)
        answers = {each.id: "yes" for each in kept.run.interrupts}
        assert asked(questions) == [question] * len(answers)
        await kept.saver.aprune([THREAD])
        for id, answer in answers.items():  # One by one: the others are asked again.
            said = await kept.resume({id: answer})
            await kept.saver.aprune([THREAD])
        assert f"{question}: yes" in text(said)
        assert kept.run.status == "ok"


def _join(before: list[str], new: Sequence[list[str]]) -> list[str]:
    return [*before, *(each for some in new for each in some)]


class Deltas(TypedDict, total=False):
    question: str
    said: Annotated[list[str], DeltaChannel(_join, list, snapshot_frequency=4)]


async def test_what_langgraph_rebuilds_from_earlier_steps_keeps_them() -> None:
    store = MemoryStore()
    graph: Any = StateGraph(Deltas).add_node("0", lambda s: {"said": [s["question"]]})
    graph.add_edge(START, "0")
    kept = Conversation(graph.compile(), StoreSaver(store))
    counts = []
    for number in range(12):
        await kept.say(str(number))
        await kept.saver.aprune([THREAD])
        counts.append(await _documents(store))
        given = {"configurable": {"thread_id": THREAD}}
        saved = graph.compile(checkpointer=kept.saver)
        state = await saved.aget_state(given)
        assert state.values["said"] == [str(each) for each in range(number + 1)]
    assert max(counts[4:]) <= max(counts[:4])


class _Breaking(MemoryStore):
    """Deletes so many documents, and is down then."""

    left = 10**6

    async def delete(self, partition: str, key: str) -> None:
        if not self.left:
            raise StoreError("down")
        self.left -= 1
        await super().delete(partition, key)


async def test_what_breaks_off_is_finished_the_next_time() -> None:
    counts = set()
    for broken in range(40):
        store = _Breaking()
        kept = Conversation(_graph(_graph(_say), _say), StoreSaver(store))
        for _ in range(2):
            await kept.say("Why?")
        await kept.saver.aprune([THREAD])
        await kept.say("How?")
        store.left = broken
        try:
            await kept.saver.aprune([THREAD])
        except StoreUnavailable:
            store.left = 10**6
            await kept.saver.aprune([THREAD])
        counts.add(await _documents(store))
    assert len(counts) == 1


async def test_a_strategy_of_no_name_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown strategy 'keep_all'"):
        await StoreSaver(MemoryStore()).aprune(["t"], strategy="keep_all")
