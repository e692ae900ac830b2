"""Documents as an answer: quoted word for word, or as the sources of a model."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence

from langchain_core.documents import Document

PACE_SECONDS = 0.01
"""Seconds between two quoted words, so that a reader sees the answer stream."""

PACED_SECONDS = 0.8
"""Seconds that all quoted words together take at most."""

NO_MODEL = (
    "No model is configured, so these are the best matching passages, word for word."
)
NOTHING = (
    "Nothing in the documents matches that. No model is configured that could answer "
    "without them."
)

NO_DOCUMENTS = (
    "There are no documents to answer from: none can be read. The log says why."
)


async def quoted(found: Sequence[Document], *, readable: bool) -> AsyncGenerator[str]:
    """The answer of no model: *found* as it stands, word by word.

    Whether any document is *readable* tells apart why nothing is found.
    """
    text = NO_MODEL + "".join(
        f"\n\n**{document.metadata['title']}** [{number}]\n\n{quote(document)}"
        for number, document in enumerate(found, 1)
    )
    nothing = NOTHING if readable else NO_DOCUMENTS
    words = re.findall(r"\s*\S+", text if found else nothing)
    pace = min(PACE_SECONDS, PACED_SECONDS / len(words))
    for word in words:
        yield word
        await asyncio.sleep(pace)


def quote(document: Document) -> str:
    """The document as a Markdown quote."""
    return "\n".join(f"> {line}" for line in document.page_content.splitlines())


def sources(found: Sequence[Document]) -> str:
    """*found* as a model is to read it, numbered as it is cited."""
    return "\n\n".join(
        f"[{number}] {document.metadata['title']} ({document.metadata['source']})\n"
        f"{document.page_content}"
        for number, document in enumerate(found, 1)
    )
