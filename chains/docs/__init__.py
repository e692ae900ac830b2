"""Answers from documents, with its sources; needs no model, but uses one if it can."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig

from chains.docs.library import Library
from chains.docs.question import is_conversation, whole
from chains.docs.quoting import quoted, sources
from chains.docs.retriever import DocsRetriever
from runnables import Chain, ChainInput, Chunk
from runnables.generator import GeneratorChain
from settings import Settings

FOR_A_MODEL = 6
TO_QUOTE = 3

INSTRUCTIONS = (
    "Answer from the sources below and mark what you take from them as [1], [2] and so "
    "on. Where they do not hold the answer, say so.\n\n{sources}"
)

Ask = Callable[[Sequence[BaseMessage], RunnableConfig], Awaitable[str]]
Write = Callable[[ChainInput, RunnableConfig, list[Document]], AsyncGenerator[Chunk]]


class DocsChain(GeneratorChain):
    """The chain, with what an operator has to know of its documents."""

    library: Library

    @property
    def warning(self) -> str | None:
        return self.library.warning


def build(settings: Settings) -> Chain:
    library = Library.shared(settings.docs_path)
    most = FOR_A_MODEL if settings.model_configured else TO_QUOTE
    retriever = DocsRetriever(library=library, most=most)
    ask, write = _model(settings) if settings.model_configured else _no_model(library)

    async def docs(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
        question = await ask(inputs["messages"], config)
        found = await retriever.ainvoke(question, config)
        for document in found:
            yield document
        async with aclosing(write(inputs, config, found)) as chunks:
            async for chunk in chunks:
                yield chunk

    chain = DocsChain(docs, takes=("reasoning_effort",))
    chain.library = library
    return chain


def _no_model(library: Library) -> tuple[Ask, Write]:
    async def ask(messages: Sequence[BaseMessage], config: RunnableConfig) -> str:
        return messages[-1].text

    def write(
        inputs: ChainInput, config: RunnableConfig, found: list[Document]
    ) -> AsyncGenerator[Chunk]:
        return quoted(found, readable=library.warning is None)

    return ask, write


def _model(settings: Settings) -> tuple[Ask, Write]:
    # A second of imports that quoting does not need.
    from runnables import chat_model, stream_model, with_system_prompt

    model = chat_model(settings)

    async def ask(messages: Sequence[BaseMessage], config: RunnableConfig) -> str:
        if is_conversation(messages):
            return await whole(model, messages, config)
        return messages[-1].text

    def write(
        inputs: ChainInput, config: RunnableConfig, found: list[Document]
    ) -> AsyncGenerator[Chunk]:
        instructions = INSTRUCTIONS.format(sources=sources(found))
        messages = with_system_prompt(settings, inputs["messages"], instructions)
        return stream_model(model, messages, config)

    return ask, write
