"""Whose a run is: a stranger's key finds nothing, and stops nothing."""

from collections.abc import Iterator

import pytest

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess

OWN = {"api-key": "caller-key-1"}
STRANGERS = {"api-key": "caller-key-2"}
QUESTION = {"user": "standin:answer tokens=1000 delay_ms=20"}


@pytest.fixture(scope="module")
def guarded(standin: StandIn) -> Iterator[AppProcess]:
    keys = "web:caller-key-1,other:caller-key-2,web:caller-key-3"
    with AppProcess(azure(standin, API_KEYS=keys)) as server:
        server.warm()
        yield server


def status(
    server: AppProcess, run_id: str, headers: dict[str, str], what: str = ""
) -> int:
    method = "POST" if what == "/cancel" else "GET"
    path = f"/api/runs/{run_id}{what}"
    return server.client.request(method, path, headers=headers).status_code


def test_a_strangers_key_finds_no_run_and_stops_none(guarded: AppProcess) -> None:
    client = guarded.client
    with client.stream("POST", "/api/chat", json=QUESTION, headers=OWN) as answer:
        run_id = answer.headers["x-run-id"]
        for what in ("", "/stream", "/cancel"):
            assert status(guarded, run_id, STRANGERS, what) == 404
            assert status(guarded, run_id, {}, what) == 401
        found = client.get(f"/api/runs/{run_id}", headers=OWN).json()
        assert found["status"] == "running"
        # Another key of the same name is the same owner.
        assert status(guarded, run_id, {"api-key": "caller-key-3"}, "/cancel") == 202
        assert b'"finish_reason":"cancelled"' in answer.read()
    for what in ("", "/stream", "/cancel"):
        assert status(guarded, run_id, STRANGERS, what) == 404
        assert status(guarded, run_id, OWN, what) == 200


def test_a_strangers_404_is_that_of_no_run(guarded: AppProcess) -> None:
    asked = {"user": "standin:answer tokens=1"}
    run_id = guarded.client.post("/api/chat", json=asked, headers=OWN).headers[
        "x-run-id"
    ]
    never = "0" * 8 + run_id[8:]
    said = [
        guarded.client.get(f"/api/runs/{each}", headers=STRANGERS).text.replace(
            each, "ID"
        )
        for each in (run_id, never)
    ]
    assert [text.split('"request_id"')[0] for text in said] == [
        said[0].split('"request_id"')[0]
    ] * 2


def test_a_page_of_another_origin_may_read_the_runs_id(app: AppProcess) -> None:
    asked = {"user": "standin:answer tokens=1"}
    headers = {"origin": "http://localhost:5173"}
    response = app.client.post("/api/chat", json=asked, headers=headers)
    exposed = response.headers["access-control-expose-headers"].split(", ")
    assert "x-run-id" in exposed
