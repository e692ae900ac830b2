"""Threads and assistants, as LangGraph's SDK has them."""

import json
from typing import Any

import pytest
from langgraph_sdk.errors import (
    BadRequestError,
    ConflictError,
    InternalServerError,
    NotFoundError,
)

from tests.langgraph.sdk import (
    ANN,
    BOB,
    client,
    new_thread,
    of,
    said,
    streamed,
    texts,
)
from tests.support.app_process import AppProcess


async def test_a_thread_on_which_nothing_was_said_is_there_and_empty(
    graphs: AppProcess,
) -> None:
    async with client(graphs) as sdk:
        made = await sdk.threads.create(metadata={"topic": "a"}, graph_id="echo")
        id = made["thread_id"]
        assert made["metadata"] == {"topic": "a", "graph_id": "echo"}
        assert (made["status"], made["values"]) == ("idle", {})
        assert await sdk.threads.get(id) == made
        state = await sdk.threads.get_state(id)
        assert (state["values"], state["next"], state["tasks"]) == ({}, [], [])
        assert state["checkpoint"] is None
        assert await sdk.threads.get_history(id) == []
        [found] = await sdk.threads.search(metadata={"topic": "a"})
        assert found["thread_id"] == id
        await sdk.threads.delete(id)
        with pytest.raises(NotFoundError):
            await sdk.threads.get(id)
        assert await sdk.threads.search(metadata={"topic": "a"}) == []


async def test_a_thread_is_created_once(graphs: AppProcess) -> None:
    async with client(graphs) as sdk:
        await sdk.threads.create(thread_id="mine", metadata={"n": 1})
        with pytest.raises(ConflictError, match="already"):
            await sdk.threads.create(thread_id="mine")
        again = await sdk.threads.create(thread_id="mine", if_exists="do_nothing")
        assert again["metadata"] == {"n": 1}
        await streamed(sdk, "mine", "echo", "one")
        with pytest.raises(ConflictError):
            await sdk.threads.create(thread_id="mine")
        changed = await sdk.threads.update("mine", metadata={"m": 2})
        assert changed["metadata"] == {
            **{"n": 1, "m": 2},
            **dict.fromkeys(("graph_id", "assistant_id"), "echo"),
        }


async def test_threads_are_found_by_the_assistant_that_spoke_there(
    graphs: AppProcess,
) -> None:
    async with client(graphs) as sdk:
        threads = [await new_thread(sdk) for _ in range(3)]
        for thread in threads:
            await streamed(
                sdk, thread, "failing" if thread == threads[0] else "tool", "?"
            )
        found = await sdk.threads.search(metadata={"graph_id": "tool"}, limit=2)
        ids = [each["thread_id"] for each in found]
        assert ids == [threads[2], threads[1]]
        assert texts(found[0]["values"])[0] == ("human", "?")
        [second] = await sdk.threads.search(
            metadata={"graph_id": "tool"}, limit=1, offset=1
        )
        assert second["thread_id"] == threads[1]
        assert await sdk.threads.search(ids=threads[:1], status="busy") == []
        oldest = await sdk.threads.search(ids=threads, limit=1, sort_order="asc")
        assert [each["thread_id"] for each in oldest] == threads[:1]


async def test_a_threads_runs_are_listed_in_pages(graphs: AppProcess) -> None:
    async with client(graphs) as sdk:
        thread = await new_thread(sdk)
        for text in ("one", "two", "three"):
            await streamed(sdk, thread, "echo", text)
        pages: list[list[Any]] = [
            await sdk.runs.list(thread, limit=2, offset=offset) for offset in (0, 2, 4)
        ]
        assert [len(page) for page in pages] == [2, 1, 0]
        ids = [each["run_id"] for page in pages for each in page]
        assert len({*ids}) == 3
        assert await sdk.runs.list(thread, status="success", offset=2) == pages[1]
        assert await sdk.runs.list(thread, status="error") == []


async def test_the_newest_state_is_that_of_the_newest_run(graphs: AppProcess) -> None:
    async with client(graphs) as sdk:
        thread = await new_thread(sdk)
        parts = await streamed(sdk, thread, "graph", "one")
        state: Any = await sdk.threads.get_state(thread)
        made: Any = {"thread_id": thread, "checkpoint_ns": ""}
        made["checkpoint_id"] = parts[0][1]["run_id"]
        assert state["checkpoint"] == made
        history: Any = await sdk.threads.get_history(thread)
        assert history[0] == state
        at: Any = {"thread_id": thread}
        assert await sdk.threads.get_state(thread, checkpoint=at) == state
        at = {**at, "checkpoint_id": "x"}
        with pytest.raises(NotFoundError, match="checkpoint"):
            await sdk.threads.get_state(thread, checkpoint=at)
        with pytest.raises(NotFoundError, match="checkpoint"):
            await streamed(sdk, thread, "graph", "two", checkpoint=at)
        # It goes on from what the client has seen last.
        await streamed(sdk, thread, "graph", "two", checkpoint=made)


@pytest.mark.parametrize("chain", ["echo", "graph"])
async def test_a_history_has_the_thread_before_and_after_each_question(
    graphs: AppProcess, chain: str
) -> None:
    async with client(graphs) as sdk:
        thread = await new_thread(sdk)
        for question in ("one", "two"):
            await streamed(sdk, thread, chain, question)
        history: Any = await sdk.threads.get_history(thread)
        counts = [len(each["values"]["messages"]) for each in history]
        assert counts == [4, 3, 2, 1, 0]
        parents = [each["parent_checkpoint"] for each in history]
        assert parents == [*(each["checkpoint"] for each in history[1:]), None]
        second = history[1]["checkpoint"]["checkpoint_id"]
        assert await sdk.threads.get_state(thread, checkpoint_id=second) == history[1]
        older = await sdk.threads.get_history(thread, before=second, limit=2)
        assert older == history[2:4]


@pytest.mark.parametrize("chain", ["echo", "graph"])
async def test_an_answer_is_made_anew_and_a_question_edited(
    graphs: AppProcess, chain: str
) -> None:
    async with client(graphs) as sdk:
        thread = await new_thread(sdk)
        for question in ("one", "two"):
            await streamed(sdk, thread, chain, question)
        history: Any = await sdk.threads.get_history(thread)
        asked, before = history[1]["checkpoint"], history[2]["checkpoint"]
        parts = await streamed(sdk, thread, chain, checkpoint=asked)
        first, last = of("values", parts)
        assert len(first["messages"]) == 3
        told = json.dumps(["one", '["one"]', "two"])
        assert [each for _, each in texts(last)] == ["one", '["one"]', "two", told]
        assert last == (await sdk.threads.get_state(thread))["values"]
        parts = await streamed(sdk, thread, chain, "three", checkpoint=before)
        state: Any = await sdk.threads.get_state(thread)
        told = json.dumps(["one", '["one"]', "three"])
        said = ["one", '["one"]', "three", told]
        assert [each for _, each in texts(state["values"])] == said
        assert of("values", parts)[-1] == state["values"]
        with pytest.raises(BadRequestError, match="messages"):
            await streamed(sdk, thread, chain, checkpoint=before)
        begun = history[-1]["checkpoint"]
        await streamed(sdk, thread, chain, "four", checkpoint=begun)
        state = await sdk.threads.get_state(thread)
        assert [each for _, each in texts(state["values"])] == ["four", '["four"]']


async def test_what_another_wire_said_on_a_thread_is_there(graphs: AppProcess) -> None:
    body = {"user": "one", "chain": "echo", "thread_id": "of-another-wire"}
    own = {"api-key": ANN}
    assert graphs.client.post("/api/chat", json=body, headers=own).status_code == 200
    async with client(graphs) as sdk:
        state = await sdk.threads.get_state("of-another-wire")
        assert texts(state["values"]) == [("human", "one"), ("ai", '["one"]')]
        await streamed(sdk, "of-another-wire", "echo", "two")
    path = "/api/threads/of-another-wire"
    kept = graphs.client.get(path, headers=own).json()["messages"]
    assert [each["content"] for each in kept][:3] == ["one", '["one"]', "two"]
    assert all("id" not in each for each in kept)


async def test_a_strangers_thread_is_none(graphs: AppProcess) -> None:
    async with client(graphs) as sdk, client(graphs, BOB) as stranger:
        thread = await new_thread(sdk)
        parts = await streamed(sdk, thread, "echo", "one")
        run = parts[0][1]["run_id"]
        for asked in (
            stranger.threads.get(thread),
            stranger.threads.get_state(thread),
            stranger.threads.get_history(thread),
            stranger.threads.update(thread, metadata={"a": 1}),
            stranger.threads.delete(thread),
            stranger.runs.get(thread, run),
            stranger.runs.list(thread),
            stranger.runs.cancel(thread, run),
            streamed(stranger, thread, "echo", "two"),
        ):
            with pytest.raises(NotFoundError):
                await asked
        with pytest.raises(Exception, match="404"):
            await stranger.runs.join(thread, run)
        assert thread not in {
            each["thread_id"] for each in await stranger.threads.search(limit=100)
        }
        # Who has a thread of that name has another one.
        await stranger.threads.create(thread_id=thread)
        assert (await stranger.threads.get_state(thread))["values"] == {}
        own: Any = await sdk.threads.get_state(thread)
        assert len(own["values"]["messages"]) == 2
    refused = graphs.client.post("/langgraph/threads", json={})
    assert refused.status_code == 401


async def test_chains_are_assistants_of_one_node(graphs: AppProcess) -> None:
    async with client(graphs) as sdk:
        found = await sdk.assistants.search(limit=100)
        assert {"chat", "echo", "approval"} <= {each["graph_id"] for each in found}
        assert await sdk.assistants.count() == len(found)
        [echo] = await sdk.assistants.search(graph_id="echo")
        assert await sdk.assistants.get("echo") == echo
        assert str(echo["description"]).startswith("Chains that tell what they got")
        graph: Any = await sdk.assistants.get_graph("echo")
        assert [each["id"] for each in graph["nodes"]] == [
            "__start__",
            "echo",
            "__end__",
        ]
        schemas: Any = await sdk.assistants.get_schemas("approval")
        assert "question" in schemas["input_schema"]["properties"]
        assert await sdk.assistants.get_subgraphs("echo") == {}
        with pytest.raises(NotFoundError):
            await sdk.assistants.get("nope")
    info = graphs.client.get("/langgraph/info", headers={"x-api-key": ANN})
    assert info.json()["flags"]["assistants"] is True


async def test_the_rest_of_the_sdk_is_not_implemented_and_says_so(
    graphs: AppProcess,
) -> None:
    async with client(graphs) as sdk:
        thread = await new_thread(sdk)
        for asked in (
            sdk.store.search_items(("a",)),
            sdk.crons.search(),
            sdk.assistants.create("echo"),
            sdk.threads.copy(thread),
            sdk.threads.update_state(thread, said("one")),
            sdk.runs.cancel_many(status="all"),
            sdk.runs.create_batch([]),
        ):
            with pytest.raises(InternalServerError, match="not done here") as raised:
                await asked
            assert raised.value.status_code == 501


@pytest.mark.parametrize("way", ["edited", "as it is", "from the newest", "by itself"])
async def test_a_question_that_failed_is_once_there_if_it_is_asked_again(
    graphs: AppProcess, way: str
) -> None:
    """A graph's state has it, and the thread's messages do not."""
    async with client(graphs) as sdk:
        thread = await new_thread(sdk)
        await streamed(sdk, thread, "faltering", "one")
        with pytest.raises(InternalServerError):
            await streamed(sdk, thread, "faltering", "again?")
        history: Any = await sdk.threads.get_history(thread)
        newest, before, *_ = history
        assert texts(newest["values"])[2:] == [("human", "again?")]
        asked = newest["values"]["messages"][2:]
        again: dict[str, dict[str, Any]] = {
            "edited": {"text": "again?", "checkpoint": before["checkpoint"]},
            "as it is": {
                "input": {"messages": asked},
                "checkpoint": before["checkpoint"],
            },
            "from the newest": {"checkpoint": newest["checkpoint"]},
            "by itself": {},
        }
        parts = await streamed(sdk, thread, "faltering", **again[way])
        told = json.dumps(["one", '["one"]', "again?"])
        said = ["one", '["one"]', "again?", told]
        assert [each for _, each in texts(of("values", parts)[-1])] == said
        kept = graphs.client.get(f"/api/threads/{thread}", headers={"api-key": ANN})
        assert [each["content"] for each in kept.json()["messages"]] == said
