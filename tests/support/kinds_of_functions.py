"""Functions, and what else of LangChain is no sequence."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any

from langchain_core.language_models import LLM
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import GenerationChunk
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import (
    Runnable,
    RunnableConfig,
    RunnableGenerator,
    RunnableLambda,
    RunnablePassthrough,
    chain,
)
from langchain_core.tools import tool

from runnables import Chain, ChainInput, Chunk, from_generator
from tests.support.kinds import ANSWER, Model, calling, finish, kind


@kind(streams=False)
def function(model: Model) -> Chain:
    """A function of a string, in a thread"""

    def answer(question: str) -> str:
        return model.invoke(question).text

    return RunnableLambda(answer)


@kind()
def handing_on(model: Model) -> Chain:
    """`RunnableLambda(lambda given: given) | model`"""
    return RunnableLambda(lambda given: given) | model


@kind(streams=False)
def function_without_types(model: Model) -> Chain:
    """A function without types that asks a model with what it gets"""

    async def ask(given):  # type: ignore[no-untyped-def]  # That is what it is about.
        return await model.ainvoke(given)

    return RunnableLambda(ask)


@kind()
def function_that_gives_a_model(model: Model) -> Chain:
    """A function without types that returns a model to go on with"""
    return RunnableLambda(lambda given: model)


@kind(
    streams=False,
    text="",
    scripts=[[calling("look", "{}")]],
    finish="tool_calls",
)
def unexplained_calls(model: Model) -> Chain:
    """A model that calls the caller's tool and gives no finish reason"""
    return model


@kind(streams=False, calls=0, text="Why?")
def passthrough(model: Model) -> Chain:
    """`RunnablePassthrough()` alone: the question"""
    return RunnablePassthrough()


@kind(streams=False)
def async_function(model: Model) -> Chain:
    """An asynchronous function of messages"""

    async def answer(messages: list[BaseMessage], config: RunnableConfig) -> AIMessage:
        return await model.ainvoke(messages, config)

    return RunnableLambda(answer)


@kind()
def generator_function(model: Model) -> Chain:
    """A generator of text"""

    def answer(question: str, config: RunnableConfig) -> Iterator[str]:
        for chunk in model.stream(question, config):
            yield chunk.text

    return RunnableLambda(answer)


class Streaming(Runnable[Any, Any]):
    """Streams *model*, where it blocks."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def invoke(self, *args: Any, **kwargs: Any) -> Any:
        raise NotImplementedError

    def stream(
        self, input: Any, config: RunnableConfig | None = None, **_: Any
    ) -> Iterator[BaseMessage]:
        yield from self.model.stream(input["messages"], config)


@kind()
def class_that_streams(model: Model) -> Chain:
    """A subclass of `Runnable` with `stream` alone, in a thread"""
    return Streaming(model)


@kind()
def async_generator_function(model: Model) -> Chain:
    """An asynchronous generator of text"""

    async def answer(question: str, config: RunnableConfig) -> AsyncGenerator[str]:
        async for chunk in model.astream(question, config):
            yield chunk.text

    return RunnableLambda(answer)


@kind()
def decorated(model: Model) -> Chain:
    """A function with `@chain` that returns a runnable's stream"""

    @chain
    async def answer(question: str) -> AsyncIterator[BaseMessage]:
        async for chunk in model.astream(question):
            yield chunk

    return answer


@kind(streams=False)
def untyped_function(model: Model) -> Chain:
    """A function without types, of `{"messages"}`"""

    async def answer(x, config):  # type: ignore[no-untyped-def]  # As many are.
        return await model.ainvoke(x["messages"], config)

    return RunnableLambda(answer)


@kind()
def runnable_generator(model: Model) -> Chain:
    """`RunnableGenerator`, after a model"""

    async def passed(chunks: AsyncIterator[BaseMessage]) -> AsyncIterator[str]:
        async for chunk in chunks:
            yield chunk.text

    return model | RunnableGenerator(passed)


@kind(text="Alpha beta.\n\nGamma.", calls=2, scripts=[ANSWER, ("Gamma.", finish())])
def two_models(model: Model) -> Chain:
    """`from_generator`, with two model calls: two paragraphs"""

    async def answer(
        inputs: ChainInput, config: RunnableConfig
    ) -> AsyncGenerator[Chunk]:
        for _ in range(2):
            async for chunk in model.astream(inputs["messages"], config):
                yield chunk

    return from_generator(answer)


@kind()
def streamed_then_whole(model: Model) -> Chain:
    """`from_generator` that yields chunks and then their whole message: once"""

    async def answer(
        inputs: ChainInput, config: RunnableConfig
    ) -> AsyncGenerator[Chunk]:
        said = ""
        async for chunk in model.astream(inputs["messages"], config):
            said += chunk.text
            yield chunk
        yield AIMessage(said)

    return from_generator(answer)


class Completing(LLM):
    """A text model; it does not say what it costs."""

    @property
    def _llm_type(self) -> str:
        return "completing"

    def _call(self, *args: Any, **kwargs: Any) -> str:
        return "Alpha beta."

    async def _astream(
        self, *args: Any, **kwargs: Any
    ) -> AsyncIterator[GenerationChunk]:
        yield GenerationChunk(text="Alpha ")
        yield GenerationChunk(text="beta.", generation_info={"finish_reason": "stop"})


@kind(calls=0, tokens=3)
def text_model(model: Model) -> Chain:
    """A text model, without messages"""
    return ChatPromptTemplate.from_template("{topic}") | Completing()


@tool
def shout(text: str) -> str:
    """Say it in capitals."""
    return text.upper()


@kind(text="ALPHA BETA.", scripts=[ANSWER], streams=False)
def tool_as_step(model: Model) -> Chain:
    """A tool as the last step"""
    return model | (lambda message: {"text": message.text}) | shout
