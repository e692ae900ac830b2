"""Functions whose annotations are text, as `from __future__ import annotations` makes
them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING, TypedDict

from pydantic import BaseModel

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage


class Asked(TypedDict):
    question: str
    language: str


class Checked(BaseModel):
    question: str


def of_text(text: str) -> str:
    return text


def of_messages(given: list[BaseMessage]) -> str:
    return given[-1].text


def of_fields(asked: Asked) -> str:
    return asked["question"]


def of_model(asked: Checked) -> str:
    return asked.question


async def of_pieces(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    async for piece in pieces:
        yield piece


def of_pieces_in_a_thread(pieces: Iterator[str]) -> Iterator[str]:
    yield from pieces
