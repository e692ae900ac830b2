"""A model that people bring, whose server cannot be reached: the log says which."""

import asyncio
from functools import partial

import pytest
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from runnables.prepared import prepare
from runnables.run import events_of
from runs import Run
from runs.ending import ending
from streaming.events import Error
from streaming.requests import validate
from tests.support.backend_pool import closed_port

PROMPT = "the-prompt"


async def failed(url: str) -> tuple[int, str]:
    model = ChatOpenAI(base_url=url, model="m", api_key=SecretStr("x"), max_retries=0)
    run = Run()
    request = validate({"messages": [{"role": "user", "content": PROMPT}]})
    made = ending(events_of(prepare(model), request, run), run)
    async with asyncio.timeout(20):
        [error] = [event.error async for event in made if isinstance(event, Error)]
    return error.status, error.code


async def hang_up(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, greeting: bytes
) -> None:
    writer.write(greeting)
    writer.close()


@pytest.mark.parametrize(
    ("scheme", "greeting", "code", "reason"),
    [
        ("http", b"", "upstream_error", ""),
        ("https", b"no TLS, to be sure\r\n", "upstream_unreachable", "SSLError"),
    ],
)
async def test_a_server_that_hangs_up_is_named(
    *,
    scheme: str,
    greeting: bytes,
    code: str,
    reason: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    answer = partial(hang_up, greeting=greeting)
    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        host = "127.0.0.1:{1}".format(*server.sockets[0].getsockname())
        assert await failed(f"{scheme}://{host}/v1") == (502, code)
    assert f"request : {host}: OpenAIConnectionError {reason}" in caplog.text
    assert PROMPT not in caplog.text


@pytest.mark.parametrize(
    ("host", "reason"),
    [("nowhere.invalid", "unknown host"), ("127.0.0.1:CLOSED", "ECONNREFUSED")],
)
async def test_a_server_that_is_not_there_is_named(
    host: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    host = host.replace("CLOSED", str(closed_port()))
    assert await failed(f"http://{host}/v1") == (502, "upstream_unreachable")
    assert f"request : {host}: OpenAIConnectionError {reason}" in caplog.text
