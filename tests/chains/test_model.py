"""The model fed with dictionaries: equal to LangChain's own, plus what that drops."""

from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk
from langchain_openai import AzureChatOpenAI
from langchain_openai.chat_models.base import BaseChatOpenAI
from pydantic import SecretStr

from azure_openai.connection import connections
from compat import langchain_openai as compat_openai
from runnables import chat_model
from settings import Settings
from tests.standin.process import StandIn

ADDED = ("reasoning_content", "redact")


def configured(standin: StandIn) -> Settings:
    return Settings(
        azure_openai_endpoint=standin.url,
        azure_openai_deployment="gpt-4o",
        azure_openai_api_key=SecretStr(standin.key),
    )


def ours(standin: StandIn) -> Any:
    return chat_model(configured(standin))


def langchains(standin: StandIn) -> Any:
    return AzureChatOpenAI(
        azure_endpoint=standin.url,
        azure_deployment="gpt-4o",
        api_version="2024-10-21",
        api_key=SecretStr(standin.key),
        max_retries=0,
        stream_usage=True,
    )


async def ask(model: Any, scenario: str) -> list[AIMessageChunk]:
    try:
        return [chunk async for chunk in model.astream(f"standin:{scenario}")]
    finally:
        await model.root_async_client.close()


def whole(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    message = chunks[0]
    for chunk in chunks[1:]:
        message += chunk
    return message


def comparable(message: AIMessageChunk) -> dict[str, Any]:
    """All of *message* but its id and what only ours has."""
    fields = message.model_dump(exclude={"id"})
    for name in ADDED:
        fields["additional_kwargs"].pop(name, None)
    fields["response_metadata"].pop("upstream", None)
    return fields


@pytest.mark.parametrize(
    "scenario",
    [
        "answer",
        "answer tokens=50",
        "length",
        "tools",
        "tools calls=2",
        "filtered",
        "async_filter",
        "reasoning",
        "crlf",
        "utf8_split",
        "big bytes=100000",
        "cut tokens=3",
        "usage_null",
        "unknown_finish",
    ],
)
async def test_recorded_streams_give_equal_messages(
    standin: StandIn, scenario: str
) -> None:
    expected = whole(await ask(langchains(standin), scenario))
    actual = whole(await ask(ours(standin), scenario))
    assert comparable(actual) == comparable(expected)


@pytest.mark.parametrize(
    "scenario",
    [
        "prompt_filtered",
        "context_length",
        "bad_param",
        "unauthorized",
        "forbidden",
        "not_found",
        "rate_limited retry_after=3",
        "server_error",
        "error_event tokens=2",
        "error_event tokens=0",
    ],
)
async def test_errors_are_the_ones_langchain_raises(
    standin: StandIn, scenario: str
) -> None:
    with pytest.raises(Exception) as expected:
        await ask(langchains(standin), scenario)
    with pytest.raises(expected.type) as actual:
        await ask(ours(standin), scenario)
    assert type(actual.value) is expected.type
    for attribute in ("status_code", "code", "message", "param", "body"):
        missing = object()
        assert getattr(actual.value, attribute, missing) == getattr(
            expected.value, attribute, missing
        ) or not hasattr(expected.value, attribute)


async def test_a_lost_connection_is_the_same_error(standin: StandIn) -> None:
    for scenario in ("drop tokens=2", "drop tokens=2 fin=1", "drop_before"):
        with pytest.raises(Exception) as actual:
            await ask(ours(standin), scenario)
        assert type(actual.value).__name__ == "OpenAIConnectionError"


async def test_a_refusals_text_is_content_which_langchain_drops(
    standin: StandIn,
) -> None:
    assert whole(await ask(langchains(standin), "refusal")).text == ""
    assert whole(await ask(ours(standin), "refusal")).text == "I cannot help with that."


async def test_reasoning_is_kept_which_langchain_drops(
    standin: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its own method, which the patch for models of `CHAINS` may have replaced.
    own = compat_openai._convert
    monkeypatch.setattr(BaseChatOpenAI, "_convert_chunk_to_generation_chunk", own)
    message = whole(await ask(ours(standin), "reasoning"))
    reasoning = message.additional_kwargs["reasoning_content"]
    assert reasoning.startswith("The question is about")
    dropped = whole(await ask(langchains(standin), "reasoning"))
    assert "reasoning_content" not in dropped.additional_kwargs


async def test_a_block_without_delta_is_a_chunk_which_langchain_drops(
    standin: StandIn,
) -> None:
    for scenario in ("async_block start=3 end=9", "block_after_stop start=3 end=9"):
        theirs = await ask(langchains(standin), scenario)
        reasons = [c.response_metadata.get("finish_reason") for c in theirs]
        assert "content_filter" not in reasons
        chunks = await ask(ours(standin), scenario)
        [block] = [chunk for chunk in chunks if "redact" in chunk.additional_kwargs]
        assert block.response_metadata["finish_reason"] == "content_filter"
        [offsets] = block.additional_kwargs["redact"]
        assert (offsets["start_offset"], offsets["end_offset"]) == (3, 9)
        assert whole(chunks).text == whole(theirs).text


async def test_the_connection_is_used_again(standin: StandIn) -> None:
    model = ours(standin)
    for _ in range(3):
        async for _ in model.astream("standin:answer tokens=3"):
            pass
    connector = connections(configured(standin))._session.connector
    assert connector is not None
    [(_, idle)] = connector._conns.items()
    assert len(idle) == 1
    await model.root_async_client.close()


def test_the_blocking_client_is_not_there_to_block(standin: StandIn) -> None:
    with pytest.raises(RuntimeError, match="ainvoke or astream"):
        ours(standin).invoke("hello")


def test_no_secret_is_in_a_repr(standin: StandIn) -> None:
    settings = Settings(
        azure_openai_endpoint=standin.url,
        azure_openai_deployment="gpt-4o",
        azure_openai_api_key=SecretStr("the-secret"),
    )
    assert "the-secret" not in repr(settings) + repr(chat_model(settings))
