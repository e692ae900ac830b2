"""OpenAI's Python SDK asks a deployment for responses, its address changed alone."""

from collections.abc import Callable, Iterator

import openai
import pytest
from openai import AsyncAzureOpenAI, AzureOpenAI, OpenAI
from openai.types.responses import Response
from pydantic import BaseModel

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, until

pytestmark = pytest.mark.client("openai-responses")

KEY = "caller-key-one"
OTHER = "caller-key-two"
MODEL = "gpt-4o"

Client = AzureOpenAI | OpenAI


def azure_client(url: str, key: str = KEY) -> AzureOpenAI:
    version = "2025-04-01-preview"
    return AzureOpenAI(
        azure_endpoint=url, api_key=key, api_version=version, max_retries=0
    )


def v1_client(url: str, key: str = KEY) -> OpenAI:
    return OpenAI(base_url=f"{url}/openai/v1", api_key=key, max_retries=0)


@pytest.fixture(scope="module")
def guarded(standin: StandIn) -> Iterator[AppProcess]:
    with AppProcess(azure(standin, API_KEYS=f"one:{KEY},two:{OTHER}")) as server:
        yield server


@pytest.fixture(params=["azure", "v1", "v1 under /api"], scope="module")
def client(guarded: AppProcess, request: pytest.FixtureRequest) -> Iterator[Client]:
    make = azure_client if request.param == "azure" else v1_client
    under = "/api" if "/api" in request.param else ""
    with make(guarded.url + under) as client:
        yield client


@pytest.mark.tries("stream")
def test_a_response_streams(client: Client) -> None:
    question = "standin:reasoning tokens=3"
    with client.responses.stream(model=MODEL, input=question) as stream:
        kinds = [event.type for event in stream]
        final = stream.get_final_response()
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    assert final.output_text == "tok0 tok1 tok2"
    assert final.usage is not None
    assert final.usage.output_tokens_details.reasoning_tokens == 7


@pytest.mark.tries("stream")
def test_a_response_comes_whole(client: Client) -> None:
    answer = client.responses.create(model=MODEL, input="standin:answer tokens=2")
    assert (answer.status, answer.output_text) == ("completed", "tok0 tok1")


@pytest.mark.tries("tools")
def test_a_call_is_made_and_its_result_goes_back(client: Client) -> None:
    first = client.responses.create(model=MODEL, input="standin:tools")
    [call] = first.output
    assert call.type == "function_call"
    assert (call.name, call.arguments) == ("get_weather", '{"city":"Paris"}')
    second = client.responses.create(
        model=MODEL,
        input=[
            {"role": "user", "content": "standin:tools tokens=1"},
            {
                "type": "function_call",
                "call_id": call.call_id,
                "name": call.name,
                "arguments": call.arguments,
            },
            {
                "type": "function_call_output",
                "call_id": call.call_id,
                "output": "sunny",
            },
        ],
    )
    assert second.output_text == "tok0"


@pytest.mark.tries("form")
def test_an_answer_is_parsed(client: Client) -> None:
    class City(BaseModel):
        city: str

    text = "%7B%22city%22%3A%22Paris%22%7D"
    question = f"standin:answer text={text}"
    answer = client.responses.parse(model=MODEL, input=question, text_format=City)
    assert answer.output_parsed == City(city="Paris")


def test_a_response_is_found_again_until_it_is_deleted(client: Client) -> None:
    question = "standin:answer tokens=2"
    made = client.responses.create(model=MODEL, input=question)
    found = client.responses.retrieve(made.id)
    assert found.output_text == "tok0 tok1"
    [item] = client.responses.input_items.list(made.id, limit=5).data
    assert question in item.to_json(warnings=False)
    client.responses.delete(made.id)
    for ask in (client.responses.retrieve, client.responses.cancel):
        with pytest.raises(openai.NotFoundError) as raised:
            ask(made.id)
        assert raised.value.body == {
            "message": f"Response with id '{made.id}' not found.",
            "type": "invalid_request_error",
            "param": None,
            "code": "not_found",
        }


def test_a_response_goes_on_with_another(client: Client) -> None:
    first = client.responses.create(model=MODEL, input="standin:answer tokens=1")
    second = client.responses.create(
        model=MODEL, input="standin:answer tokens=2", previous_response_id=first.id
    )
    assert second.previous_response_id == first.id
    with pytest.raises(openai.NotFoundError) as raised:
        client.responses.create(
            model=MODEL, input="hello", previous_response_id="resp_none"
        )
    assert raised.value.param == "previous_response_id"


@pytest.mark.tries("stop", "resume")
def test_what_is_made_in_the_background_is_polled_followed_and_cancelled(
    client: Client,
) -> None:
    slow = "standin:answer tokens=3 delay_ms=50"
    made = client.responses.create(model=MODEL, input=slow, background=True)
    assert made.status in ("queued", "in_progress")
    until(lambda: client.responses.retrieve(made.id).status == "completed", every=0.1)
    with client.responses.stream(response_id=made.id, starting_after=4) as stream:
        numbers = [event.sequence_number for event in stream]
        final = stream.get_final_response()
    assert numbers[0] == 5
    assert final.output_text == "tok0 tok1 tok2"
    endless = "standin:silent"
    other = client.responses.create(model=MODEL, input=endless, background=True)
    assert client.responses.cancel(other.id).status == "cancelled"
    with pytest.raises(openai.BadRequestError):
        client.responses.cancel(made_whole(client).id)


def made_whole(client: Client) -> Response:
    return client.responses.create(model=MODEL, input="standin:answer tokens=1")


@pytest.mark.tries("resume")
def test_a_stream_is_read_on_after_the_event_seen_last(client: Client) -> None:
    slow = "standin:answer tokens=20 delay_ms=20"
    seen: list[int] = []
    with client.responses.create(
        model=MODEL, input=slow, background=True, stream=True
    ) as stream:
        for event in stream:
            if event.type == "response.created":
                response_id = event.response.id
            seen.append(event.sequence_number)
            if len(seen) == 8:
                break
    again = client.responses.retrieve(response_id, stream=True, starting_after=seen[-1])
    seen += [event.sequence_number for event in again]
    assert seen == list(range(len(seen)))
    assert len(seen) == 4 + 20 + 4


@pytest.mark.tries("error")
def test_a_busy_model_says_when_to_come_back(client: Client) -> None:
    for stream in (True, False):
        with pytest.raises(openai.RateLimitError) as raised:
            client.responses.create(
                model=MODEL,
                input="standin:rate_limited retry_after=7",
                stream=stream,
            )
        assert raised.value.response.headers["retry-after"] == "7"


@pytest.mark.tries("error")
def test_a_filtered_prompt_is_a_bad_request(client: Client) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        client.responses.create(model=MODEL, input="standin:prompt_filtered")
    assert raised.value.code == "content_filter"


@pytest.mark.tries("error")
def test_a_stream_that_fails_is_no_answer(client: Client) -> None:
    for scenario in ("error_event tokens=2", "cut tokens=2"):
        question = f"standin:{scenario}"
        with (
            client.responses.stream(model=MODEL, input=question) as stream,
            pytest.raises(RuntimeError, match=r"response\.c"),
        ):
            stream.get_final_response()


@pytest.mark.tries("error")
def test_a_lost_connection_is_raised(client: Client) -> None:
    with (
        client.responses.stream(model=MODEL, input="standin:drop tokens=2") as stream,
        pytest.raises(openai.APIError, match="connection to the model was lost"),
    ):
        stream.until_done()


def test_a_chain_of_that_name_responds_and_what_there_is_not_is_404(
    client: Client,
) -> None:
    assert client.responses.create(model="docs", input="hello").output_text
    with pytest.raises(openai.NotFoundError) as missing:
        client.responses.create(model="gpt-5", input="hello")
    assert "gpt-4o" in missing.value.message
    assert "chat" in missing.value.message


@pytest.mark.parametrize("make", [azure_client, v1_client])
def test_a_response_is_its_owners_alone(
    guarded: AppProcess, make: Callable[[str, str], Client]
) -> None:
    with make(guarded.url, KEY) as owner, make(guarded.url, OTHER) as other:
        made = owner.responses.create(model=MODEL, input="standin:answer tokens=1")
        asks: list[Callable[[str], object]] = [
            other.responses.retrieve,
            other.responses.cancel,
            other.responses.delete,
            other.responses.input_items.list,
            lambda known: other.responses.create(
                model=MODEL, input="hello", previous_response_id=known
            ),
        ]
        for ask in asks:
            with pytest.raises(openai.NotFoundError):
                ask(made.id)
        assert owner.responses.retrieve(made.id).output_text == "tok0"


def test_what_is_not_stored_is_not_remembered(client: Client) -> None:
    question = "standin:answer tokens=1"
    made = client.responses.create(model=MODEL, input=question, store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


@pytest.mark.tries("stream", "tools")
async def test_the_asynchronous_client(guarded: AppProcess) -> None:
    async with AsyncAzureOpenAI(
        azure_endpoint=guarded.url,
        azure_ad_token=KEY,
        api_version="2025-04-01-preview",
        max_retries=0,
    ) as client:
        async with client.responses.stream(
            model=MODEL, input="standin:tools calls=2"
        ) as stream:
            final = await stream.get_final_response()
        assert [item.type for item in final.output] == ["function_call"] * 2
