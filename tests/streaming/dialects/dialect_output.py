"""What a dialect writes for events that a test gives it."""

from collections.abc import AsyncGenerator
from typing import Any

from streaming import dialects
from streaming.events import (
    Citation,
    Done,
    Error,
    Event,
    FinishReason,
    ReasoningDelta,
    Redact,
    TextDelta,
    ToolCall,
    ToolResult,
    Usage,
)
from streaming.requests import validate
from streaming.upstream_errors import UpstreamIncomplete

REASONING = ReasoningDelta("d", "Hm.")
CALL = ToolCall("d", "call_1", "look_up", {"city": "Paris"})
RESULT = ToolResult("d", "call_1", "look_up", "two million")
PAGE = Citation("1", "Paris", "https://example.com/paris", "Paris is in France.")
FILE = Citation("2", "README > Stream", "README.md#L1", "A stream.")
REDACT = Redact("d", 0, 3)
USAGE = Usage(input_tokens=5, output_tokens=2, total_tokens=7)
BROKE_OFF = Error("d", UpstreamIncomplete("The model's answer broke off."))


def said(*texts: str) -> list[Event]:
    return [TextDelta("d", text) for text in texts]


def ended(finish_reason: FinishReason = "stop") -> list[Event]:
    """What every run ends with."""
    done = Done(
        deployment="d",
        finish_reason=finish_reason,
        run_id="run",
        usage=USAGE,
        latency_ms=3,
        time_to_first_chunk_ms=1,
        streaming_duration_ms=2,
    )
    return [USAGE, done]


async def written(dialect: str, *events: Event, **fields: Any) -> bytes:
    """The whole answer that is made of *events*."""

    async def source() -> AsyncGenerator[Event]:
        for event in events:
            yield event

    question = {"messages": [{"role": "user", "content": "?"}], "id": "req"}
    request = validate({**question, **fields})
    frames = dialects.load(dialect).encode(source(), request)
    return b"".join([frame async for frame in frames])
