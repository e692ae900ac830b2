"""Graphs: what stops them, what they leave behind, what they send beside the answer."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest
from langchain_core.callbacks import adispatch_custom_event
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, BaseMessage
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableConfig, RunnableLambda, RunnableParallel
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import interrupt
from pydantic import Field

from runnables import Chain, ChainInput, Chunk, from_generator
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from streaming.errors import ChatError, InvalidRequest, ThreadRequired
from streaming.events import Custom, Event, Output, TextDelta, ToolCall, ToolResult
from streaming.requests import validate
from tests.support.kinds import Model, finish
from tests.support.kinds_of_agents import swarm
from tests.support.kinds_of_graphs import Asked, answering, one_node


async def events(chain: Chain, **fields: Any) -> list[Event]:
    message = {"role": "user", "content": "Why?"}
    request = validate({"messages": [message], **fields})
    return [event async for event in events_of(prepare(chain), request, Run())]


def approve(state: Any) -> dict[str, Any]:
    return {"answer": interrupt({"the question": "with a secret"})}


@pytest.mark.parametrize("checkpointer", [None, InMemorySaver()])
@pytest.mark.parametrize("place", ["alone", "within", "before", "called"])
async def test_an_interrupt_without_a_thread_is_an_error_that_says_so(
    checkpointer: InMemorySaver | None, place: str
) -> None:
    graph = one_node(Asked, approve, checkpointer=checkpointer)

    async def call(question: str, config: RunnableConfig) -> Any:
        return await graph.ainvoke({"question": question}, config)

    chain: Chain = {
        "alone": graph,
        "within": RunnableLambda(lambda x: x) | graph,
        "before": graph | RunnableLambda(lambda state: state["answer"]),
        "called": RunnableLambda(call),
    }[place]
    with pytest.raises(ThreadRequired, match="waits for a person") as raised:
        await events(chain)
    assert "secret" not in raised.value.message
    assert checkpointer is None or not checkpointer.storage


async def test_a_stop_before_a_node_needs_a_thread_too() -> None:
    graph = one_node(
        Asked, approve, checkpointer=InMemorySaver(), interrupt_before=["answer"]
    )
    with pytest.raises(ThreadRequired, match="give a thread_id"):
        await events(graph)


async def test_a_graph_that_fails_before_it_speaks_falls_back_on_another() -> None:
    def fail(state: MessagesState) -> Any:
        raise ValueError

    failing = one_node(MessagesState, fail)
    chain = failing.with_fallbacks([one_node(MessagesState, answering(Model()))])
    said = [e.text for e in await events(chain) if isinstance(e, TextDelta)]
    assert said == ["Alpha ", "beta."]


@pytest.mark.parametrize("place", ["alone", "within", "inside"])
async def test_a_runs_own_thread_is_deleted_with_it(place: str) -> None:
    saver = InMemorySaver()
    graph = one_node(MessagesState, answering(Model()), checkpointer=saver)
    outer: dict[str, Chain] = {
        "alone": graph,
        "within": RunnableLambda(lambda x: x) | graph,
        "inside": one_node(MessagesState, graph),
    }
    await events(outer[place])
    failing = Model(scripts=[["a", ValueError()]])
    broken = one_node(MessagesState, answering(failing), checkpointer=saver)
    with pytest.raises(ChatError):
        await events(broken)
    left = events_of(
        prepare(graph),
        validate({"messages": [{"role": "user", "content": "?"}]}),
        Run(),
    )
    await anext(left)
    await left.aclose()
    assert (dict(saver.storage), dict(saver.writes)) == ({}, {})


async def test_what_a_stream_writer_sends_is_custom() -> None:
    def write(state: Asked) -> dict[str, str]:
        get_stream_writer()({"progress": 0.5})
        return {"answer": "done"}

    graph = one_node(Asked, write)
    told = Custom("custom", {"progress": 0.5})
    assert await events(graph) == [told, TextDelta("", "done")]
    picked = await events(graph | RunnableLambda(lambda state: state["answer"]))
    assert picked == [told, TextDelta("", "done")]


async def test_a_custom_event_of_a_function_has_its_name() -> None:
    async def tell(question: str, config: RunnableConfig) -> str:
        await adispatch_custom_event("progress", {"step": 1}, config=config)
        return question

    async def generate(
        inputs: ChainInput, config: RunnableConfig
    ) -> AsyncGenerator[Chunk]:
        yield await tell(inputs["messages"][-1].text, config)

    for chain in (RunnableLambda(tell), from_generator(generate)):
        found = await events(chain)
        assert found == [Custom("progress", {"step": 1}), TextDelta("", "Why?")]


class Remembers(Model):
    """Keeps what it was called with."""

    asked: list[dict[str, Any]] = Field(default_factory=list)

    async def _astream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> Any:
        self.asked.append({"stop": kwargs.pop("stop", None), **kwargs})
        async for chunk in super()._astream(messages, *args, **kwargs):
            yield chunk


def _in_a_sequence(model: BaseChatModel) -> Chain:
    return ChatPromptTemplate.from_template("{topic}") | model | StrOutputParser()


@pytest.mark.parametrize(
    "make",
    [
        lambda model: model,
        lambda model: model.with_retry(),
        lambda model: model.with_fallbacks([model]),
        lambda model: model.bind(seed=1),
        _in_a_sequence,
        lambda model: RunnableLambda(lambda x: x["messages"]) | model.with_config(),
    ],
)
async def test_the_callers_sampling_reaches_every_model_that_can_be_found(
    make: Any,
) -> None:
    model = Remembers()
    sampling = {"temperature": 0.1, "max_tokens": 5, "seed": 7, "stop": "x"}
    await events(make(model), sampling=sampling)
    expected = {"temperature": 0.1, "max_tokens": 5, "seed": 7, "stop": ["x"]}
    assert {k: model.asked[0].get(k) for k in expected} == expected
    await events(make(model))
    assert "temperature" not in model.asked[1]


async def test_a_variable_that_a_step_misses_is_the_callers_to_give() -> None:
    prompt = ChatPromptTemplate.from_template("{topic} in {language}")
    chain: Chain = RunnableLambda(lambda x: {"topic": "bears"}) | prompt | Model()
    with pytest.raises(InvalidRequest, match=r"inputs\.language: is missing"):
        await events(chain)


async def test_what_a_function_without_types_looks_up_in_vain_is_named() -> None:
    def answer(x: dict[str, str]) -> str:
        tone = "tone"
        return x[tone]

    with pytest.raises(InvalidRequest, match=r"inputs\.tone: is missing"):
        await events(RunnableLambda(answer))
    assert await events(RunnableLambda(answer), inputs={"tone": "dry"}) == [
        TextDelta("", "dry")
    ]


async def test_graphs_beside_each_other_are_one_structured_result() -> None:
    graph = one_node(MessagesState, answering(Model()))
    found = await events(RunnableParallel(one=graph, two=graph))
    assert found[-1] == Output({"one": "Alpha beta.", "two": "Alpha beta."})


async def test_a_graph_may_stream_whatever_its_caller_asks_of_it() -> None:
    graph = one_node(MessagesState, answering(Model()))

    def streaming(mode: Any) -> Chain:
        async def answer(
            messages: list[BaseMessage], config: RunnableConfig
        ) -> AsyncGenerator[Any]:
            given = {"messages": messages}
            async for chunk in graph.astream(given, config, stream_mode=mode):
                yield chunk

        return RunnableLambda(answer)

    for mode in ("messages", "updates", "values", ["messages", "values"]):
        found = await events(streaming(mode))
        text = "".join(each.text for each in found if isinstance(each, TextDelta))
        assert text == "Alpha beta.", mode


async def test_a_parser_after_an_agent_gets_paragraphs_and_nothing_twice() -> None:
    def end(state: MessagesState) -> dict[str, Any]:
        return {"messages": [AIMessage("Alpha beta."), ("ai", "And more.")]}

    graph = StateGraph(MessagesState).add_node("one", answering(Model()))
    graph.add_node("two", end).add_edge(START, "one").add_edge("one", "two")
    found = await events(graph.compile() | StrOutputParser())
    text = "".join(each.text for each in found if isinstance(each, TextDelta))
    assert text == "Alpha beta.\n\nAlpha beta.\n\nAnd more."


async def test_what_stands_beside_an_answer_is_output() -> None:
    script = ('{"answer": "Al', 'pha", "score": 1}', finish())
    found = await events(Model(scripts=[script]) | JsonOutputParser())
    assert found == [
        TextDelta("", "Al"),
        TextDelta("", "pha"),
        Output({"answer": "Alpha", "score": 1}),
    ]


async def test_a_prompt_after_a_function_without_types_finds_the_question() -> None:
    chain = RunnableLambda(lambda x: x) | ChatPromptTemplate.from_template("{topic}")
    found = await events(chain | Model())
    text = "".join(each.text for each in found if isinstance(each, TextDelta))
    assert text == "Alpha beta."


async def test_old_messages_and_calls_are_not_streamed_again() -> None:
    def copied(state: MessagesState) -> dict[str, list[AnyMessage]]:
        return {"messages": [*state["messages"], *answer["messages"]]}

    answer: dict[str, list[Any]] = {"messages": [("assistant", "New.")]}
    call = {"id": "1", "function": {"name": "look", "arguments": "{}"}}
    conversation = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": "Old.", "tool_calls": [call]},
        {"role": "tool", "content": "Found.", "tool_call_id": "1"},
        {"role": "user", "content": "And?"},
    ]
    found = await events(one_node(MessagesState, copied), messages=conversation)
    assert found == [TextDelta("", "New.")]


async def test_a_handoff_is_shown_before_what_the_next_agent_says() -> None:
    found = await events(swarm.make(Model(scripts=swarm.scripts)))
    assert found == [
        ToolCall("", "call_1", "to_bob", {}),
        ToolResult("", "call_1", "to_bob", "Bob it is."),
        TextDelta("", "Alpha "),
        TextDelta("", "beta."),
    ]
