"""OpenAI's Python SDK, its address changed and nothing else: to a chain, and through.

The chain `chat` and the deployment `gpt-4o` have the same stand-in behind them.
"""

from collections.abc import Callable, Iterator

import openai
import pytest
from openai import AsyncAzureOpenAI, AzureOpenAI, OpenAI
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

import chains
import registry
from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.aimock import ANSWER
from tests.support.app_process import AppProcess

TARGETS = ["chat", "gpt-4o"]
TEXT = "tok0 tok1 tok2"
KEY = "caller-key-one"
API_VERSION = "2024-10-21"

pytestmark = [
    pytest.mark.client("openai"),
    pytest.mark.parametrize("target", TARGETS),
]

Client = AzureOpenAI | OpenAI


def says(text: str) -> list[ChatCompletionMessageParam]:
    return [{"role": "user", "content": text}]


def azure_client(server: AppProcess, *, key: str = KEY, under: str = "") -> AzureOpenAI:
    return AzureOpenAI(
        azure_endpoint=server.url + under,
        api_key=key,
        api_version=API_VERSION,
        max_retries=0,
    )


def v1_client(server: AppProcess, *, key: str = KEY, under: str = "") -> OpenAI:
    base_url = f"{server.url}{under}/openai/v1"
    return OpenAI(base_url=base_url, api_key=key, max_retries=0)


@pytest.fixture(scope="module")
def guarded(standin: StandIn) -> Iterator[AppProcess]:
    """The app as an SDK is pointed at it: with an API key."""
    with AppProcess(azure(standin, API_KEYS=KEY)) as server:
        yield server


@pytest.fixture(
    params=["azure", "azure under /api", "v1", "v1 under /api"], scope="module"
)
def client(guarded: AppProcess, request: pytest.FixtureRequest) -> Iterator[Client]:
    make = azure_client if request.param.startswith("azure") else v1_client
    with make(guarded, under="/api" if "/api" in request.param else "") as client:
        yield client


def text_of(chunks: list[ChatCompletionChunk]) -> str:
    return "".join(
        choice.delta.content or "" for chunk in chunks for choice in chunk.choices
    )


@pytest.mark.tries("stream")
def test_an_answer_streams(client: Client, target: str) -> None:
    stream = client.chat.completions.create(
        model=target,
        messages=says("standin:answer tokens=3"),
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)
    assert text_of(chunks) == TEXT
    spoken = [chunk for chunk in chunks if chunk.choices]
    assert spoken[-1].choices[0].finish_reason == "stop"
    assert len({chunk.id for chunk in spoken if chunk.id}) == 1
    assert chunks[-1].choices == []
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.completion_tokens == 3


def test_usage_is_not_told_to_who_did_not_ask(client: Client, target: str) -> None:
    stream = client.chat.completions.create(
        model=target, messages=says("standin:answer tokens=3"), stream=True
    )
    assert all(chunk.usage is None for chunk in stream)


@pytest.mark.tries("stream")
def test_the_streaming_helper_gathers_an_answer(client: Client, target: str) -> None:
    helper = client.chat.completions.stream(
        model=target, messages=says("standin:answer tokens=3")
    )
    with helper as stream:
        completion = stream.get_final_completion()
    assert completion.choices[0].message.content == TEXT


@pytest.mark.tries("stream")
def test_an_answer_comes_whole(client: Client, target: str) -> None:
    completion = client.chat.completions.create(
        model=target, messages=says("standin:answer tokens=3"), max_tokens=9, user="me"
    )
    [choice] = completion.choices
    assert (choice.message.content, choice.finish_reason) == (TEXT, "stop")
    assert completion.usage is not None
    assert completion.usage.completion_tokens == 3
    assert completion.object == "chat.completion"


@pytest.mark.tries("tools")
def test_tool_calls_stream(client: Client, target: str) -> None:
    stream = client.chat.completions.create(
        model=target, messages=says("standin:tools"), stream=True
    )
    names, arguments, reasons = [], "", []
    for chunk in stream:
        for choice in chunk.choices:
            reasons.append(choice.finish_reason)
            for call in choice.delta.tool_calls or ():
                assert call.function is not None
                names.append(call.function.name)
                arguments += call.function.arguments or ""
    assert list(filter(None, names)) == ["get_weather"]
    assert arguments.startswith('{"')
    assert list(filter(None, reasons)) == ["tool_calls"]


@pytest.mark.tries("tools")
def test_tool_calls_come_whole(client: Client, target: str) -> None:
    completion = client.chat.completions.create(
        model=target, messages=says("standin:tools")
    )
    [choice] = completion.choices
    assert choice.finish_reason == "tool_calls"
    assert choice.message.tool_calls is not None
    [call] = choice.message.tool_calls
    assert call.type == "function"
    assert call.function.name == "get_weather"


@pytest.mark.tries("error")
def test_a_busy_model_says_when_to_come_back(client: Client, target: str) -> None:
    with pytest.raises(openai.RateLimitError) as raised:
        client.chat.completions.create(
            model=target,
            messages=says("standin:rate_limited retry_after=7"),
            stream=True,
        )
    assert raised.value.status_code == 429
    assert raised.value.response.headers["retry-after"] == "7"


@pytest.mark.tries("error")
def test_a_filtered_prompt_is_a_bad_request(client: Client, target: str) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(
            model=target, messages=says("standin:prompt_filtered"), stream=True
        )
    assert raised.value.code == "content_filter"


@pytest.mark.tries("error")
def test_the_servers_own_credential_is_not_the_callers_fault(
    client: Client, target: str
) -> None:
    with pytest.raises(openai.InternalServerError) as raised:
        client.chat.completions.create(
            model=target, messages=says("standin:unauthorized")
        )
    assert raised.value.status_code == 502
    assert raised.value.code == "upstream_auth"


@pytest.mark.tries("error")
def test_an_error_in_the_middle_is_raised(client: Client, target: str) -> None:
    stream = client.chat.completions.create(
        model=target, messages=says("standin:error_event tokens=2"), stream=True
    )
    chunks: list[ChatCompletionChunk] = []
    with pytest.raises(openai.APIError):
        chunks.extend(stream)
    assert text_of(chunks) == "tok0 tok1"


@pytest.mark.tries("error")
def test_a_wrong_key_is_refused(guarded: AppProcess, target: str) -> None:
    for make in (azure_client, v1_client):
        with (
            make(guarded, key="wrong") as client,
            pytest.raises(openai.AuthenticationError) as raised,
        ):
            client.chat.completions.create(model=target, messages=says("hello"))
        assert raised.value.status_code == 401
        assert raised.value.code == "unauthorized"


def test_what_can_be_named_is_listed(guarded: AppProcess, target: str) -> None:
    with v1_client(guarded) as client:
        models = {model.id: model.owned_by for model in client.models.list()}
    ours = dict.fromkeys(registry.names(chains), "chain")
    assert models == {**ours, "gpt-4o": "deployment"}
    assert target in models


@pytest.mark.tries("error")
def test_what_cannot_be_named_is_not_found(client: Client, target: str) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        client.chat.completions.create(model=f"{target}-x", messages=says("hello"))
    assert raised.value.code == "not_found"
    assert target in raised.value.message


@pytest.mark.tries("stream", "error")
async def test_the_asynchronous_client(guarded: AppProcess, target: str) -> None:
    async with AsyncAzureOpenAI(
        azure_endpoint=guarded.url,
        azure_ad_token=KEY,
        api_version=API_VERSION,
        max_retries=0,
    ) as client:
        stream = await client.chat.completions.create(
            model=target, messages=says("standin:answer tokens=3"), stream=True
        )
        assert text_of([chunk async for chunk in stream]) == TEXT
        with pytest.raises(openai.RateLimitError):
            await client.chat.completions.create(
                model=target, messages=says("standin:rate_limited")
            )


@pytest.mark.tries("stream", "error")
@pytest.mark.parametrize("make", [azure_client, v1_client])
def test_over_anothers_mock(
    over_aimock: AppProcess, target: str, make: Callable[[AppProcess], Client]
) -> None:
    with make(over_aimock) as client:
        completions = client.chat.completions
        chunks = list(
            completions.create(model=target, messages=says("hello"), stream=True)
        )
        assert text_of(chunks) == ANSWER
        whole = completions.create(model=target, messages=says("hello"))
        assert whole.choices[0].message.content == ANSWER
        with pytest.raises(openai.RateLimitError) as raised:
            completions.create(model=target, messages=says("please be busy"))
        assert raised.value.response.headers["retry-after"] == "7"
        with pytest.raises((openai.APIError, openai.APIConnectionError)):
            list(
                completions.create(
                    model=target, messages=says("please truncate"), stream=True
                )
            )


@pytest.mark.parametrize("make", [azure_client, v1_client])
def test_only_a_deployment_embeds(
    over_aimock: AppProcess, target: str, make: Callable[[AppProcess], Client]
) -> None:
    with make(over_aimock) as client:
        if target == "chat":
            with pytest.raises(openai.NotFoundError):
                client.embeddings.create(model=target, input="hello")
        else:
            embedded = client.embeddings.create(model=target, input="hello")
            assert len(embedded.data[0].embedding) > 100
