"""What the handler of «How to stream LLM answer from LangChain» does wrong.

Its contract is `POST /api/http_trigger` with `{"user": …}`, answered by `data:` frames
of `{"deployment", "delta_content"}`.
"""

import json
from typing import Any

import httpx
from langchain_core.runnables import Runnable

import chains
from settings import Settings
from tests.example_chains import strings
from tests.server import Server, read_events
from tests.standin.process import StandIn

PATH = "/api/http_trigger"


def ask(app: Server, user: str, **fields: object) -> httpx.Response:
    return app.client.post(PATH, json={"user": user, **fields})


def test_its_own_request_still_works(app: Server) -> None:
    first, *_ = read_events(ask(app, "standin:answer tokens=2"))
    assert first == ("message", {"deployment": "gpt-4o", "delta_content": "tok0"})


def test_invalid_json_is_not_a_200(app: Server) -> None:
    response = app.client.post(PATH, content=b"{not json")
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_request"


def test_a_missing_user_is_not_sent_to_the_model_as_none(
    app: Server, standin: StandIn
) -> None:
    before = len(standin.requests())
    assert app.client.post(PATH, json={}).status_code == 400
    assert app.client.post(PATH, json={"user": None}).status_code == 400
    assert len(standin.requests()) == before


def test_an_error_of_the_model_is_a_status_and_not_a_broken_stream(app: Server) -> None:
    assert ask(app, "standin:rate_limited").status_code == 429
    assert ask(app, "standin:unauthorized").status_code == 502


def test_the_deployment_is_no_placeholder(app: Server) -> None:
    deployments = {data["deployment"] for _, data in read_events(ask(app, "hello"))}
    assert deployments == {"gpt-4o"}


def test_the_stream_says_how_it_ended_and_what_it_cost(app: Server) -> None:
    name, done = read_events(ask(app, "standin:answer tokens=2"))[-1]
    assert name == "done"
    assert done["finish_reason"] == "stop"
    assert done["usage"]["output_tokens"] == 2
    name, error = read_events(ask(app, "standin:error_event tokens=1"))[-2]
    assert (name, error["error"]["code"]) == ("error", "upstream_error")


def test_no_delta_is_empty_for_filter_role_finish_and_usage_chunks(app: Server) -> None:
    events = read_events(ask(app, "standin:answer tokens=3"))
    assert [data.get("delta_content") for _, data in events] == [
        "tok0",
        " tok1",
        " tok2",
        None,
    ]


def test_content_in_blocks_is_not_an_array_on_the_wire(app: Server) -> None:
    events = read_events(ask(app, "hello", chain="blocks"))
    assert [data for _, data in events[:-1]] == [
        {"deployment": "scripted-1", "delta_reasoning": "Hm."},
        {"deployment": "scripted-1", "delta_content": "Hel"},
        {"deployment": "scripted-1", "delta_content": "lo"},
    ]


def test_the_model_is_built_once_and_not_for_every_request() -> None:
    settings = Settings(chains={"built": "tests.test_tutorial_defects:build"})
    first = chains.load("built", settings)
    assert chains.load("built", settings) is first
    assert len(built) == 1


built: list[Runnable[Any, Any]] = []


def build(settings: Settings) -> Runnable[Any, Any]:
    """Counts how often it is asked for a chain."""
    built.append(strings)
    return strings


def test_a_frame_is_one_line_whatever_the_text_is(app: Server) -> None:
    response = ask(app, "standin:answer text=a%0A%0Ab%0Dc size=1")
    for frame in response.text.removesuffix("\n\n").split("\n\n"):
        assert json.loads(frame.splitlines()[-1].removeprefix("data: "))
