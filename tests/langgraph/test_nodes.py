"""The nodes of a graph on the wire, beside what LangGraph itself streams of it."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.langgraph.sdk import all_of, client, new_thread, of, said, streamed, text_of
from tests.support.app_process import AppProcess
from tests.support.nested_graphs import at_once, team

pytestmark = pytest.mark.client("langgraph-py")

TASK = re.compile(r":[0-9a-f-]{36}")


def plain(place: str) -> str:
    """A *place* without the ids of its tasks."""
    return TASK.sub("", place)


async def streamed_by_langgraph(make: Callable[[], Any]) -> list[tuple[str, Any]]:
    """As its server names the events."""
    options = {"stream_mode": ["messages", "updates"], "subgraphs": True}
    given = {"messages": [{"role": "user", "content": "Hi"}]}
    return [
        ("|".join([mode, *within]), data)
        async for within, mode, data in make().astream(given, **options)
    ]


def updates(parts: list[tuple[str, Any]]) -> Iterator[tuple[str, str, Any]]:
    """Place, node and what it has changed beside messages."""
    for mode, data in parts:
        for node, values in data.items() if mode.startswith("updates") else ():
            rest = {k: v for k, v in (values or {}).items() if k != "messages"}
            yield plain(mode), node, rest


def speakers(parts: list[tuple[str, Any]]) -> list[tuple[object, ...]]:
    """Who says what: the event, the node, its place, the step, and the text."""
    found: dict[tuple[str, tuple[object, ...]], str] = {}
    for mode, data in parts:
        if mode.startswith("messages"):
            message, metadata = (
                each if isinstance(each, dict) else each.model_dump() for each in data
            )
            place = str(metadata["langgraph_checkpoint_ns"])
            node, step = metadata["langgraph_node"], metadata["langgraph_step"]
            who = (plain(mode), node, plain(place), step)
            found[place, who] = found.get((place, who), "") + message["content"].strip()
    return [(*who, text.replace(" ", "")) for (_, who), text in found.items()]


@pytest.mark.parametrize("make", [team, at_once])
async def test_nodes_are_told_as_langgraph_tells_them(
    graphs: AppProcess, make: Callable[[], Any]
) -> None:
    expected = await streamed_by_langgraph(make)
    async with client(graphs) as sdk:
        parts = await streamed(
            sdk, await new_thread(sdk), make.__name__, "Hi", stream_subgraphs=True
        )
    # Of nodes that run at once, either may end first.
    assert sorted(map(str, updates(parts))) == sorted(map(str, updates(expected)))
    assert speakers(parts) == speakers(expected)


async def test_an_update_has_the_messages_of_its_node_as_the_values_have_them(
    graphs: AppProcess,
) -> None:
    async with client(graphs) as sdk:
        parts = await streamed(
            sdk, await new_thread(sdk), "team", "Hi", stream_subgraphs=True
        )
    told: dict[tuple[str, str], list[list[str]]] = {}
    for mode, data in parts:
        for node, values in data.items() if mode.startswith("updates") else ():
            kinds = [each["type"] for each in (values or {}).get("messages", [])]
            told.setdefault((plain(mode), node), []).append(kinds)
    assert told == {
        ("updates", "find"): [[]],
        ("updates|agent", "model"): [["ai"], ["ai"]],
        ("updates|agent", "tools"): [["tool"]],
        ("updates", "agent"): [["ai", "tool", "ai"]],
        ("updates", "close"): [["ai"]],
    }
    [agent] = [data["agent"] for data in of("updates", parts) if "agent" in data]
    chunks = {chunk["id"] for mode, (chunk, _) in messages(parts)}
    assert {each["id"] for each in agent["messages"]} < chunks


def messages(parts: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    return [(mode, data) for mode, data in parts if mode.startswith("messages")]


async def test_without_subgraphs_all_is_told_as_of_the_graph(
    graphs: AppProcess,
) -> None:
    async with client(graphs) as sdk:
        parts = await streamed(sdk, None, "team", "Hi")
    assert [mode for mode, _ in parts if "|" in mode] == []
    assert text_of(parts).startswith("Let me look.")
    assert [list(data) for data in of("updates", parts)] == [
        ["find"],
        ["agent"],
        ["close"],
    ]
    [first] = of("updates", parts)[:1]
    assert first == {"find": {"sources": ["a.md", "b.md"]}}


async def test_who_follows_a_run_is_told_the_same(graphs: AppProcess) -> None:
    async with client(graphs) as sdk:
        thread = await new_thread(sdk)
        parts = await streamed(
            sdk,
            thread,
            "team",
            "Hi",
            stream_subgraphs=True,
            on_disconnect="continue",
            stream_resumable=True,
        )
        run_id = of("metadata", parts)[0]["run_id"]
        again = await all_of(
            sdk.runs.join_stream(
                thread, run_id, stream_mode=["updates", "messages-tuple"]
            )
        )
    assert messages(again) == messages(parts)
    assert list(updates(again)) == list(updates(parts))


async def test_the_mode_messages_has_places_too(graphs: AppProcess) -> None:
    async with client(graphs) as sdk:
        run = sdk.runs.stream(
            None,
            "team",
            input=said("Hi"),
            stream_mode=["messages"],
            stream_subgraphs=True,
        )
        names = {plain(name) for name, _ in await all_of(run)}
    of_the_agent = {"messages/metadata|agent", "messages/partial|agent"}
    assert of_the_agent | {"messages/complete|agent", "messages/partial"} <= names
