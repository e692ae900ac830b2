"""All frames of an event are one piece: what is last pulled is what a piece is of."""

from collections.abc import AsyncGenerator

import pytest

from streaming import dialects
from streaming.errors import ChatError
from streaming.events import (
    Custom,
    Event,
    Interrupt,
    Node,
    NodeUpdate,
    Output,
    Paragraph,
)
from streaming.requests import validate
from tests.streaming.dialects.dialect_output import (
    BROKE_OFF,
    CALL,
    FILE,
    PAGE,
    REASONING,
    REDACT,
    RESULT,
    ended,
    said,
    written,
)

EVENTS: list[Event] = [
    *(REASONING, CALL, RESULT, PAGE, FILE, *said("a\r", "\nb", "[DONE]")),
    *(Paragraph("d", "\n\nc"), REDACT, Custom("c", 1), Output([1]), CALL),
    Interrupt("i", {"q": 1}),
]
ENDINGS = {
    "stop": ended(),
    "error": [BROKE_OFF, *ended("error")],
    "deadline": ended("deadline"),
    "cancelled": ended("cancelled"),
    "budget": ended("budget"),
}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("name", dialects.names())
async def test_a_dialect_gives_one_piece_for_each_event(name: str, ending: str) -> None:
    pulled = 0

    async def source() -> AsyncGenerator[Event]:
        nonlocal pulled
        for event in [*EVENTS, *ENDINGS[ending]]:
            pulled += 1
            yield event

    asked = {"messages": [{"role": "user", "content": "?"}], "run_id": "run"}
    request = validate({**asked, "include_usage": True})
    of: list[int] = []
    try:
        async for piece in dialects.load(name).encode(source(), request):
            of += [pulled] if piece else []
    except ChatError:
        assert name == "plain"
    assert of == sorted(set(of)), of


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("name", dialects.names())
async def test_no_dialect_tells_of_nodes(name: str, stream: bool) -> None:
    node, update = Node("a:1|b:2", 3), NodeUpdate("a:1", "b", {"c": ["d"]})
    told = [node, *said("a"), update, REASONING, Node("", 0), *said("b"), *ended()]
    untold = [*said("a"), REASONING, *said("b"), *ended()]
    assert await written(name, *told, stream=stream) == await written(
        name, *untold, stream=stream
    )
