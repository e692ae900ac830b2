"""Graphs that wait for a person, and what LangGraph's clients make of it."""

from typing import Any

import pytest
from langgraph_sdk.errors import BadRequestError

from tests.langgraph.sdk import client, new_thread, of, streamed, texts
from tests.support.app_process import AppProcess

pytestmark = pytest.mark.client("langgraph-py")


@pytest.mark.tries("approval")
async def test_a_graph_asks_and_goes_on(graphs: AppProcess) -> None:
    async with client(graphs) as sdk:
        thread = await new_thread(sdk)
        parts = await streamed(sdk, thread, "approval", input={"question": "Why?"})
        asked = of("values", parts)[-1]
        [interrupt] = asked["__interrupt__"]
        assert interrupt["value"] == {"about": "Why?"}
        assert asked["question"] == "Why?"
        assert of("updates", parts)[-1] == {"__interrupt__": [interrupt]}
        assert of("end", parts)[0]["status"] == "interrupted"
        state = await sdk.threads.get_state(thread)
        assert state["next"] == ["approval"]
        assert [task["interrupts"] for task in state["tasks"]] == [[interrupt]]
        [found] = await sdk.threads.search(status="interrupted", ids=[thread])
        assert found["interrupts"] == {"approval": [interrupt]}
        parts = await streamed(sdk, thread, "approval", command={"resume": "yes"})
        values = of("values", parts)[-1]
        assert values == {"question": "Why?", "answer": "You said yes."}
        state = await sdk.threads.get_state(thread)
        assert (state["next"], state["tasks"]) == ([], [])
        with pytest.raises(BadRequestError, match="nothing is pending"):
            await streamed(sdk, thread, "approval", command={"resume": "yes"})


async def test_several_questions_are_answered_by_their_ids(graphs: AppProcess) -> None:
    async with client(graphs) as sdk:
        thread = await new_thread(sdk)
        parts = await streamed(sdk, thread, "both", input={"question": "Why?"})
        asked = of("values", parts)[-1]["__interrupt__"]
        answers = {each["id"]: each["value"] for each in asked}
        parts = await streamed(sdk, thread, "both", command={"resume": answers})
        assert of("values", parts)[-1] == {
            "question": "one one?",
            "answer": "two two?",
        }


@pytest.mark.tries("approval")
async def test_an_agents_tool_waits_for_its_approval(graphs: AppProcess) -> None:
    decision = {"decisions": [{"type": "approve"}]}
    pay: Any = {"messages": [{"role": "user", "content": "Pay."}]}
    async with client(graphs) as sdk:
        thread = await new_thread(sdk)
        asked: Any = await sdk.runs.wait(thread, "paying", input=pay)
        [interrupt] = asked["__interrupt__"]
        assert interrupt["value"]["action_requests"][0]["name"] == "pay"
        assert asked["messages"][-1]["tool_calls"][0]["name"] == "pay"
        parts = await streamed(sdk, thread, "paying", command={"resume": decision})
        kinds = [kind for kind, _ in texts(of("values", parts)[-1])]
        assert kinds == ["human", "ai", "tool", "ai"]
        results = [
            chunk for chunk, _ in of("messages", parts) if chunk["type"] == "tool"
        ]
        assert [each["content"] for each in results] == ["Paid 5."]


async def test_a_graph_that_asks_without_a_thread_is_forgotten(
    graphs: AppProcess,
) -> None:
    async with client(graphs) as sdk:
        given: Any = {"question": "Why?"}
        values: Any = await sdk.runs.wait(None, "approval", input=given)
        assert values["__interrupt__"][0]["value"] == {"about": "Why?"}
