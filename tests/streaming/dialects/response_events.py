"""What the dialect `responses` writes for events that a test gives it."""

import json
from typing import Any

from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from streaming.events import Event
from tests.streaming.dialects.dialect_output import written

RUN_ID = "8f14e45f-ceea-467f-a8d5-0123456789ab"
HEX = RUN_ID.replace("-", "")
ASKED = {"run_id": RUN_ID, "created": 5, "chain": "c"}

Events = list[dict[str, Any]]

_TOLD: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
_ENDS = ("response.completed", "response.incomplete", "response.failed")


async def told(*events: Event, **fields: Any) -> Events:
    """All events of a stream, each as OpenAI's own types have it."""
    stream = (await written("responses", *events, **{**ASKED, **fields})).decode()
    *frames, done, rest = stream.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    found = [_read(frame) for frame in frames]
    assert [each.pop("sequence_number") for each in found] == [*range(len(found))]
    assert [each["type"] for each in found if each["type"] in _ENDS] == [
        found[-1]["type"]
    ]
    _check_items(found)
    return found


def _read(frame: str) -> dict[str, Any]:
    name, data = frame.split("\n")
    read: dict[str, Any] = json.loads(data.removeprefix("data: "))
    assert name == f"event: {read['type']}"
    typed = _TOLD.validate_python(read)
    assert typed.type == read["type"]
    return read


def _check_items(events: Events) -> None:
    """Each item is added and done once, in its place, and the last event has them."""
    added = [e for e in events if e["type"] == "response.output_item.added"]
    done = [e for e in events if e["type"] == "response.output_item.done"]
    for found in (added, done):
        assert [each["output_index"] for each in found] == [*range(len(added))]
    ids = [each["item"]["id"] for each in added]
    assert ids == [each["item"]["id"] for each in done]
    assert len({*ids}) == len(ids)
    assert events[-1]["response"]["output"] == [each["item"] for each in done]


async def run(*events: Event, **fields: Any) -> tuple[Events, dict[str, Any]]:
    """What is told between the response's first events and its last, and that."""
    first, second, *found, last = await told(*events, **fields)
    assert [first["type"], second["type"]] == [
        "response.created",
        "response.in_progress",
    ]
    assert first["response"]["output"] == []
    return found, last


def repeating(**given: Any) -> dict[str, str]:
    return {"response": json.dumps(given)}


async def output(*events: Event, **fields: Any) -> Events:
    """The items of a response that was not streamed."""
    return list((await whole(*events, **fields))["output"])


async def whole(*events: Event, **fields: Any) -> dict[str, Any]:
    body = await written("responses", *events, **{**ASKED, **fields}, stream=False)
    read: dict[str, Any] = json.loads(body)
    Response.model_validate(read)
    return read


def text_part(text: str, *annotations: dict[str, Any]) -> dict[str, Any]:
    about = {"annotations": [*annotations], "logprobs": []}
    return {"type": "output_text", "text": text, **about}


def message(place: int, text: str, status: str = "completed") -> dict[str, Any]:
    return {
        "id": f"msg_{HEX}_{place}",
        "type": "message",
        "role": "assistant",
        "status": status,
        "content": [text_part(text)],
    }
