"""What no server should send, read by our model and by one that people bring."""

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
from streaming.events import Error, TextDelta
from streaming.requests import validate
from tests.support.replayed_upstream import Replay

KEY = SecretStr("any")


def ours(url: str) -> Chain:
    settings = Settings(openai_base_url=url, openai_model="m", openai_api_key=KEY)
    return chat_model(settings)


def brought(url: str) -> Chain:
    langchain_openai.apply()  # As the app does before it loads what is brought.
    return ChatOpenAI(
        base_url=url, model="m", api_key=KEY, stream_usage=True, max_retries=0
    )


@pytest.fixture(params=[ours, brought])
def make(request: pytest.FixtureRequest) -> Callable[[str], Chain]:
    found: Callable[[str], Chain] = request.param
    return found


def chunk(**more: Any) -> bytes:
    head = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return b"data: %b\n\n" % json.dumps({**head, "choices": [], **more}).encode()


def delta(said: Any, reason: str | None = None) -> bytes:
    return chunk(choices=[{"index": 0, "delta": said, "finish_reason": reason}])


DONE = b"data: [DONE]\n\n"
DEEP = b'data: {"choices": %b%b}\n\n' % (b"[" * 20_000, b"]" * 20_000)


async def told(
    make: Callable[[str], Chain], *pieces: bytes
) -> tuple[str, list[tuple[int, str]], Run]:
    request = validate({"messages": [{"role": "user", "content": "Why?"}]})
    run = Run()
    async with Replay(pieces=[*pieces, DONE]).served() as url:
        made = ending(events_of(prepare(make(url)), request, run), run)
        events = [event async for event in made]
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    errors = [event.error for event in events if isinstance(event, Error)]
    return text, [(error.status, error.code) for error in errors], run


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(
    "usage",
    [
        [1, 2, 3],
        "many",
        {"prompt_tokens": 5.5, "completion_tokens": 2.5, "total_tokens": 8},
        {"prompt_tokens": 5, "completion_tokens": [2], "total_tokens": 7},
        {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 0.5}},
    ],
)
async def test_usage_that_is_none_ends_no_answer(
    make: Callable[[str], Chain], usage: Any
) -> None:
    chunks = delta({"content": "Hi"}), delta({}, "stop"), chunk(usage=usage)
    text, errors, run = await told(make, *chunks)
    assert (text, errors, run.finish_reason) == ("Hi", [], "stop")


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(
    "event",
    [
        DEEP,
        delta(["x"]),
        delta({"content": 7}),
        delta({"tool_calls": {"id": "a"}}),
        chunk(choices={"index": 0}),
    ],
    ids=["deep", "list", "number", "call", "object"],
)
async def test_what_is_no_answer_is_the_upstreams_fault(
    make: Callable[[str], Chain], event: bytes
) -> None:
    text, errors, _ = await told(make, delta({"content": "Hi"}), event)
    assert (text, errors) == ("Hi", [(502, "upstream_error")])


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize("kind", ["text", "output_text"])
async def test_text_may_come_in_blocks(make: Callable[[str], Chain], kind: str) -> None:
    said = delta({"content": [{"type": kind, "text": "Hi"}]}), delta({}, "stop")
    text, errors, run = await told(make, *said)
    assert (text, errors, run.finish_reason) == ("Hi", [], "stop")


@pytest.mark.parametrize("event", [b"data:\n\n", b"data: \r\n\r\n", b"data\n\n"])
async def test_an_event_with_nothing_in_it_says_nothing(event: bytes) -> None:
    said = event, delta({"content": "Hi"}), event, delta({}, "stop"), event
    text, errors, run = await told(ours, *said)
    assert (text, errors, run.finish_reason) == ("Hi", [], "stop")


async def test_an_error_in_the_stream_is_no_strange_answer() -> None:
    event = b'data: {"error": {"message": "no", "code": "unheard_of"}}\n\n'
    text, errors, run = await told(brought, delta({"content": "Hi"}), event)
    assert (text, errors) == ("Hi", [(502, "upstream_error")])
    assert run.error is not None
    assert "failed in the middle" in run.error.message


@pytest.mark.parametrize("names", [["reasoning_content"], ["reasoning"]])
async def test_what_is_thought_is_shown(
    make: Callable[[str], Chain], names: list[str]
) -> None:
    both = ["reasoning_content", "reasoning"]
    thoughts = [delta(dict.fromkeys(each, "Hm.")) for each in (names, both)]
    said = [*thoughts, delta({"content": "So."}), delta({}, "stop")]
    request, run = validate({"messages": [{"role": "user", "content": "Why?"}]}), Run()
    async with Replay(pieces=[*said, DONE]).served() as url:
        found = [e async for e in events_of(prepare(make(url)), request, run)]
    kinds = [(type(event).__name__, getattr(event, "text", "")) for event in found]
    thought = ("ReasoningDelta", "Hm.")
    assert kinds == [thought, thought, ("TextDelta", "So.")]
