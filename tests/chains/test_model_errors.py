"""A chain's author handles the model's errors as with LangChain's own model."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import openai
import pytest
from langchain_core.exceptions import (
    ModelInvalidRequestError,
    ModelRateLimitError,
    ModelTimeoutError,
)
from langchain_core.language_models import FakeListChatModel
from langchain_core.runnables import Runnable

from runnables import chat_model, responses
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


ELSEWHERE = (
    "The chatCompletion operation does not work with the specified model, "
    "gpt-5-codex. Please choose different model and try again."
)
"""As Azure says it of a model that the Responses API alone has."""


@pytest.mark.parametrize(
    ("status", "code", "message", "named"),
    [
        (400, "OperationNotSupported", ELSEWHERE, True),
        (404, None, "This is only supported in v1/responses and not here.", True),
        (400, None, "Use the Responses API for this model.", True),
        (500, None, ELSEWHERE, False),
        (400, "OperationNotSupported", "The embeddings operation does not work", False),
        (404, "DeploymentNotFound", "The API deployment does not exist.", False),
    ],
)
def test_a_refusal_may_name_the_api_that_the_model_has(
    status: int, code: str | None, message: str, named: bool
) -> None:
    body = {"error": {"code": code, "message": message}}
    request = httpx2.Request("POST", "https://example.com")
    response = httpx2.Response(status, json=body, request=request)
    client = openai.AsyncOpenAI(api_key="any", base_url="https://example.com")
    raised = client._make_status_error_from_response(response)
    assert responses.is_named_by(raised) is named
