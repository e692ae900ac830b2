"""Answers from documents, with its sources; needs no model, but uses one if it can."""

import asyncio
import re
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing
from pathlib import Path

from langchain_core.documents import Document
from langchain_core.runnables import RunnableConfig

from chains.docs.passages import Passage, Passages, keywords, read, terms
from runnables import Chain, ChainInput, Chunk, from_generator
from settings import Settings

FOR_A_MODEL = 6
TO_QUOTE = 3
QUOTED_WHOLE = 1600
"""Characters up to which a passage is quoted as it is."""

PACE_SECONDS = 0.01
"""Seconds between two quoted words, so that a reader sees the answer stream."""

PACED_SECONDS = 0.8
"""Seconds that all quoted words together take at most."""

Write = Callable[[ChainInput, RunnableConfig, list[Passage]], AsyncGenerator[Chunk]]

INSTRUCTIONS = (
    "Answer from the sources below and mark what you take from them as [1], [2] and so "
    "on. Where they do not hold the answer, say so.\n\n{sources}"
)
NO_MODEL = (
    "No model is configured, so these are the best matching passages, word for word."
)
NOTHING = (
    "Nothing in the documents matches that. No model is configured that could answer "
    "without them."
)


def build(settings: Settings) -> Chain:
    folder = Path(settings.docs_path) if settings.docs_path else None
    passages = Passages(read(folder))
    write = writer(settings) if settings.model_configured else None
    most = FOR_A_MODEL if settings.model_configured else TO_QUOTE

    async def docs(inputs: ChainInput, config: RunnableConfig) -> AsyncGenerator[Chunk]:
        asked = terms(inputs["messages"][-1].text)
        found = await asyncio.to_thread(passages.search, asked, most)
        for passage in found:
            yield as_document(passage)
        chunks = write(inputs, config, found) if write else quoted(found, asked)
        async with aclosing(chunks):
            async for chunk in chunks:
                yield chunk

    return from_generator(docs, takes=("reasoning_effort",))


def as_document(passage: Passage) -> Document:
    url = f"{passage.path}#L{passage.line}"
    metadata = {"title": passage.heading, "source": passage.path, "url": url}
    return Document(page_content=passage.text, metadata=metadata)


def writer(settings: Settings) -> Write:
    # A second of imports that quoting does not need.
    from runnables import chat_model, stream_model, with_system_prompt

    model = chat_model(settings)

    def write(
        inputs: ChainInput, config: RunnableConfig, found: list[Passage]
    ) -> AsyncGenerator[Chunk]:
        instructions = INSTRUCTIONS.format(sources=number_sources(found))
        messages = with_system_prompt(settings, inputs["messages"], instructions)
        return stream_model(model, messages, config)

    return write


async def quoted(found: list[Passage], asked: set[str]) -> AsyncGenerator[Chunk]:
    text = NO_MODEL + "".join(
        f"\n\n**{passage.heading}** [{number}]\n\n{quote(passage.text, asked)}"
        for number, passage in enumerate(found, 1)
    )
    words = re.findall(r"\s*\S+", text if found else NOTHING)
    pace = min(PACE_SECONDS, PACED_SECONDS / len(words))
    for word in words:
        yield word
        await asyncio.sleep(pace)


def quote(text: str, asked: set[str]) -> str:
    """The sentences of *text* with most of the words *asked*, as a Markdown quote."""
    if len(text) > QUOTED_WHOLE:
        sentences = re.split(r"(?<=[.!?])\s+|\n(?=[-*|])", text)
        best = sorted(sentences, key=lambda each: -len(asked & keywords(each)))[:3]
        text = "\n".join(sentence for sentence in sentences if sentence in best)
        if len(text) > QUOTED_WHOLE:
            text = text[:QUOTED_WHOLE].rpartition("\n")[0] + "\n…"
        if text.count("```") % 2:
            text += "\n```"
    return "\n".join(f"> {line}" for line in text.splitlines())


def number_sources(found: Iterable[Passage]) -> str:
    return "\n\n".join(
        f"[{number}] {passage.heading} ({passage.path})\n{passage.text}"
        for number, passage in enumerate(found, 1)
    )
