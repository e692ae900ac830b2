"""Graphs that wait for a person on a thread, and go on with the answer."""

from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableConfig, RunnableLambda, RunnableParallel
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import interrupt
from pydantic import JsonValue

from runnables import Chain, visits
from runnables.prepared import prepare
from streaming.events import Interrupt
from tests.support.asking_graphs import Asked, calls, graph_of, in_order
from tests.support.kept_graphs import Conversation, asked, error, text
from tests.support.kinds import Model
from tests.support.kinds_of_graphs import answering, one_node


def approve(state: Asked) -> dict[str, Any]:
    return {"answer": f"You said {interrupt({'about': state['question']})}."}


def _question(given: Any) -> Any:
    return {"question": given["messages"][-1].text}


def _loud(state: Any) -> str:
    return str(state["answer"]).upper()


ONE: dict[str, Callable[[], Chain]] = {
    "alone": lambda: graph_of({"one": approve}),
    "with its own saver": lambda: graph_of(
        {"one": approve}, checkpointer=InMemorySaver()
    ),
    "bound": lambda: graph_of({"one": approve}).with_config(tags=["a"]).with_retry(),
    "last": lambda: RunnableLambda(_question) | graph_of({"one": approve}),
    "inside": lambda: RunnableLambda(_question) | graph_of({"one": approve}) | _loud,
    "a subgraph": lambda: graph_of({"inner": graph_of({"one": approve})}),
    "called by a node": lambda: graph_of({"one": calls(graph_of({"one": approve}))}),
}


@pytest.mark.parametrize("place", ONE)
async def test_a_graph_that_asks_goes_on_with_the_answer(place: str) -> None:
    kept = Conversation(ONE[place]())
    [question] = await kept.say("Why?")
    assert isinstance(question, Interrupt)
    assert question.value == {"about": "Why?"}
    assert (kept.run.finish_reason, kept.run.status) == ("interrupt", "interrupt")
    assert kept.run.interrupts == [question]
    assert (
        text(await kept.resume({"any": "JSON"})).lower() == "you said {'any': 'json'}."
    )
    assert (kept.run.finish_reason, kept.run.status) == ("stop", "ok")
    assert error(await kept.resume(True)) == (
        "invalid_request: resume: nothing is pending on the thread"
    )


@pytest.mark.parametrize("answer", [False, 0, "", [], {}, {"a": 1}])
async def test_any_json_is_an_answer(answer: Any) -> None:
    kept = Conversation(graph_of({"one": approve}))
    await kept.say("Why?")
    assert text(await kept.resume(answer)) == f"You said {answer}."


def _first(state: Asked) -> Any:
    return {"said": [f"first {interrupt('one')}"]}


def _second(state: Asked) -> Any:
    return {"said": [f"second {interrupt('two')}"]}


async def test_several_are_answered_by_their_ids_together_or_one_by_one() -> None:
    kept = Conversation(graph_of({"a": _first, "b": _second}))
    one, two = await kept.say("Why?")
    assert isinstance(one, Interrupt)
    assert isinstance(two, Interrupt)
    assert asked([one, two]) == ["one", "two"]
    answers: list[JsonValue] = [True, {}, "yes", [1]]
    for wrong in answers:
        said = error(await kept.resume(wrong))
        assert said.startswith("invalid_request: resume: expected an object")
        assert one.id in said
        assert two.id in said
    said = error(await kept.resume({one.id: 1, "3": 2}))
    assert said.startswith("invalid_request: resume.3: is not pending, expected one of")
    assert await kept.resume({one.id: "A"}) == [two]
    assert text(await kept.resume({two.id: "B"})) == '["first A","second B"]'


@pytest.mark.parametrize("by_id", [True, False])
async def test_an_answer_to_an_earlier_question_does_not_answer_the_next(
    by_id: bool,
) -> None:
    """Whatever it is: as an object it would be true, and approve what nobody saw."""

    def then(state: Asked) -> Any:
        return {"answer": f"approved: {bool(interrupt('all files?'))}"}

    kept = Conversation(in_order(_first, then))
    [one] = await kept.say("Why?")
    assert isinstance(one, Interrupt)
    answer: dict[str, JsonValue] = {one.id: False}
    [two] = await kept.ask(messages=[], resume=answer, by_id=by_id)
    assert isinstance(two, Interrupt)
    said = error(await kept.ask(messages=[], resume=answer, by_id=by_id))
    assert said == (
        f"invalid_request: resume.{one.id}: is not pending, "
        f"expected one of ['{two.id}']"
    )
    answer = {two.id: False}
    told = await kept.ask(messages=[], resume=answer, by_id=by_id)
    assert text(told) == "approved: False"


async def test_what_names_its_question_is_no_answer_to_another() -> None:
    kept = Conversation(graph_of({"one": approve}))
    await kept.say("Why?")
    said = error(await kept.ask(messages=[], resume={"1": True}, by_id=True))
    assert said.startswith("invalid_request: resume.1: is not pending")


async def test_one_node_may_ask_again() -> None:
    def twice(state: Asked) -> Any:
        return {"answer": f"{interrupt('one')} and {interrupt('two')}"}

    kept = Conversation(graph_of({"one": twice}))
    assert asked(await kept.say("Why?")) == ["one"]
    assert asked(await kept.resume("A")) == ["two"]
    assert text(await kept.resume("B")) == "A and B"


@pytest.mark.parametrize("when", ["interrupt_before", "interrupt_after"])
async def test_a_stop_at_a_node_is_a_question_that_any_answer_answers(
    when: str,
) -> None:
    graph: Any = StateGraph(Asked).add_node("one", lambda s: {"said": ["one"]})
    graph.add_node("two", lambda s: {"answer": "Done"})
    graph.add_edge(START, "one").add_edge("one", "two")
    place = "two" if when == "interrupt_before" else "one"
    kept = Conversation(graph.compile(**{when: [place]}))
    assert asked(await kept.say("Why?")) == [{"next": ["two"]}]
    assert text(await kept.resume(False)) == "Done"


async def test_what_was_shown_before_is_not_shown_again_nor_paid_twice() -> None:
    def ask(state: MessagesState) -> Any:
        return {"messages": [AIMessage(f"So: {interrupt('go on?')}")]}

    model = Model()
    graph: Any = StateGraph(MessagesState).add_node("model", answering(model))
    graph.add_node("ask", ask).add_edge(START, "model").add_edge("model", "ask")
    kept = Conversation(graph.compile())
    assert text(await kept.say("Why?")) == "Alpha beta."
    assert kept.run.usage.total_tokens == 11
    assert text(await kept.resume("yes")) == "So: yes"
    assert (model.begun, kept.run.usage.total_tokens) == (1, 0)


async def test_what_a_subgraph_has_said_before_is_not_shown_again() -> None:
    def asks(question: str) -> Any:
        def node(state: MessagesState) -> Any:
            return {"messages": [AIMessage(f"{question} {interrupt(question)}.")]}

        return node

    inner: Any = StateGraph(MessagesState).add_node("one", asks("one"))
    inner.add_node("two", asks("two")).add_edge(START, "one").add_edge("one", "two")
    middle = one_node(MessagesState, inner.compile())
    kept = Conversation(one_node(MessagesState, middle))
    assert asked(await kept.say("Why?")) == ["one"]
    assert text(await kept.resume("A")) == "one A."
    assert text(await kept.resume("B")) == "two B."


async def test_a_graph_remembers_its_thread_and_no_other() -> None:
    class Counts(Model):
        async def _astream(self, messages: list[BaseMessage], *a: Any, **k: Any) -> Any:
            seen.append(len(messages))
            async for chunk in super()._astream(messages, *a, **k):
                yield chunk

    seen: list[int] = []
    kept = Conversation(one_node(MessagesState, answering(Counts())))
    other = Conversation(kept.chain, kept.saver, key="you|t1")
    for each in (kept, kept, other):
        assert text(await each.say("Hi")) == "Alpha beta."
    assert seen == [1, 3, 1]
    await visits.forget(kept.prepared.chain, kept.key, kept.saver)
    await kept.say("Hi")
    await other.say("Hi")
    assert seen[3:] == [1, 3]


async def test_a_new_message_drops_what_is_pending() -> None:
    kept = Conversation(graph_of({"one": approve}))
    await kept.say("Why?")
    assert asked(await kept.say("How?")) == [{"about": "How?"}]
    assert text(await kept.resume("this")) == "You said this."


async def test_what_a_thread_has_and_waits_for_can_be_seen_as_json() -> None:
    kept = Conversation(graph_of({"one": approve}))
    [question] = await kept.say("Why?")
    values, pending = await visits.kept(kept.prepared.chain, kept.key, kept.saver)
    assert (values, pending) == ({"question": "Why?", "said": []}, [question])
    await kept.resume("this")
    values, pending = await visits.kept(kept.prepared.chain, kept.key, kept.saver)
    assert pending == []
    assert values == {"question": "Why?", "answer": "You said this.", "said": []}


async def _call(question: str, config: RunnableConfig) -> Any:
    return await graph_of({"one": approve}).ainvoke({"question": question}, config)


REFUSED: dict[str, tuple[Callable[[], Chain], str]] = {
    "called by a function": (lambda: RunnableLambda(_call), "that a function has"),
    "a parallel branch": (
        lambda: (
            RunnableLambda(_question) | RunnableParallel(a=graph_of({"one": approve}))
        ),
        "in a branch, a fallback or the like",
    ),
    "a fallback": (
        lambda: _fails().with_fallbacks([_question | graph_of({"one": approve})]),
        "in a branch, a fallback or the like",
    ),
    "for each of a list": (
        lambda: RunnableLambda(_question).map() | graph_of({"one": approve}).map(),
        "that a function has called or that runs for each item of a list",
    ),
    "without a checkpointer": (
        lambda: graph_of({"one": approve}, checkpointer=False),
        "that was compiled with checkpointer=False",
    ),
}


def _fails() -> Chain:
    def fail(given: Any) -> Any:
        raise ValueError

    return RunnableLambda(fail)


@pytest.mark.parametrize("place", REFUSED)
async def test_where_a_graph_cannot_go_on_it_may_not_wait(place: str) -> None:
    """LangChain would hand the answer to everything in it as if it were a question."""
    make, says = REFUSED[place]
    said = error(await Conversation(make()).say("Why?"))
    assert said.startswith(f"thread_required: A graph waits for a person {says}")


async def test_a_graph_that_runs_for_each_of_a_list_leaves_the_thread_to_the_app() -> (
    None
):
    """The chain got nothing but the newest message, and no graph had the others."""
    graph = graph_of({"one": lambda given: {"answer": given["question"]}})
    assert not prepare(RunnableLambda(_question).map() | graph.map()).keeps
    assert prepare(RunnableLambda(_question) | graph).keeps


async def test_a_chain_without_a_graph_has_nothing_to_resume() -> None:
    said = error(await Conversation(Model() | StrOutputParser()).resume(True))
    assert said == "invalid_request: resume: nothing is pending on the thread"


async def test_two_graphs_of_a_chain_keep_apart() -> None:
    first = graph_of({"one": lambda s: {"said": ["1"], "answer": "x"}})
    kept = Conversation(RunnableLambda(_question) | first | graph_of({"two": approve}))
    assert asked(await kept.say("Why?")) == [{"about": "Why?"}]
    assert text(await kept.resume("b")) == "You said b."
