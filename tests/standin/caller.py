"""A caller of the stand-in: what it posts, and how it reads what comes."""

import json

import httpx

from tests.standin.process import StandIn

CLASSIC = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
V1 = "/openai/v1/chat/completions"

type Json = dict[str, object]


def asking(content: str, **more: object) -> Json:
    """A body whose last user message is *content*."""
    return {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": content}],
        "stream": True,
        "stream_options": {"include_usage": True},
        **more,
    }


def post(standin: StandIn, content: str, *, path: str = CLASSIC) -> httpx.Response:
    return httpx.post(
        standin.url + path, json=asking(content), headers={"api-key": standin.key}
    )


def events(response: httpx.Response) -> list[str]:
    """What follows `data: ` in each event."""
    frames = response.text.replace("\r\n", "\n").split("\n\n")
    return [frame.removeprefix("data: ") for frame in frames[:-1]]


def pieces(response: httpx.Response) -> list[str]:
    """Every non-empty `content`."""
    found = []
    for event in events(response):
        for choice in [] if event[0] != "{" else json.loads(event).get("choices", []):
            if content := choice.get("delta", {}).get("content"):
                found.append(content)
    return found


def last(response: httpx.Response) -> Json:
    """The last chunk before `[DONE]`."""
    chunk: Json = json.loads(events(response)[-2])
    return chunk
