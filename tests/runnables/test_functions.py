"""Functions of every form, alone and within a chain."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

import pytest
from anyio.lowlevel import checkpoint
from langchain_core.messages import (
    AIMessage,
    HumanMessage,
    merge_message_runs,
    trim_messages,
)
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import (
    RunnableConfig,
    RunnableGenerator,
    RunnableLambda,
    RunnablePassthrough,
)
from langgraph.func import entrypoint
from pydantic import BaseModel

from runnables import Chain, external
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from settings import Settings
from streaming.errors import NotConfigured
from streaming.events import TextDelta
from streaming.requests import validate
from tests.runnables import annotated_functions
from tests.support.kinds import Model

ANNOTATED = [name for name in vars(annotated_functions) if name.startswith("of_")]


async def texts(chain: Chain, **inputs: Any) -> list[str]:
    message = {"role": "user", "content": "Why?"}
    request = validate({"messages": [message], "inputs": inputs})
    async with asyncio.timeout(5):
        made = events_of(prepare(chain), request, Run())
        return [event.text async for event in made if isinstance(event, TextDelta)]


def loaded(function: str, module: str = annotated_functions.__name__) -> Chain:
    return external.load("x", f"{module}:{function}", Settings())


@pytest.mark.parametrize("function", ANNOTATED)
async def test_an_annotation_may_be_text(function: str) -> None:
    inputs = {"language": "French"} if function == "of_fields" else {}
    assert await texts(loaded(function), **inputs) == ["Why?"]


async def test_langchains_own_functions_of_messages_come_before_a_model() -> None:
    trim: Any = trim_messages(max_tokens=9, token_counter=len, include_system=True)
    merge: Any = merge_message_runs()
    assert await texts(trim | merge | Model()) == ["Alpha ", "beta."]


def spelled(text: str) -> Iterator[str]:
    yield from text


class Spelling:
    def __call__(self, text: str) -> Iterator[str]:
        yield from text


def spelled_after(before: str, text: str) -> Iterator[str]:
    yield from before + text


GENERATORS: dict[str, Callable[..., Any]] = {
    "function": spelled,
    "object": Spelling(),
    "method": Spelling().__call__,
    "partial": partial(spelled_after, ""),
}


@pytest.mark.parametrize("form", GENERATORS)
async def test_a_generator_streams_whatever_its_form(form: str) -> None:
    assert await texts(RunnableLambda(GENERATORS[form])) == list("Why?")


async def test_a_generator_of_an_iterator_streams_without_blocking_the_loop() -> None:
    def shouted(pieces: Iterator[Any]) -> Iterator[str]:
        for piece in pieces:
            yield piece.text.upper()

    assert await texts(Model() | RunnableGenerator(shouted)) == ["ALPHA ", "BETA."]


async def test_leaving_such_a_generator_stops_the_model_before_it() -> None:
    def passed(pieces: Iterator[Any]) -> Iterator[str]:
        for piece in pieces:
            yield piece.text

    model = Model(scripts=[["Alpha ", asyncio.Event()]])
    reading = asyncio.create_task(texts(model | RunnableGenerator(passed)))
    async with asyncio.timeout(5):
        await model.waits.wait()
        reading.cancel()
        await asyncio.wait([reading])
        while not model.left:  # The model's task is told by the thread's future.
            await checkpoint()
    assert (model.left, model.ended) == (1, 0)


class Answers:
    def __call__(self, question: str) -> str:
        return question

    async def later(self, question: str) -> str:
        return question


def _with_default(given):  # type: ignore[no-untyped-def]  # As many are.
    return given.get("question", "NOTHING")


def _formatted(given):  # type: ignore[no-untyped-def]
    return "{topic}".format(**given)


def _matched(given):  # type: ignore[no-untyped-def]
    match given:
        case {"query": asked}:
            return asked


def _routed(given):  # type: ignore[no-untyped-def]
    return "Why?" if "Wh" in given and given[:2] == "Wh" else given


inner = ChatPromptTemplate.from_template("{animal}")


def _calling(given):  # type: ignore[no-untyped-def]
    return inner.invoke(given).to_messages()[-1].text


def _called_with(given):  # type: ignore[no-untyped-def]
    prompt = ChatPromptTemplate([("placeholder", "{history}"), ("user", "{input}")])
    return prompt.invoke(given).to_messages()[-1].text


def _as_message(given):  # type: ignore[no-untyped-def]
    return HumanMessage(content=given)


async def _as_message_later(given):  # type: ignore[no-untyped-def]
    return HumanMessage(content=given)


@pytest.mark.parametrize(
    "function",
    [
        *(_with_default, _formatted, _matched, _routed, _calling, _called_with),
        *(_as_message, _as_message_later),
    ],
)
async def test_a_function_without_types_finds_the_question(
    function: Callable[..., Any],
) -> None:
    """However it looks for it; it was a `KeyError`, or no question at all."""
    assert await texts(RunnableLambda(function)) == ["Why?"]


@pytest.mark.parametrize(
    "made",
    [
        lambda x: [("user", x)],
        lambda x: {"messages": [("user", x)]},
        lambda x: {"messages": [{"role": "user", "content": x}]},
    ],
)
async def test_a_function_may_make_messages_of_its_input(made: Any) -> None:
    ask: Chain = RunnableLambda(made)
    assert await texts(ask | Model()) == ["Alpha ", "beta."]


def _of_two(question: str, history: str) -> str:
    return question


def _of_names(**named: object) -> str:
    return ""


@pytest.mark.parametrize(
    ("function", "says"),
    [(_of_two, r"takes \['history'\] beside its input"), (_of_names, "no input")],
)
def test_a_function_that_cannot_be_called_is_refused_when_it_is_loaded(
    function: Callable[..., Any], says: str
) -> None:
    """Each request was 500."""
    with pytest.raises(NotConfigured, match=says):
        prepare(RunnableLambda(function))


def make(config: RunnableConfig) -> Chain:
    return RunnableLambda(lambda text: text)


async def test_a_factory_of_langgraphs_server_builds() -> None:
    assert await texts(loaded("make", __name__)) == ["Why?"]


class Wanted(BaseModel):
    query: str
    limit: int = 3


@entrypoint()
async def search(wanted: Wanted) -> str:
    return wanted.query + "?" * wanted.limit


async def test_an_entrypoint_gets_what_its_annotation_says() -> None:
    """A graph's state is built by LangGraph, and an entrypoint's input is not."""
    assert await texts(search, limit=1) == ["Why??"]


async def test_what_assigns_gets_a_dictionary() -> None:
    """It got the messages that the model in it takes, which LangChain refuses."""
    model: Any = Model()
    chain: Chain = RunnablePassthrough.assign(answer=model)
    assert await texts(chain) == ["Alpha ", "beta."]


def of_a_list(conversation: list) -> str:  # type: ignore[type-arg]  # As many are.
    return str(conversation[-1].text)


async def test_a_list_of_whatever_is_the_conversation() -> None:
    assert await texts(RunnableLambda(of_a_list)) == ["Why?"]


async def _later(text: str) -> str:
    return text


async def _spelled(text: str) -> AsyncIterator[str]:
    for character in text:
        yield character


@pytest.mark.parametrize(
    "function",
    [lambda text: spelled(text), lambda text: _spelled(text)],
    ids=["generator", "asynchronous"],
)
async def test_a_generator_that_a_function_returns_streams(function: Any) -> None:
    """The event loop waited for a generator as a whole, with all other callers."""
    assert await texts(RunnableLambda(function)) == list("Why?")


async def test_a_coroutine_that_a_function_returns_is_awaited() -> None:
    assert await texts(RunnableLambda(lambda text: _later(text))) == ["Why?"]


def _messages(text: str) -> Iterator[AIMessage]:
    yield from (AIMessage("One."), AIMessage("Two."), AIMessage("Three."))


async def _messages_later(text: str) -> AsyncIterator[AIMessage]:
    for message in _messages(text):
        yield message


@pytest.mark.parametrize("function", [_messages, _messages_later])
async def test_a_generator_may_yield_whole_messages(function: Any) -> None:
    """LangChain adds them to a prompt, which it went on with: the answer was 500."""
    assert "".join(await texts(RunnableLambda(function))) == "One.\n\nTwo.\n\nThree."


answers = Answers()
part = partial(lambda before, question: before + question, "")


@pytest.mark.parametrize("named", ["answers", "answers.later", "part", "spelled"])
async def test_whatever_can_be_called_is_a_chain(named: str) -> None:
    assert "".join(await texts(loaded(named, __name__))) == "Why?"
