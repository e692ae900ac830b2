"""Records that replaced systems did not write, or wrote too much into."""

from hashlib import sha256

import pytest

from tests.conftest import azure
from tests.event_hubs.emulator import EventHubs
from tests.event_hubs.faults import Faults
from tests.replaced_systems.systems import (
    AOAI_STREAM,
    COOKBOOK,
    PROXIES,
    PROXY,
    TUTORIAL,
    ReplacedSystem,
    data_of,
    each,
    messages,
    names,
)
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, read_events, until


@pytest.mark.parametrize(
    ("system", "dialect"),
    [(TUTORIAL, "json"), (AOAI_STREAM, "text"), (COOKBOOK, "delta")],
    ids=names,
)
def test_usage_latency_and_the_finish_reason_are_recorded(
    app: AppProcess, system: ReplacedSystem, dialect: str
) -> None:
    response = system.ask(app, "standin:length tokens=2")
    record = app.record(response.headers["x-request-id"])
    assert record["dialect"] == dialect
    assert record["finish_reason"] == "length"
    assert record["usage"]["completion_tokens"] > 0
    assert record["latency_ms"] >= record["time_to_first_chunk_ms"]


@each(*PROXIES)
@pytest.mark.parametrize("directive", ["answer tokens=3", "tools"])
def test_usage_is_recorded_though_nobody_asked_for_it(
    app: AppProcess, system: ReplacedSystem, directive: str
) -> None:
    response = system.ask(app, f"standin:{directive}")
    assert all("prompt_tokens" not in data for data in data_of(response))
    record = app.record(response.headers["x-request-id"])
    assert record["usage"]["completion_tokens"] > 0
    assert record["status"] == "ok"


def test_the_first_token_is_the_first_that_can_be_seen(app: AppProcess) -> None:
    """Not the chunk with the prompt's filter results, which comes at once."""
    response = PROXY.ask(app, "standin:answer tokens=2 first_ms=400")
    record = app.record(response.headers["x-request-id"])
    assert record["time_to_first_chunk_ms"] >= 400


def test_the_deployment_is_no_placeholder(app: AppProcess) -> None:
    events = read_events(TUTORIAL.ask(app, "hello"))
    assert {data["deployment"] for _, data in events} == {"gpt-4o"}


@each(AOAI_STREAM, *PROXIES)
def test_neither_question_nor_answer_is_in_the_log(
    app: AppProcess, system: ReplacedSystem
) -> None:
    response = system.ask(app, "standin:answer text=a-secret-answer size=30")
    assert "a-secret-answer" in response.text
    app.record(response.headers["x-request-id"])
    assert not any("secret-answer" in line for line in app.lines)
    assert not any("standin:" in line for line in app.lines)


@each(*PROXIES)
def test_nobody_waits_for_the_event_hub(
    standin: StandIn, system: ReplacedSystem
) -> None:
    """Function-SSE-Proxy connects and sends within each request, before `[DONE]`."""
    with EventHubs({"usage": 1}) as hub:
        hub.faults.mute = "connection"
        sent_to = {"AZURE_EVENTHUB_CONN_STR": hub.connection_string("usage")}
        with AppProcess(azure(standin, **sent_to)) as server:
            data = data_of(system.ask(server, "standin:answer"))
            assert data[-1] == "[DONE]"
            assert hub.events("usage") == []
            hub.faults = Faults()
            hub.drop_connections()
            until(lambda: len(hub.events("usage")) == 1, 20)


def test_usage_is_the_callers_own_whatever_the_first_message_says(
    standin: StandIn,
) -> None:
    """Function-SSE-Proxy looks for `user` in `messages[0]`, so all of it is
    `default_user`'s.
    """
    keys = ["caller-key-1", "caller-key-2"]
    with AppProcess(azure(standin, API_KEYS=",".join(keys))) as server:
        principals = []
        for key in keys:
            headers = {"api-key": key, "x-request-id": f"of-{key[-1]}"}
            asked = messages("standin:answer") | {"user": "somebody-else"}
            asked["messages"][0]["user"] = "default_user"
            server.client.post(PROXY.path, json=asked, headers=headers)
            principals.append(server.record(headers["x-request-id"])["principal"])
    hashes = [sha256(key.encode()).hexdigest()[:8] for key in keys]
    assert principals == [f"key:{each}" for each in hashes]
