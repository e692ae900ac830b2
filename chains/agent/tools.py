"""The agent's tools; what they say of an error is for the model."""

from datetime import UTC, datetime

from langchain_core.documents import Document
from langchain_core.tools import BaseTool, ToolException, tool

from chains.docs.library import Library
from chains.docs.passages import Passage
from chains.docs.retriever import as_documents

FOUND = 6
"""Passages that one search gives."""

PART = 8000
"""Characters of a document that one call reads."""

NOTHING = "Nothing in the documents matches that. Try other words."


def of_documents(library: Library) -> list[BaseTool]:
    """The tools that search and read the documents of *library*."""

    @tool("search", response_format="content_and_artifact")
    async def search(question: str) -> tuple[str, list[Document]]:
        """Search the documents for passages that answer a question.

        Each passage comes with the path of its document."""
        found = await library.search(question, FOUND)
        return _shown(found) or NOTHING, as_documents(found)

    @tool("read")
    async def read(path: str, part: int = 1) -> str:
        """Read a part of one document, whose path a search has given."""
        parts = _parts(await library.of_file(path))
        if not parts:
            raise ToolException("There is no such document. Search for its path.")
        if not 0 < part <= len(parts):
            raise ToolException(f"There is no such part: there are {len(parts)}.")
        return f"Part {part} of {len(parts)}:\n\n{parts[part - 1]}"

    return [search, read]


@tool("current_time")
async def current_time() -> str:
    """The date and the time now, in UTC."""
    return f"{datetime.now(UTC):%A, %Y-%m-%d %H:%M:%S} UTC"


def _shown(found: list[Passage]) -> str:
    return "\n\n".join(f"[{each.path}] {each.heading}\n{each.text}" for each in found)


def _parts(passages: list[Passage]) -> list[str]:
    """The text of *passages*, in parts of whole passages."""
    parts: list[str] = []
    for passage in passages:
        text = f"{passage.heading}\n{passage.text}"
        if parts and len(parts[-1]) + len(text) <= PART:
            parts[-1] += f"\n\n{text}"
        else:
            parts.append(text)
    return parts
