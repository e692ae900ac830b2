"""More answers than one, which a chain's author has asked its model for (`n`)."""

import json
from typing import Any

import pytest
from langchain_core.runnables import Runnable
from langchain_openai import ChatOpenAI
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


def brought(url: str) -> Runnable[Any, Any]:
    langchain_openai.apply()  # As the app does before it loads what `CHAINS` names.
    return ChatOpenAI(
        base_url=url, model="m", api_key=SecretStr("any"), n=2, stream_usage=True
    )


@pytest.mark.parametrize("make", [ours, brought])
async def test_the_first_is_shown_and_all_are_counted(make: Any) -> None:
    request = validate({"messages": [{"role": "user", "content": "Count."}]})
    run = Run()
    async with Replay(pieces=STREAM).served() as url:
        made = ending(events_of(prepare(make(url)), request, run), run)
        found = [event async for event in made]
    texts = [event.text for event in found if isinstance(event, TextDelta)]
    assert "".join(texts) == "one two three four"
    assert (run.status, run.finish_reason) == ("ok", "stop")
    assert (run.usage.output_tokens, run.usage.estimated) == (8, False)
