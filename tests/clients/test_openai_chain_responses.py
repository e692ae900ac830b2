"""OpenAI's Python SDK, whose Responses API is that of chains."""

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from openai import OpenAI
from pydantic import BaseModel

from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.support.piecewise_server import Origin

pytestmark = pytest.mark.client("openai-chain")

TEXT = "tok0 tok1 tok2"
SHORT = "standin:answer tokens=3"
ENDLESS = "standin:answer tokens=1000 delay_ms=20"
FUNCTION: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": False,
}


def sdk(server: AppProcess) -> OpenAI:
    return OpenAI(base_url=f"{server.url}/openai/v1", api_key="any", max_retries=0)


@pytest.fixture(scope="module")
def client(app: AppProcess) -> Iterator[OpenAI]:
    with sdk(app) as client:
        yield client


@pytest.mark.tries("stream")
def test_an_answer_that_does_not_stream(client: Any) -> None:
    made = client.responses.create(model="chat", input=SHORT)
    assert (made.status, made.output_text) == ("completed", TEXT)
    assert made.usage is not None
    assert made.usage.output_tokens == 3


@pytest.mark.tries("stream")
def test_a_stream_gives_each_delta_and_the_whole_at_its_end(client: Any) -> None:
    with client.responses.stream(model="chat", input=SHORT) as stream:
        deltas = [e.delta for e in stream if e.type == "response.output_text.delta"]
        whole = stream.get_final_response()
    assert ("".join(deltas), len(deltas)) == (TEXT, 3)
    assert (whole.status, whole.output_text) == ("completed", TEXT)


class Weather(BaseModel):
    city: str
    degrees: int


@pytest.mark.tries("form")
def test_an_answer_in_the_callers_form_is_parsed(obliging: AppProcess) -> None:
    with sdk(obliging) as client:
        asked: Any = {"model": "chat", "input": "Rome?", "text_format": Weather}
        made = client.responses.parse(**asked)
        assert isinstance(made.output_parsed, Weather)
        with client.responses.stream(**asked) as stream:
            whole = stream.get_final_response()
    assert isinstance(whole.output_parsed, Weather)


@pytest.mark.tries("tools")
def test_a_tool_of_the_caller_is_called_and_answered(
    client: Any, standin: StandIn
) -> None:
    asked: Any = {"model": "chat", "tools": [FUNCTION]}
    made = client.responses.create(input="standin:tools tag=sdk-response", **asked)
    [call] = made.output
    assert call.type == "function_call"
    assert (call.name, call.status) == ("get_weather", "completed")
    result: Any = {"type": "function_call_output", "call_id": call.call_id}
    result["output"] = "21 degrees"
    after = client.responses.create(
        input=[result], previous_response_id=made.id, **asked
    )
    assert "Paris" in after.output_text
    sent: Any = standin.requests("sdk-response")[-1]["body"]
    assert [each["role"] for each in sent["messages"]][-3:] == [
        *("user", "assistant", "tool")
    ]
    assert sent["messages"][-1]["content"] == "21 degrees"
    assert sent["tools"][0]["function"]["name"] == "get_weather"


@pytest.mark.tries("tools")
def test_a_tool_of_the_server_is_never_one_to_run(client: Any) -> None:
    made = client.responses.create(model="agent", input="hello")
    kinds = [item.type for item in made.output]
    assert "function_call" not in kinds
    [served, *_] = [item for item in made.output if item.type == "mcp_call"]
    assert (served.server_label, served.status) == ("agent", "completed")
    assert served.output


def test_reasoning_and_sources_have_their_place(client: Any) -> None:
    made = client.responses.create(model="chat", input="standin:reasoning")
    [thought, message] = made.output
    assert thought.type == "reasoning"
    assert thought.summary[0].text
    made = client.responses.create(model="sources", input="hello")
    [message] = made.output
    assert message.type == "message"
    [part] = message.content
    assert part.type == "output_text"
    assert [each.type for each in part.annotations] == ["url_citation"] * 2


def echoed(response: Any) -> list[tuple[str, Any]]:
    found = json.loads(response.output_text)
    return [(each["role"], each["content"]) for each in found]


def test_a_conversation_goes_on_from_any_of_its_responses(client: Any) -> None:
    """Of a plain chain: what was asked and answered then, and its instructions not."""
    first = client.responses.create(model="chat", input=SHORT, instructions="Be brief.")
    for _ in range(2):
        second = client.responses.create(
            model="chat", input="standin:echo", previous_response_id=first.id
        )
        assert echoed(second)[-3:] == [
            ("user", SHORT),
            ("assistant", TEXT),
            ("user", "standin:echo"),
        ]
        assert ("system", "Be brief.") not in echoed(second)
        assert second.previous_response_id == first.id
    third = client.responses.create(
        model="chat", input="standin:echo", previous_response_id=second.id
    )
    assert [role for role, _ in echoed(third)][-5:] == [
        *("user", "assistant", "user", "assistant", "user")
    ]


def test_a_conversation_is_a_thread(client: Any, app: AppProcess) -> None:
    asked: Any = {"model": "chat", "conversation": "conv_of_sdk"}
    client.responses.create(input=SHORT, **asked)
    second = client.responses.create(input="standin:echo", **asked)
    assert ("assistant", TEXT) in echoed(second)
    assert second.conversation is not None
    assert second.conversation.id == "conv_of_sdk"
    kept = app.client.get("/api/threads/conv_of_sdk").json()["messages"]
    assert [each["role"] for each in kept] == ["user", "assistant"] * 2


def test_an_item_may_be_only_referred_to(client: Any) -> None:
    first = client.responses.create(model="chat", input=SHORT)
    reference: Any = {"type": "item_reference", "id": first.output[0].id}
    question: Any = {"role": "user", "content": "standin:echo"}
    second = client.responses.create(
        model="chat", input=[{"role": "user", "content": SHORT}, reference, question]
    )
    assert ("assistant", TEXT) in echoed(second)
    reference["id"] = f"msg_{'0' * 32}_0"
    with pytest.raises(openai.BadRequestError, match="not found"):
        client.responses.create(model="chat", input=[reference, question])


def test_it_is_read_again_by_its_id_and_deleted(client: Any) -> None:
    made = client.responses.create(model="chat", input=SHORT, metadata={"a": "b"})
    again = client.responses.retrieve(made.id)
    assert again.to_dict() == made.to_dict()
    items = client.responses.input_items.list(made.id).data
    assert [item.type for item in items] == ["message"]
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)
    with pytest.raises(openai.BadRequestError, match="previous_response_id"):
        client.responses.create(model="chat", input="?", previous_response_id=made.id)


def test_what_is_not_stored_is_nowhere(client: Any) -> None:
    made = client.responses.create(model="chat", input=SHORT, store=False)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)
    with client.responses.stream(model="chat", input=SHORT, store=False) as stream:
        assert stream.get_final_response().output_text == TEXT


@pytest.mark.tries("resume")
def test_its_events_are_read_on_after_any_of_them(client: Any) -> None:
    stream = client.responses.create(model="chat", input=SHORT, stream=True)
    events = [each.to_dict() for each in stream]
    assert events[0]["type"] == "response.created"
    made: Any = events[-1]["response"]
    for after in range(len(events)):
        rest = client.responses.retrieve(made["id"], stream=True, starting_after=after)
        assert [each.to_dict() for each in rest] == events[after + 1 :]
    with client.responses.stream(response_id=made["id"], starting_after=5) as follow:
        assert follow.get_final_response().output_text == TEXT


@pytest.mark.tries("stop", "resume")
def test_in_the_background_it_is_asked_for_and_stopped(client: Any) -> None:
    made = client.responses.create(model="chat", input=ENDLESS, background=True)
    assert made.status == "queued"
    seen = client.responses.retrieve(made.id)
    assert seen.status in ("queued", "in_progress")
    followed = client.responses.retrieve(made.id, stream=True)
    assert next(iter(followed)).type == "response.created"
    stopped = client.responses.cancel(made.id)
    assert stopped.status == "cancelled"
    assert client.responses.cancel(made.id).status == "cancelled"
    rest = [each.type for each in followed]
    assert rest[-1] == "response.failed"


def test_in_the_background_it_ends_by_itself(client: Any) -> None:
    made = client.responses.create(model="chat", input=SHORT, background=True)
    events = [*client.responses.retrieve(made.id, stream=True)]
    assert [each.type for each in events][:3] == [
        "response.created",
        "response.queued",
        "response.in_progress",
    ]
    assert events[-1].type == "response.completed"
    assert client.responses.retrieve(made.id).output_text == TEXT


@pytest.mark.tries("error")
def test_a_background_failure_is_seen_by_who_asks(client: Any) -> None:
    asked: Any = {"model": "chat", "input": "standin:rate_limited"}
    made = client.responses.create(background=True, **asked)
    events = [*client.responses.retrieve(made.id, stream=True)]
    assert events[-1].type == "response.failed"
    again = client.responses.retrieve(made.id)
    assert again.error is not None
    assert (again.status, again.error.code) == ("failed", "rate_limit_exceeded")


def test_a_stream_that_is_cut_is_never_a_whole_answer(app: AppProcess) -> None:
    body = {"model": "chat", "input": SHORT, "stream": True}
    stream = app.client.post("/openai/v1/responses", json=body).content
    end = stream.index(b"\n\n", stream.index(b"event: response.completed"))
    cuts = [end * part // 30 for part in range(1, 31)]
    streams = {f"/{cut}/responses": [stream[:cut]] for cut in cuts}
    wrong = r"response\.(completed|created)|JSON"
    with Origin({}, streams) as origin:
        for cut in cuts:
            url = f"{origin.url}/{cut}"
            with (
                OpenAI(base_url=url, api_key="any", max_retries=0) as client,
                client.responses.stream(model="chat", input=SHORT) as told,
                pytest.raises(Exception, match=wrong),
            ):
                told.get_final_response()
