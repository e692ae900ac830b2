"""More answers than one, which a chain's author has asked its model for (`n`)."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.runnables import Runnable, RunnableLambda
from langchain_openai import ChatOpenAI, OpenAI
from pydantic import SecretStr

from compat import langchain_openai
from runnables import chat_model
from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from runs.ending import ending
from settings import Settings
from streaming.events import TextDelta
from streaming.requests import validate
from tests.support.replayed_upstream import Replay

HEAD = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}


def chunk(*choices: tuple[int, str | None], **more: Any) -> bytes:
    made = [
        {
            "index": index,
            "delta": {} if text is None else {"content": text},
            "finish_reason": ("stop", "length")[index] if text is None else None,
        }
        for index, text in choices
    ]
    return b"data: %b\n\n" % json.dumps({**HEAD, "choices": made, **more}).encode()


USAGE = {"prompt_tokens": 5, "completion_tokens": 8, "total_tokens": 13}
STREAM = [
    *(chunk((0, "one")), chunk((1, "uno"))),
    *(chunk((0, " two")), chunk((1, " due"))),
    chunk((0, " three"), (1, " tre")),
    chunk((1, " quattro"), (0, " four")),
    *(chunk((0, None)), chunk((1, None))),
    chunk(usage=USAGE),
    b"data: [DONE]\n\n",
]


def ours(url: str) -> Runnable[Any, Any]:
    key = SecretStr("any")
    settings = Settings(openai_base_url=url, openai_model="m", openai_api_key=key)
    return chat_model(settings).bind(n=2)


def brought(url: str, **more: Any) -> ChatOpenAI:
    langchain_openai.apply()  # As the app does before it loads what `CHAINS` names.
    key = SecretStr("any")
    return ChatOpenAI(base_url=url, model="m", api_key=key, stream_usage=True, **more)


def built(url: str) -> Runnable[Any, Any]:
    return brought(url, n=2)


def bound(url: str) -> Runnable[Any, Any]:
    return brought(url).bind(n=2)


def bound_to_one_less(url: str) -> Runnable[Any, Any]:
    return brought(url, n=3).bind(n=2)


def with_extra_body(url: str) -> Runnable[Any, Any]:
    return brought(url, extra_body={"n": 2})


def bound_in_extra_body(url: str) -> Runnable[Any, Any]:
    return brought(url).bind(extra_body={"n": 2})


def in_a_thread(url: str) -> Runnable[Any, Any]:
    model = brought(url).bind(n=2)

    def answer(question: str) -> Iterator[str]:
        for chunk in model.stream(question):
            yield chunk.text

    return RunnableLambda(answer)


MADE = [ours, built, bound, bound_to_one_less, with_extra_body, bound_in_extra_body]


@pytest.mark.parametrize("make", [*MADE, in_a_thread])
async def test_the_first_is_shown_and_all_are_counted(make: Any) -> None:
    request = validate({"messages": [{"role": "user", "content": "Count."}]})
    run = Run()
    async with Replay(pieces=STREAM).served() as url:
        made = ending(events_of(prepare(make(url)), request, run), run)
        found = [event async for event in made]
    texts = [event.text for event in found if isinstance(event, TextDelta)]
    assert "".join(texts) == "one two three four"
    assert (run.status, run.finish_reason) == ("ok", "stop")
    if make is not in_a_thread:  # Which does not hand on the callbacks.
        assert (run.usage.output_tokens, run.usage.estimated) == (8, False)


TEXTS = [
    b'data: {"choices": [{"index": %d, "text": "%b"}]}\n\n' % (index, text)
    for index, text in ((1, b"uno"), (0, b"one"), (0, b" two"), (1, b" due"))
]


async def test_so_it_is_of_a_text_model() -> None:
    langchain_openai.apply()
    async with Replay(pieces=[*TEXTS, b"data: [DONE]\n\n"]).served() as url:
        model = OpenAI(base_url=url, model="m", api_key=SecretStr("any"))
        chunks = [chunk async for chunk in model.bind(n=2).astream("Count.")]
    assert "".join(chunks) == "one two"
