"""An answer that does not stream has nothing that was withdrawn of it."""

from collections.abc import AsyncGenerator, Sequence

import pytest

from streaming import dialects
from streaming.events import (
    Done,
    Event,
    Paragraph,
    Redact,
    Refusal,
    TextDelta,
    ToolCall,
    Usage,
)
from streaming.requests import validate
from streaming.settled import settled, without_withdrawn
from tests.support.said import said

GUARDED: list[Event] = [
    *(TextDelta("d", each) for each in ("Half", " an")),
    Redact("d", 0, 7),
    *(Paragraph("d", "\n\nAl"), TextDelta("d", "pha"), TextDelta("d", " beta.")),
]


async def made(events: Sequence[Event]) -> AsyncGenerator[Event]:
    for event in events:
        yield event


@pytest.mark.parametrize("dialect", [n for n in dialects.names() if n != "json"])
async def test_no_dialect_has_it(dialect: str) -> None:
    """But `json`, which says what of its text was withdrawn."""
    message = {"role": "user", "content": "Why?"}
    request = validate({"messages": [message], "stream": False})
    events: list[Event] = [*GUARDED, Usage(1, 1, 2), Done("d", "stop", "r")]
    frames = [f async for f in dialects.load(dialect).encode(made(events), request)]
    body = b"".join(frames)
    assert b"Half" not in body
    assert said(dialect, body, stream=False) in (None, "Alpha beta.")


CALL = ToolCall("d", "1", "look", {})
LEFT: dict[str, tuple[Sequence[Event], Sequence[Event]]] = {
    "the first paragraph": (
        GUARDED,
        [TextDelta("d", each) for each in ("Al", "pha", " beta.")],
    ),
    "the last": (
        [TextDelta("d", "A"), Paragraph("d", "\n\nB"), CALL, Redact("d", 3, 4)],
        [TextDelta("d", "A"), CALL],
    ),
    "the beginning of the last": (
        [
            *(TextDelta("d", "A"), Paragraph("d", "\n\nB"), CALL),
            *(TextDelta("d", "C"), Redact("d", 3, 4)),
        ],
        [TextDelta("d", "A"), CALL, Paragraph("d", "\n\nC")],
    ),
    "parts": (
        [TextDelta("d", "abcdef"), Redact("d", 4, 9), Redact("d", 1, 2)],
        [TextDelta("d", "acd")],
    ),
    "what overlaps": (
        [TextDelta("d", "abcdef"), Redact("d", 1, 4), Redact("d", 0, 2)],
        [TextDelta("d", "ef")],
    ),
    "nothing": ([TextDelta("d", "a"), Refusal("d", "b")],) * 2,
}


@pytest.mark.parametrize(("events", "left"), LEFT.values(), ids=LEFT)
def test_what_is_left_is_the_rest(
    events: Sequence[Event], left: Sequence[Event]
) -> None:
    assert list(without_withdrawn(events)) == left


async def test_the_pieces_of_a_text_are_one() -> None:
    found = [event async for event in settled(made(GUARDED))]
    assert found == [TextDelta("d", "Al"), TextDelta("d", "pha beta.")]
