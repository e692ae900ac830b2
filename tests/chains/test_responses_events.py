"""What the Responses API streams, of our model and of one that people bring."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from compat import langchain_openai
from runnables import Chain, chat_model
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from runs.ending import ending
from settings import Settings
from streaming.events import Error, Event, Paragraph, ReasoningDelta, TextDelta
from streaming.requests import validate
from tests.support.replayed_upstream import Replay

KEY = SecretStr("any")


def event(kind: str, **more: Any) -> bytes:
    said = json.dumps({"type": kind, "sequence_number": 1, **more})
    return f"event: {kind}\ndata: {said}\n\n".encode()


def response(kind: str, **more: Any) -> bytes:
    whole = {"id": "resp_1", "object": "response", "created_at": 1, "model": "m"}
    whole |= {"status": kind, "output": [], "tools": [], "tool_choice": "auto"}
    whole |= {"parallel_tool_calls": True, **more}
    return event(f"response.{kind}", response=whole)


def item(place: int, kind: str, **more: Any) -> bytes:
    added = {"id": f"item_{place}", "type": kind, "status": "in_progress", **more}
    return event("response.output_item.added", output_index=place, item=added)


def delta(place: int, kind: str, text: str) -> bytes:
    where = {"output_index": place, "content_index": 0, "item_id": f"item_{place}"}
    return event(f"response.{kind}.delta", delta=text, logprobs=[], **where)


def message(place: int) -> bytes:
    return item(place, "message", role="assistant", content=[])


def ours(url: str) -> Chain:
    settings = Settings(
        openai_base_url=url,
        openai_model="m",
        openai_api_key=KEY,
        azure_openai_api="responses",
    )
    return chat_model(settings)


def brought(version: str | None) -> Callable[[str], Chain]:
    def make(url: str) -> Chain:
        langchain_openai.apply()  # As the app does before it loads what is brought.
        return ChatOpenAI(
            base_url=url,
            model="m",
            api_key=KEY,
            use_responses_api=True,
            output_version=version,
            max_retries=0,
        )

    return make


MAKES = {"ours": ours, "brought": brought(None), "v0": brought("v0")}
MAKES["v1"] = brought("v1")


@pytest.fixture(params=MAKES)
def make(request: pytest.FixtureRequest) -> Callable[[str], Chain]:
    return MAKES[request.param]


async def told(make: Callable[[str], Chain], *pieces: bytes) -> list[Event]:
    request = validate({"messages": [{"role": "user", "content": "Why?"}]})
    run = Run()
    async with Replay(pieces=[response("created"), *pieces]).served() as url:
        made = ending(events_of(prepare(make(url)), request, run), run)
        return [event async for event in made]


async def test_two_messages_of_one_answer_are_two_paragraphs(
    make: Callable[[str], Chain],
) -> None:
    """As a model says what it is about to do before it searches the web."""
    events = await told(
        make,
        *(message(0), delta(0, "output_text", "Let me "), delta(0, "output_text", "l")),
        *(message(1), delta(1, "output_text", "It is ")),
        *(delta(1, "output_text", "sunny."), response("completed")),
    )
    texts = [event for event in events if isinstance(event, TextDelta)]
    assert [event.text for event in texts] == ["Let me ", "l", "\n\nIt is ", "sunny."]
    assert [isinstance(event, Paragraph) for event in texts].index(True) == 2


async def test_what_a_model_with_open_weights_thinks_is_reasoning(
    make: Callable[[str], Chain],
) -> None:
    events = await told(
        make,
        item(0, "reasoning", summary=[], content=[]),
        *(delta(0, "reasoning_text", "So "), delta(0, "reasoning_text", "Europe.")),
        *(message(1), delta(1, "output_text", "Paris"), response("completed")),
    )
    thoughts = [event.text for event in events if isinstance(event, ReasoningDelta)]
    assert "".join(thoughts) == "So Europe."


async def test_too_many_requests_are_a_rate_limit_whatever_they_are_called(
    make: Callable[[str], Chain],
) -> None:
    error = {"code": "too_many_requests", "message": "secret"}
    for failed in (
        event("error", param=None, **error),
        event("error", error=error),
        response("failed", error=error),
    ):
        events = await told(make, failed)
        [found] = [event.error for event in events if isinstance(event, Error)]
        assert (found.status, found.code, found.retryable) == (
            429,
            "rate_limited",
            True,
        )
