"""What `ui-message` writes, as chunks."""

import json
import re
from typing import Any

from streaming.events import Event
from tests.streaming.dialects.dialect_output import written

Chunk = dict[str, Any]

START: list[Chunk] = [{"type": "start", "messageId": "req"}, {"type": "start-step"}]
STEP_ENDS: Chunk = {"type": "finish-step"}
CALLED: Chunk = {
    "type": "tool-input-available",
    "toolCallId": "call_1",
    "toolName": "look_up",
    "input": {"city": "Paris"},
    "dynamic": True,
}
ANSWERED: Chunk = {
    "type": "tool-output-available",
    "toolCallId": "call_1",
    "output": "two million",
    "providerExecuted": True,
    "dynamic": True,
}


def finish(reason: str = "stop") -> Chunk:
    metadata = {
        "finishReason": reason,
        "deployment": "d",
        "runId": "run",
        "usage": {
            "inputTokens": 5,
            "outputTokens": 2,
            "totalTokens": 7,
            "cachedInputTokens": 0,
            "reasoningTokens": 0,
        },
        "latencyMs": 3,
        "timeToFirstChunkMs": 1,
        "streamingDurationMs": 2,
    }
    return {"type": "finish", "messageMetadata": metadata}


def part(kind: str, number: str, *pieces: str) -> list[Chunk]:
    """The chunks of one text or reasoning."""
    deltas = [
        {"type": f"{kind}-delta", "id": number, "delta": piece} for piece in pieces
    ]
    begin, end = ({"type": f"{kind}-{edge}", "id": number} for edge in ("start", "end"))
    return [begin, *deltas, end]


def read(stream: bytes) -> list[Chunk]:
    """The chunks of a stream, which must end as one does."""
    frames = re.sub(r"\nid: \d+\n\n", "\n\n", stream.decode()).split("\n\n")
    assert frames[-2:] == ["data: [DONE]", ""]
    shown = [frame for frame in frames[:-2] if not frame.startswith(":")]
    return [json.loads(frame.removeprefix("data: ")) for frame in shown]


async def chunks(*events: Event) -> list[Chunk]:
    """What is written for *events* between the first chunks and the last."""
    first, second, *rest = read(await written("ui-message", *events))
    assert [first, second] == START
    return rest
