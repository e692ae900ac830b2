"""Chains and models that give nothing: an error that says so, not an empty answer."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any, TypedDict, cast

import pytest
from langchain_core.documents import Document
from langchain_core.language_models import LLM
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    ChatMessage,
    HumanMessage,
    SystemMessage,
)
from langchain_core.output_parsers import JsonOutputParser, StrOutputParser
from langchain_core.outputs import GenerationChunk
from langchain_core.runnables import (
    RunnableConfig,
    RunnableGenerator,
    RunnableLambda,
    RunnableParallel,
    RunnablePassthrough,
)
from langgraph.graph import START, MessagesState, StateGraph

from runnables import Chain, ChainInput, Chunk, from_generator
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from runs.ending import ending
from streaming.events import Citation, Done, Error, Event, TextDelta, Usage
from streaming.requests import validate
from tests.support.kinds import Model, calling, finish
from tests.support.kinds_of_graphs import answering, one_node


async def events(chain: Chain) -> list[Event]:
    request = validate({"messages": [{"role": "user", "content": "Why?"}]})
    run = Run()
    async with asyncio.timeout(5):
        made = ending(events_of(prepare(chain), request, run), run)
        return [event async for event in made]


def returning(value: object) -> Chain:
    return RunnableLambda(lambda given: value)


def generating(*chunks: Chunk) -> Chain:
    async def made(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
        for chunk in chunks:
            yield chunk

    return from_generator(made)


def graph(update: dict[str, Any] | None, state: type = MessagesState) -> Chain:
    made: Any = StateGraph(state).add_node("node", lambda given: update)
    return cast(Chain, made.add_edge(START, "node").compile())


def asked(model: Model) -> Chain:
    return one_node(MessagesState, answering(model))


def _newest(state: MessagesState) -> str:
    return str(state["messages"][-1].text)


class Asked(TypedDict):
    question: str
    answer: str


async def _asynchronous(pieces: AsyncIterator[Any]) -> AsyncIterator[str]:
    async for _ in pieces:
        return
    yield ""


def _blocking(pieces: Iterator[Any]) -> Iterator[str]:
    yield from ()


NOTHING = {
    "None": returning(None),
    "an empty text": returning(""),
    "an empty message": returning(AIMessage("")),
    "the message that was asked": RunnableLambda(lambda given: given["messages"][-1]),
    "the messages it was given": RunnableLambda(lambda given: given["messages"]),
    "an empty answer": returning({"answer": ""}),
    "no answer": returning({"answer": None}),
    "empty texts of branches": RunnableParallel(one=returning("")),
    "an empty generator": generating(),
    "a generator of empty texts": generating("", ""),
    "a generator of empty messages": generating(AIMessageChunk(content="")),
    "an asynchronous generator of pieces": RunnableGenerator(_asynchronous),
    "a generator of pieces": RunnableGenerator(_blocking),
    "a graph that adds nothing": graph({}),
    "a graph that adds no messages": graph({"messages": []}),
    "a graph that adds an empty message": graph({"messages": [AIMessage("")]}),
    "a graph that adds the user's": graph({"messages": [HumanMessage("Why?")]}),
    "a state that nothing is added to": graph({}, Asked),
    "a state with an empty answer": graph({"answer": ""}, Asked),
}


@pytest.mark.parametrize("chain", NOTHING.values(), ids=NOTHING)
async def test_a_chain_that_gives_nothing_fails_and_says_so(chain: Chain) -> None:
    [error, _, done] = await events(chain)
    assert isinstance(error, Error)
    assert (error.error.status, error.error.code) == (500, "internal_error")
    assert error.error.message.startswith("The chain gave nothing")
    assert isinstance(done, Done)
    assert done.finish_reason == "error"


@pytest.mark.parametrize("value", [0, False, [], {}, " "], ids=repr)
async def test_a_value_is_something(value: object) -> None:
    found = await events(returning(value))
    assert isinstance(found[0], TextDelta)
    assert isinstance(found[-1], Done)
    assert found[-1].finish_reason == "stop"


async def test_a_source_without_a_text_is_cited() -> None:
    found = await events(returning([Document("", metadata={"source": "a.md"})]))
    assert [type(each) for each in found] == [Citation, Usage, Done]


EMPTY = Model(scripts=[[finish()]])


@pytest.mark.parametrize(
    "chain",
    [EMPTY, Model(scripts=[[""]]), EMPTY | StrOutputParser(), EMPTY | returning("")],
)
async def test_a_model_may_have_nothing_to_say(chain: Chain) -> None:
    [_, done] = await events(chain)
    assert isinstance(done, Done)
    assert done.finish_reason == "stop"


def saying(*chunks: AIMessageChunk, reason: str = "stop") -> Model:
    return Model(scripts=[[*chunks, finish(reason)]])


def _assigned(chain: Chain) -> Chain:
    return RunnablePassthrough.assign(answer=chain)


def _swallowing(model: Chain) -> Chain:
    async def ask(given: object) -> str:
        try:
            return str(await model.ainvoke("Why?"))
        except ValueError:
            return ""

    return RunnableLambda(ask)


BYTES = AIMessageChunk(content=[{"type": "image", "base64": "iVBORw0KGgo="}])
LINKED = AIMessageChunk(content=[{"type": "image", "url": "https://example.com/a.png"}])
SPOKEN = AIMessageChunk(content="", additional_kwargs={"audio": {"data": "AAAA"}})
DECLINED = AIMessageChunk(content="", additional_kwargs={"refusal": "No."})
TEXT = AIMessageChunk(content=[{"type": "text", "text": "Alpha"}])
CALL = calling("look", "{}")

NO_URL = (501, "The answer has nothing to show: its")
UNREAD = (502, "The chain cannot read the model's answer.")
UNSEEN = (502, "The chain shows nothing of the model's answer.")
FAILED = (502, "The model's provider failed.")

LOST: dict[str, tuple[Chain, tuple[int, str]]] = {
    "an image": (saying(BYTES) | StrOutputParser(), NO_URL),
    "a sound": (saying(SPOKEN) | StrOutputParser(), NO_URL),
    "an image of a graph": (asked(saying(BYTES)) | _newest, NO_URL),
    "no JSON": (saying(BYTES) | JsonOutputParser(), NO_URL),
    "a link": (saying(LINKED) | StrOutputParser(), UNSEEN),
    "a refusal": (saying(DECLINED) | StrOutputParser(), UNSEEN),
    "a call": (saying(CALL, reason="tool_calls") | StrOutputParser(), UNSEEN),
    "a call in a graph": (asked(saying(CALL)) | _newest, UNSEEN),
    "an answer in a dictionary": (
        _assigned(saying(CALL) | StrOutputParser()),
        UNSEEN,
    ),
    "an answer from documents": (
        RunnablePassthrough.assign(context=returning([Document("gamma")]))
        | _assigned(saying(CALL) | StrOutputParser()),
        UNSEEN,
    ),
    "a text that is dropped": (saying(TEXT) | returning(""), UNSEEN),
    "a text in blocks that is no JSON": (saying(TEXT) | JsonOutputParser(), UNREAD),
    "an error": (_swallowing(Model(scripts=[[ValueError("no such model")]])), FAILED),
}


@pytest.mark.parametrize("lost", LOST)
async def test_what_a_chain_loses_of_a_models_answer_is_no_empty_success(
    lost: str,
) -> None:
    chain, (status, message) = LOST[lost]
    *cited, error, _, done = await events(chain)
    assert all(isinstance(each, Citation) for each in cited)
    assert isinstance(error, Error)
    assert error.error.status == status
    assert error.error.message.startswith(message)
    assert isinstance(done, Done)
    assert done.finish_reason == "error"


@pytest.mark.parametrize("reason", ["length", "content_filter"])
async def test_the_reason_says_enough_of_an_answer_without_a_text(reason: str) -> None:
    [_, done] = await events(saying(CALL, reason=reason) | StrOutputParser())
    assert isinstance(done, Done)
    assert done.finish_reason == reason


async def test_thoughts_are_no_answer_that_a_chain_could_lose() -> None:
    thought = AIMessageChunk(content="", additional_kwargs={"reasoning_content": "Hm."})
    [_, done] = await events(saying(thought) | StrOutputParser())
    assert isinstance(done, Done)
    assert done.finish_reason == "stop"


class _NoChunks(LLM):
    @property
    def _llm_type(self) -> str:
        return "none"

    def _call(self, *args: Any, **kwargs: Any) -> str:
        raise NotImplementedError

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[GenerationChunk]:
        yield from ()


MUTE = Model(scripts=[[]])


@pytest.mark.parametrize(
    "chain",
    [
        MUTE,
        MUTE | StrOutputParser(),
        _NoChunks(),
        RunnableLambda(lambda given: MUTE.invoke("Why?")),
        RunnableLambda(lambda given: MUTE),
    ],
    ids=["alone", "parsed", "text", "asked", "given"],
)
async def test_a_model_that_ends_before_it_begins_is_cut(chain: Chain) -> None:
    """LangChain raises an error of its own, which would be a bug of the chain."""
    error = (await events(chain))[0]
    assert isinstance(error, Error)
    assert (error.error.status, error.error.code) == (502, "upstream_incomplete")
    assert error.error.retryable


OTHERS: list[Any] = [
    "Alpha.",
    ("user", "Alpha."),
    ChatMessage(role="bot", content="Alpha."),
]


@pytest.mark.parametrize("message", OTHERS, ids=["text", "user", "bot"])
async def test_a_graphs_message_of_another_role_is_its_answer(message: Any) -> None:
    found = await events(graph({"messages": message}))
    assert found[0] == TextDelta("", "Alpha.")


async def test_a_prompt_is_no_answer_of_a_graph() -> None:
    """Be it alone, or beside an answer that is empty."""
    rules = SystemMessage("Rules.")
    for messages in (
        [rules],
        [AIMessage(""), rules],
        [AIMessage(""), HumanMessage("A")],
    ):
        found = await events(graph({"messages": messages}))
        assert not any(isinstance(each, TextDelta) for each in found)
