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

pytestmark = pytest.mark.client("langchain")

TEXT = "tok0 tok1 tok2"
KEY = "caller-key-one"


Make = Callable[..., BaseChatModel]


@pytest.fixture(scope="module")
def guarded(standin: StandIn) -> Iterator[AppProcess]:
    example = "tests.support.example_chains"
    chains = f"agent={example}:agent,tools={example}:tools"
    with AppProcess(azure(standin, API_KEYS=KEY, CHAINS=chains)) as server:
        yield server


of_responses = pytest.mark.client("langchain-responses")
WIRES = {
    "azure": (False, ["chat", "gpt-4o"]),
    "v1": (False, ["chat", "gpt-4o"]),
    "azure responses": (True, ["gpt-4o"]),
    "v1 responses": (True, ["gpt-4o"]),
}
"""Whether the wire is that of the Responses API, and what answers on it."""

WAYS = [
    pytest.param(
        *(wire, target), marks=of_responses if responses else (), id=f"{wire}-{target}"
    )
    for wire, (responses, targets) in WIRES.items()
    for target in targets
]


@pytest.fixture
def wire() -> str:
    return "v1"


@pytest.fixture
def make(guarded: AppProcess, wire: str) -> Iterator[Make]:
    """Makes a model of *target*, whose connections the test closes."""

    def azure_model(target: str, key: str = KEY) -> BaseChatModel:
        return AzureChatOpenAI(
            azure_endpoint=guarded.url,
            azure_deployment=target,
            api_version="2024-10-21",
            api_key=SecretStr(key),
            http_client=http_client,
            stream_usage=True,
            use_responses_api=WIRES[wire][0],
            max_retries=0,
        )

    def v1_model(target: str, key: str = KEY) -> BaseChatModel:
        return ChatOpenAI(
            base_url=f"{guarded.url}/openai/v1",
            model=target,
            api_key=SecretStr(key),
            http_client=http_client,
            stream_usage=True,
            use_responses_api=WIRES[wire][0],
            max_retries=0,
        )

    with openai.DefaultHttpxClient() as http_client:
        yield azure_model if wire.startswith("azure") else v1_model


each_target = pytest.mark.parametrize("target", ["chat", "gpt-4o"])
each_way = pytest.mark.parametrize(("wire", "target"), WAYS)


@pytest.mark.tries("stream")
@each_way
def test_a_model_streams(make: Make, target: str) -> None:
    model = make(target)
    chunks = list(model.stream("standin:answer tokens=3"))
    whole = add_ai_message_chunks(*chunks)
    assert whole.text == TEXT
    assert len(chunks) > 3
    ended = whole.response_metadata.get("status", "completed")
    assert whole.response_metadata.get("finish_reason", "stop") == "stop"
    assert ended == "completed"
    assert whole.usage_metadata is not None
    assert whole.usage_metadata["output_tokens"] == 3


@pytest.mark.tries("stream")
@each_way
def test_a_model_is_invoked(make: Make, target: str) -> None:
    message = make(target).invoke("standin:answer tokens=3")
    assert message.text == TEXT


@pytest.mark.tries("tools")
@each_way
def test_a_model_calls_tools(make: Make, target: str) -> None:
    model = make(target)
    whole = model.invoke("standin:tools")
    chunks = list(model.stream("standin:tools"))
    for message in (whole, add_ai_message_chunks(*chunks)):
        [call] = message.tool_calls
        assert (call["name"], call["args"]) == ("get_weather", {"city": "Paris"})


@pytest.mark.tries("tools")
def test_an_agent_at_this_end_runs_its_tools_itself(make: Make) -> None:
    """At the other end an agent would be asked for a tool that it does not have."""
    message = make("agent").invoke("hello")
    assert (message.content, message.tool_calls) == ("Two million.", [])


@pytest.mark.tries("error")
@each_way
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


@pytest.mark.tries("error")
@each_way
def test_an_error_in_the_middle_is_raised(make: Make, target: str) -> None:
    model = make(target)
    # Of the Responses API's own failures it makes this.
    with pytest.raises((openai.APIError, ValueError)):
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
