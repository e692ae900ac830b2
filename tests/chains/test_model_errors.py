"""A chain's author handles the model's errors as with LangChain's own model."""

from collections.abc import AsyncIterator
from typing import Any

import openai
import pytest
from langchain_core.exceptions import (
    ModelInvalidRequestError,
    ModelRateLimitError,
    ModelTimeoutError,
)
from langchain_core.language_models import FakeListChatModel
from langchain_core.runnables import Runnable

from runnables import chat_model
from tests.azure_openai.streamed import configured
from tests.standin.process import StandIn


@pytest.fixture
async def model(standin: StandIn) -> AsyncIterator[Any]:
    model: Any = chat_model(configured(standin.url, standin.key, azure=True))
    yield model
    await model.root_async_client.close()


async def said(chain: Runnable[Any, Any], scenario: str, *, stream: bool) -> str:
    if not stream:
        return str((await chain.ainvoke(f"standin:{scenario}")).text)
    chunks = [chunk.text async for chunk in chain.astream(f"standin:{scenario}")]
    return "".join(chunks)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("scenario", "handled"),
    [
        ("rate_limited", openai.RateLimitError),
        ("rate_limited", ModelRateLimitError),
        ("server_error", openai.InternalServerError),
        ("server_error", Exception),
        ("context_length", ModelInvalidRequestError),
        ("prompt_filtered", openai.BadRequestError),
        ("drop_before", openai.APIConnectionError),
        ("drop_headers", openai.APIConnectionError),
    ],
)
async def test_another_model_answers_in_its_place(
    model: Any, scenario: str, handled: type[Exception], stream: bool
) -> None:
    other = FakeListChatModel(responses=["instead"])
    chain = model.with_fallbacks([other], exceptions_to_handle=(handled,))
    assert await said(chain, scenario, stream=stream) == "instead"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_chain_may_catch_what_the_sdk_raises(model: Any, stream: bool) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        await said(model, "rate_limited retry_after=3", stream=stream)
    error = caught.value
    assert isinstance(error, ModelRateLimitError)
    assert (error.status_code, error.code) == (429, "429")
    assert error.response.headers["retry-after"] == "3"
    assert error.request.method == "POST"


@pytest.mark.parametrize("stream", [True, False])
async def test_a_calls_own_time_out_is_the_sdks(model: Any, stream: bool) -> None:
    hasty = model.bind(timeout=2.5)
    with pytest.raises(openai.APITimeoutError) as caught:
        await said(hasty, "slow_first ms=60000", stream=stream)
    assert isinstance(caught.value, ModelTimeoutError)
