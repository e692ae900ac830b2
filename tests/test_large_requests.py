"""A request as large as is let in is read and converted off the event loop."""

import asyncio
import json
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from starlette.requests import Request

import app
from app import openai_api
from runs import Run
from settings import Settings
from settings.platform import Platform
from streaming.dialects.json import MAX_CONTAINERS, decode
from streaming.large import LARGE_BYTES, count_marks
from tests.support.app_process import AppProcess
from tests.support.replayed_upstream import Replay

HI = b'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n'
ENDING = b'data: {"choices":[],"usage":{"prompt_tokens":1}}\n\ndata: [DONE]\n\n'

WORK = {
    "streaming.dialects.json": ("decode",),
    "runnables.conversation": ("messages",),
    "langchain_openai.chat_models.base": ("_get_request_payload",),
    "proxy.json_text": ("members", "with_value"),
    "proxy.outgoing": ("fit",),
    "azure_openai.attempt": ("fit",),
}
"""Functions that take longer the larger a request is, by their modules."""

LONG = "words " * LARGE_BYTES
USER = {"role": "user", "content": "?"}
CALL = {"id": "1", "type": "function", "function": {"name": "f", "arguments": ""}}


def with_arguments(arguments: object) -> list[object]:
    function = {"name": "f", "arguments": json.dumps(arguments)}
    call = {"role": "assistant", "tool_calls": [{**CALL, "function": function}]}
    return [call, {"role": "tool", "tool_call_id": "1", "content": "a"}, USER]


LARGE: dict[str, list[object]] = {
    "one text": [{"role": "user", "content": LONG}],
    "many texts": [{"role": "user", "content": LONG[:1000]}] * 250,
    "arguments": with_arguments({"a": LONG}),
    "arguments of many values": with_arguments({"a": [{"b": 1}] * 30_000}),
    "a file": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "?"},
                {"type": "image_url", "image_url": {"url": f"data:,{LONG}"}},
            ],
        }
    ],
}


async def ran_on_the_loop(
    url: str, folder: Path, body: dict[str, object]
) -> dict[str, set[bool]]:
    """For each function of `WORK` that ran, whether it was on the event loop."""
    settings = Settings(
        openai_base_url=url,
        openai_model="gpt-4o",
        openai_api_key=SecretStr("key"),
        telemetry_path=str(folder),
    )
    built, seen = app.build(settings, Platform()), dict[str, set[bool]]()

    async def receive() -> dict[str, object]:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        await asyncio.Event().wait()
        return {}

    async def send(message: Any) -> None:
        sent.append(message.get("body", b""))

    def see(frame: FrameType, event: str, arg: object) -> None:
        module, name = frame.f_globals.get("__name__"), frame.f_code.co_name
        if event == "call" and name in WORK.get(str(module), ()):
            here = threading.current_thread() is threading.main_thread()
            seen.setdefault(name, set()).add(here)

    scope = {"type": "http", "method": "POST", "path_params": {}, "headers": []}
    for watched in (False, True):  # The first imports LangChain.
        unread, sent = [json.dumps(body).encode()], list[bytes]()
        request = Request({**scope, "query_string": b""}, receive)
        if watched:
            threading.setprofile_all_threads(see)
        try:
            async with asyncio.timeout(30):
                run = Run(dialect="openai")
                response = await openai_api.complete(built, request, run)
                await response({"type": "http"}, receive, send)
        finally:
            threading.setprofile_all_threads(None)
        assert b"Hi" in b"".join(sent), sent
    await built.proxy.aclose()
    return seen


@pytest.mark.parametrize("kind", LARGE)
@pytest.mark.parametrize("model", ["chat", "gpt-4o"])
async def test_no_large_request_is_read_or_converted_on_the_event_loop(
    model: str, kind: str, tmp_path: Path
) -> None:
    body = {"model": model, "messages": LARGE[kind], "stream": True}
    async with Replay(pieces=[HI + ENDING]).served() as url:
        seen = await ran_on_the_loop(url, tmp_path, body)
    chains = {"decode", "messages", "_get_request_payload", "members", "fit"}
    assert seen.keys() == (
        chains if model == "chat" else {"members", "with_value", "fit"}
    )
    assert all(here == {False} for here in seen.values()), seen


async def test_nor_are_the_callers_tools(tmp_path: Path) -> None:
    """They come with one short message."""
    parameters = {"type": "object", "description": LONG}
    tool = {"type": "function", "function": {"name": "f", "parameters": parameters}}
    async with Replay(pieces=[HI + ENDING]).served() as url:
        body = {"model": "chat", "messages": [USER], "tools": [tool], "stream": True}
        seen = await ran_on_the_loop(url, tmp_path, body)
    assert seen["decode"] == seen["messages"] == seen["fit"] == {False}


@pytest.mark.parametrize("path", ["/api/chat", "/api/chat/ui-message", "/api/stream"])
def test_more_lists_and_objects_than_anyone_needs_are_413(
    app: AppProcess, path: str
) -> None:
    for part in ("[]", "{}", '{"a":["]"]}'):
        parts = ",".join([part] * (MAX_CONTAINERS + 1))
        body = f'{{"messages":[{{"role":"user","content":"a"}},{parts}]}}'
        response = app.client.post(path, content=body.encode())
        assert response.status_code == 413, response.text[:300]
        assert f"more than {MAX_CONTAINERS} lists and objects" in response.text


def test_as_many_brackets_in_a_text_are_a_text() -> None:
    body = {"user": '{"a":["\\"]}' * MAX_CONTAINERS}
    assert decode(json.dumps(body).encode()) == body


@given(st.text('[]{},"\\a', max_size=40), st.integers(0, 10))
def test_marks_within_strings_do_not_count(text: str, most: int) -> None:
    body = json.dumps({"a": [text, {text: [1, 2]}], text: text}).encode()
    count = 0
    waiting: list[Any] = [json.loads(body)]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict | list):
            count += 1
            waiting += each.values() if isinstance(each, dict) else each
    assert (count_marks(body, b"[{", most=most) > most) == (count > most)
