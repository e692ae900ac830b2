"""LangChain's own models as callers of this app: a chain as another's model.

The chain `chat` and the deployment `gpt-4o` have the same stand-in behind them.
"""

from collections.abc import Callable, Iterator

import openai
import pytest
from langchain_core.exceptions import (
    ModelAuthenticationError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelRateLimitError,
)
from langchain_core.language_models import BaseChatModel
from langchain_core.messages.ai import add_ai_message_chunks
from langchain_openai import AzureChatOpenAI, ChatOpenAI
from pydantic import SecretStr

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.aimock import ANSWER
from tests.support.app_process import AppProcess

TEXT = "tok0 tok1 tok2"
KEY = "caller-key-one"


Make = Callable[..., BaseChatModel]


@pytest.fixture(scope="module")
def guarded(standin: StandIn) -> Iterator[AppProcess]:
    example = "tests.support.example_chains"
    chains = f"agent={example}:agent,tools={example}:tools"
    with AppProcess(azure(standin, API_KEYS=KEY, CHAINS=chains)) as server:
        yield server


@pytest.fixture(params=["azure", "v1"])
def make(guarded: AppProcess, request: pytest.FixtureRequest) -> Iterator[Make]:
    """Makes a model of *target*, whose connections the test closes."""

    def azure_model(target: str, key: str = KEY) -> BaseChatModel:
        return AzureChatOpenAI(
            azure_endpoint=guarded.url,
            azure_deployment=target,
            api_version="2024-10-21",
            api_key=SecretStr(key),
            http_client=http_client,
            stream_usage=True,
            max_retries=0,
        )

    def v1_model(target: str, key: str = KEY) -> BaseChatModel:
        return ChatOpenAI(
            base_url=f"{guarded.url}/openai/v1",
            model=target,
            api_key=SecretStr(key),
            http_client=http_client,
            stream_usage=True,
            max_retries=0,
        )

    with openai.DefaultHttpxClient() as http_client:
        yield azure_model if request.param == "azure" else v1_model


each_target = pytest.mark.parametrize("target", ["chat", "gpt-4o"])


@each_target
def test_a_model_streams(make: Make, target: str) -> None:
    model = make(target)
    chunks = list(model.stream("standin:answer tokens=3"))
    whole = add_ai_message_chunks(*chunks)
    assert whole.content == TEXT
    assert len(chunks) > 3
    assert whole.response_metadata["finish_reason"] == "stop"
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["output_tokens"] == 3


@each_target
def test_a_model_is_invoked(make: Make, target: str) -> None:
    message = make(target).invoke("standin:answer tokens=3")
    assert message.content == TEXT


@each_target
def test_a_model_calls_tools(make: Make, target: str) -> None:
    model = make(target)
    whole = model.invoke("standin:tools")
    chunks = list(model.stream("standin:tools"))
    for message in (whole, add_ai_message_chunks(*chunks)):
        [call] = message.tool_calls
        assert (call["name"], call["args"]) == ("get_weather", {"city": "Paris"})


def test_an_agent_at_this_end_runs_its_tools_itself(make: Make) -> None:
    """At the other end an agent would be asked for a tool that it does not have."""
    message = make("agent").invoke("hello")
    assert (message.content, message.tool_calls) == ("Two million.", [])


@each_target
def test_errors_are_langchains_own(make: Make, target: str) -> None:
    model = make(target)
    with pytest.raises(ModelRateLimitError):
        model.invoke("standin:rate_limited")
    with pytest.raises(ModelInvalidRequestError):
        model.invoke("standin:prompt_filtered")
    with pytest.raises(ModelAuthenticationError):
        make(target, key="wrong").invoke("hello")
    with pytest.raises(ModelNotFoundError):
        make(f"{target}-x").invoke("hello")


@each_target
def test_an_error_in_the_middle_is_raised(make: Make, target: str) -> None:
    model = make(target)
    with pytest.raises(openai.APIError):
        for _ in model.stream("standin:error_event tokens=2"):
            pass


@each_target
def test_a_model_streams_what_a_mock_of_others_says(
    over_aimock: AppProcess, target: str
) -> None:
    with openai.DefaultHttpxClient() as http_client:
        model = AzureChatOpenAI(
            azure_endpoint=over_aimock.url,
            azure_deployment=target,
            api_version="2024-10-21",
            api_key=SecretStr("any"),
            http_client=http_client,
            max_retries=0,
        )
        assert "".join(chunk.text for chunk in model.stream("hello")) == ANSWER
        with pytest.raises(ModelRateLimitError):
            model.invoke("please be busy")
