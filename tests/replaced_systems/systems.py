"""The systems that this project replaces: where their callers post, and what."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from httpx_sse import EventSource

from tests.support.app_process import AppProcess

type Body = dict[str, Any]


@dataclass(frozen=True)
class ReplacedSystem:
    """A system by its name, its path, and the body that asks it a question."""

    name: str
    path: str
    asking: Callable[[str], Body]

    def ask(self, app: AppProcess, question: str, **fields: Any) -> httpx.Response:
        """The answer of *app* to a caller of this system; *fields* go into the body."""
        return app.client.post(self.path, json=self.asking(question) | fields)


def user(question: str) -> Body:
    return {"user": question}


def message(question: str) -> Body:
    return {"message": question}


def messages(question: str) -> Body:
    return {"messages": [{"role": "user", "content": question}]}


def streamed(question: str) -> Body:
    return messages(question) | {"stream": True}


DEPLOYMENT_PATH = (
    "/api/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
)

# The handler of «How to stream LLM answer from LangChain», answered by `data:` frames
# of `{"deployment", "delta_content"}`.
TUTORIAL = ReplacedSystem("tutorial", "/api/http_trigger", user)
# AoaiStreamFunction, answered by `data: <text>` and `data: [DONE]`, lines ending in
# CRLF.
AOAI_STREAM = ReplacedSystem("aoai-stream-function", "/api/chat-stream", messages)
# azure-functions-python-cookbook's `streaming_ai_response`, answered by
# `data: {"delta": …}`, then `event: done` with `{"status": "completed"}`.
COOKBOOK = ReplacedSystem("cookbook", "/api/stream", message)
# Function-SSE-Proxy, now and in an earlier state: Azure OpenAI's chat completions,
# proxied, streamed or not.
PROXY = ReplacedSystem("sse-proxy", DEPLOYMENT_PATH, streamed)
EARLIER_PROXY = ReplacedSystem("earlier-sse-proxy", "/api/aoaifn", streamed)
# The same wire, of a chain: no deployment has its name.
CHAIN = ReplacedSystem(
    "sse-proxy-chain", DEPLOYMENT_PATH.replace("gpt-4o", "chat"), streamed
)

PROXIES = (PROXY, EARLIER_PROXY)


def names(value: object) -> str | None:
    """How pytest should call a parameter that is one of these."""
    return value.name if isinstance(value, ReplacedSystem) else None


def each(*systems: ReplacedSystem) -> pytest.MarkDecorator:
    """Have a test run for each of *systems*."""
    return pytest.mark.parametrize("system", systems, ids=names)


def data_of(response: httpx.Response) -> list[str]:
    """The data of each event of a stream."""
    assert response.status_code == 200, response.text
    return [event.data for event in EventSource(response).iter_sse()]


def tokens_of(data: list[str]) -> list[str]:
    """The stand-in's tokens in *data*, whatever stands around them."""
    return re.findall(r" ?tok\d+", "".join(data))


def texts_of(response: httpx.Response) -> list[str]:
    """The same of AoaiStreamFunction's lines, beside which there may be nothing."""
    frames = response.content.decode().removesuffix("\r\n\r\n").split("\r\n\r\n")
    lines = [frame.split("\r\n") for frame in frames]
    assert all(line.startswith("data: ") for frame in lines for line in frame)
    return ["\n".join(line[6:] for line in frame) for frame in lines]
