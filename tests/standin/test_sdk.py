"""The stand-in as the OpenAI SDK sees it."""

from collections.abc import AsyncIterator

import openai
import pytest

from tests.standin.process import StandIn

pytestmark = pytest.mark.anyio


@pytest.fixture
async def azure(standin: StandIn) -> AsyncIterator[openai.AsyncAzureOpenAI]:
    async with openai.AsyncAzureOpenAI(
        azure_endpoint=standin.url,
        api_key=standin.key,
        api_version="2024-10-21",
        max_retries=0,
    ) as client:
        yield client


async def said(client: openai.AsyncOpenAI, content: str) -> tuple[str, int]:
    """The text and the completion tokens."""
    text, tokens = "", 0
    stream = await client.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": content}],
        stream=True,
        stream_options={"include_usage": True},
    )
    async with stream:
        async for chunk in stream:
            # A block has no delta, whatever the SDK's types say.
            text += "".join(c.delta.content or "" for c in chunk.choices if c.delta)
            if chunk.usage:
                tokens = chunk.usage.completion_tokens
    return text, tokens


async def test_an_answer_streams_with_usage(azure: openai.AsyncAzureOpenAI) -> None:
    assert await said(azure, "standin:answer tokens=3") == ("tok0 tok1 tok2", 3)


async def test_v1_answers_the_plain_client(standin: StandIn) -> None:
    async with openai.AsyncOpenAI(
        base_url=f"{standin.url}/openai/v1/", api_key=standin.key, max_retries=0
    ) as client:
        assert await said(client, "standin:answer tokens=2") == ("tok0 tok1", 2)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("prompt_filtered", openai.BadRequestError),
        ("context_length", openai.BadRequestError),
        ("bad_param", openai.BadRequestError),
        ("unauthorized", openai.AuthenticationError),
        ("forbidden", openai.PermissionDeniedError),
        ("not_found", openai.NotFoundError),
        ("rate_limited", openai.RateLimitError),
        ("server_error", openai.InternalServerError),
        ("server_error status=503", openai.InternalServerError),
        ("error_event", openai.APIError),
        ("drop", openai.APIConnectionError),
        ("drop_before", openai.APIConnectionError),
    ],
)
async def test_each_failure_is_the_error_expected(
    azure: openai.AsyncAzureOpenAI, name: str, error: type[openai.APIError]
) -> None:
    with pytest.raises(openai.APIError) as caught:
        await said(azure, f"standin:{name}")
    assert type(caught.value) is error


async def test_a_cut_raises_nothing(azure: openai.AsyncAzureOpenAI) -> None:
    """Which is why whoever reads must ask for a finish reason."""
    assert await said(azure, "standin:cut tokens=2") == ("tok0 tok1", 0)


async def test_a_block_ends_the_stream(azure: openai.AsyncAzureOpenAI) -> None:
    assert await said(azure, "standin:async_block tokens=2") == ("tok0 tok1", 0)


async def test_an_answer_without_stream(azure: openai.AsyncAzureOpenAI) -> None:
    completion = await azure.chat.completions.create(
        model="gpt-4o",
        messages=[{"role": "user", "content": "standin:refusal text=No."}],
    )
    assert completion.choices[0].message.refusal == "No."
    assert completion.choices[0].finish_reason == "stop"
