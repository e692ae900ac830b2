"""A graph on another server: on a thread its server keeps the state."""

from typing import Any

from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import RunnableLambda, RunnableParallel
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import interrupt

from runnables import visits
from tests.support.kept_graphs import Conversation, asked, error, text
from tests.support.langgraph_server import LangGraphServer


def _approve(state: MessagesState) -> Any:
    answer = interrupt({"about": state["messages"][-1].content})
    return {"messages": [AIMessage(f"You said {answer}.")]}


def _count(state: MessagesState) -> Any:
    return {"messages": [AIMessage(str(len(state["messages"])))]}


def _serving(*nodes: Any, **compiled: Any) -> LangGraphServer:
    graph: Any = StateGraph(MessagesState)
    for number, node in enumerate(nodes):
        graph.add_node(str(number), node)
        graph.add_edge(str(number - 1) if number else START, str(number))
    return LangGraphServer(graph, **compiled)


async def test_it_waits_and_goes_on_with_the_answer() -> None:
    server = _serving(_approve)
    kept = Conversation(server.remote)
    [question] = await kept.say("Why?")
    assert asked([question]) == [{"about": "Why?"}]
    assert kept.run.status == "interrupt"
    _, pending = await visits.kept(kept.prepared.chain, kept.key, None)
    assert pending == [question]
    assert text(await kept.resume("yes")) == "You said yes."
    assert kept.run.finish_reason == "stop"
    said = "invalid_request: resume: nothing is pending on the thread"
    assert error(await kept.resume(True)) == said


async def test_it_keeps_the_conversation_and_shows_only_what_is_new() -> None:
    kept = Conversation(_serving(_count).remote)
    other = Conversation(kept.chain, key="you|t1")
    answers = [text(await each.say("Hi")) for each in (kept, kept, other, kept)]
    assert answers == ["1", "3", "1", "5"]


async def test_several_ask_and_are_answered_one_by_one() -> None:
    kept = Conversation(_serving(_approve, _approve).remote)
    assert asked(await kept.say("Why?")) == [{"about": "Why?"}]
    again = await kept.resume("a")
    assert (text(again), asked(again)) == (
        "You said a.",
        [{"about": "You said a."}],
    )
    assert text(await kept.resume("b")) == "You said b."


async def test_a_stop_before_a_node_is_a_question() -> None:
    kept = Conversation(_serving(_count, _count, interrupt_before=["1"]).remote)
    assert asked(await kept.say("Why?")) == [{"next": ["1"]}]
    assert text(await kept.resume(True)) == "2"


async def test_a_new_message_drops_what_is_pending() -> None:
    kept = Conversation(_serving(_approve).remote)
    await kept.say("Why?")
    assert asked(await kept.say("How?")) == [{"about": "How?"}]
    assert text(await kept.resume("this")) == "You said this."


async def test_it_is_a_step_of_a_sequence() -> None:
    chain = _serving(_approve).remote | RunnableLambda(_last)
    kept = Conversation(chain)
    assert asked(await kept.say("Why?")) == [{"about": "Why?"}]
    assert text(await kept.resume("yes")) == "YOU SAID YES."


def _last(state: Any) -> str:
    message = state["messages"][-1]
    said = message.text if isinstance(message, BaseMessage) else message["content"]
    return str(said).upper()


async def test_its_server_forgets_a_thread_that_is_deleted() -> None:
    server = _serving(_count)
    kept = Conversation(server.remote)
    await visits.forget(kept.prepared.chain, kept.key, None)
    await kept.say("Hi")
    assert len(server.threads) == 1
    await visits.forget(kept.prepared.chain, kept.key, None)
    assert not server.threads
    assert text(await kept.say("Hi")) == "1"


async def test_one_within_a_graph_is_forgotten_with_it() -> None:
    server = _serving(_count)
    graph: Any = StateGraph(MessagesState).add_node("remote", server.remote)
    kept = Conversation(graph.add_edge(START, "remote").compile())
    assert text(await kept.say("Hi")) == "1"
    assert len(server.threads) == 1
    await visits.forget(kept.prepared.chain, kept.key, kept.saver)
    assert not server.threads


async def test_in_a_parallel_branch_it_may_not_wait() -> None:
    chain = RunnableParallel(a=_serving(_approve).remote)
    said = error(await Conversation(chain).say("Why?"))
    assert said.startswith("thread_required: A graph waits for a person in a branch")
