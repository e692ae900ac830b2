"""What `Aimock` does, seen by the SDK that the project uses."""

from collections.abc import Iterator

import httpx
import openai
import pytest

from tests.support.aimock import ANSWER, Aimock

CLASSIC = "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
V1 = "/openai/v1/chat/completions"


@pytest.fixture(scope="module")
def aimock() -> Iterator[Aimock]:
    with Aimock() as running:
        yield running


def client(aimock: Aimock) -> openai.AsyncAzureOpenAI:
    return openai.AsyncAzureOpenAI(
        azure_endpoint=aimock.url,
        api_key="any",
        api_version="2024-10-21",
        max_retries=0,
    )


async def said(
    azure: openai.AsyncAzureOpenAI, content: str
) -> tuple[str, str | None, int]:
    """The text, the finish reason and the completion tokens."""
    text, finish_reason, tokens = "", None, 0
    stream = await azure.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": content}],
        stream=True,
        stream_options={"include_usage": True},
    )
    async with stream:
        async for chunk in stream:
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finish_reason = choice.finish_reason or finish_reason
            if chunk.usage:
                tokens = chunk.usage.completion_tokens
    return text, finish_reason, tokens


@pytest.mark.anyio
async def test_hello_is_answered_with_usage(aimock: Aimock) -> None:
    async with client(aimock) as azure:
        text, finish_reason, tokens = await said(azure, "hello")
    assert (text, finish_reason) == (ANSWER, "stop")
    assert tokens > 0


@pytest.mark.anyio
async def test_please_be_busy_is_a_rate_limit(aimock: Aimock) -> None:
    async with client(aimock) as azure:
        with pytest.raises(openai.RateLimitError) as caught:
            await said(azure, "please be busy")
    assert caught.value.response.headers["retry-after"] == "7"


@pytest.mark.anyio
async def test_please_truncate_is_a_lost_connection(aimock: Aimock) -> None:
    async with client(aimock) as azure:
        with pytest.raises(openai.APIConnectionError):
            await said(azure, "please truncate")


@pytest.mark.parametrize("path", [CLASSIC, V1])
def test_a_truncated_body_has_chunks_but_no_end(aimock: Aimock, path: str) -> None:
    received: list[bytes] = []
    body = {
        "model": "gpt-4o",
        "stream": True,
        "messages": [{"role": "user", "content": "please truncate"}],
    }
    with httpx.stream("POST", aimock.url + path, json=body) as response:
        assert response.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError, match="incomplete chunked read"):
            received.extend(response.iter_bytes())
    text = b"".join(received)
    assert b'"content":"Hello"' in text
    assert b'"finish_reason":"stop"' not in text
    assert b"[DONE]" not in text


@pytest.mark.parametrize("path", [CLASSIC, V1])
@pytest.mark.parametrize(
    ("content", "status"), [("hello", 200), ("please be busy", 429)]
)
def test_both_paths_answer(
    aimock: Aimock, path: str, content: str, status: int
) -> None:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": content}]}
    response = httpx.post(aimock.url + path, json=body)
    assert response.status_code == status
