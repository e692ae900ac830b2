"""A run by its id: its state, and its events again, over real sockets."""

from typing import Any

import httpx
import pytest

from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.support.followed_runs import (
    ask,
    begun,
    ended,
    follow,
    frames,
    number,
    numbers,
    state,
)

QUESTION = "standin:answer tokens=3"


def test_each_event_has_its_number_as_the_last_line_of_its_frame(
    app: AppProcess,
) -> None:
    stream = ask(app, QUESTION).content
    assert [number(frame) for frame in frames(stream)] == [1, 2, 3, 4]
    assert all(frame.startswith((b"data: ", b"event: ")) for frame in frames(stream))


def test_the_header_names_the_run_as_done_does(app: AppProcess) -> None:
    response = ask(app, QUESTION, stream=False)
    assert response.headers["x-run-id"] == response.json()["run_id"]


def test_a_run_has_a_state(app: AppProcess) -> None:
    response = ask(app, QUESTION)
    run_id = response.headers["x-run-id"]
    found = state(app, run_id)
    assert found.pop("created_at").endswith("Z")
    usage = found.pop("usage")
    assert usage["total_tokens"] > 0
    assert found == {
        "run_id": run_id,
        "status": "ok",
        "chain": "chat",
        "deployment": "gpt-4o",
        "finish_reason": "stop",
        "last_event": 4,
    }


@pytest.mark.parametrize("dialect", ["json", "openai", "ui-message", "ag-ui"])
def test_a_finished_run_is_read_again_byte_by_byte(
    app: AppProcess, dialect: str
) -> None:
    first = _asked(app, dialect)
    run_id = first.headers["x-run-id"]
    again = follow(app, run_id, dialect=dialect)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["x-run-id"] == run_id


def _asked(app: AppProcess, dialect: str) -> httpx.Response:
    messages: list[dict[str, Any]] = [{"role": "user", "content": QUESTION}]
    if dialect == "ui-message":
        messages = [{"role": "user", "parts": [{"type": "text", "text": QUESTION}]}]
    body = {"messages": messages, "stream": True, "model": "chat"}
    body = {**body, "stream_options": {"include_usage": True}}
    if dialect == "json":
        body = {"user": QUESTION}
    path = "/openai/v1/chat/completions" if dialect == "openai" else None
    response = app.client.post(path or f"/api/chat/{dialect}", json=body)
    assert response.status_code == 200, response.text
    return response


@pytest.mark.parametrize("dialect", ["text", "delta", "plain", "responses"])
def test_some_dialects_have_no_numbers(app: AppProcess, dialect: str) -> None:
    body: dict[str, Any] = {"user": QUESTION}
    if dialect == "responses":
        body = {"input": QUESTION, "stream": True}
    response = app.client.post(f"/api/chat/{dialect}", json=body)
    run_id = response.headers["x-run-id"]
    assert b"\nid:" not in response.content
    assert follow(app, run_id, dialect=dialect).content == response.content


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_what_was_seen_is_not_sent_again(app: AppProcess, after: int) -> None:
    first = ask(app, QUESTION)
    rest = follow(app, first.headers["x-run-id"], after=after)
    assert rest.content == b"".join(frames(first.content)[after:])


def test_the_header_beats_the_parameter_and_the_end_is_204(app: AppProcess) -> None:
    run_id = ask(app, QUESTION).headers["x-run-id"]
    path = f"/api/runs/{run_id}/stream?after=1"
    seen = app.client.get(path, headers={"last-event-id": "3"})
    assert numbers(seen.content) == [4]
    for position in ("4", "999"):
        over = app.client.get(path, headers={"last-event-id": position})
        assert (over.status_code, over.content) == (204, b"")


@pytest.mark.parametrize(
    ("query", "status"),
    [("after=-1", 400), ("after=x", 400), ("after=1.5", 400), ("dialect=nope", 404)],
)
def test_what_cannot_be_read_is_refused(
    app: AppProcess, query: str, status: int
) -> None:
    run_id = ask(app, QUESTION).headers["x-run-id"]
    response = app.client.get(f"/api/runs/{run_id}/stream?{query}")
    assert response.status_code == status, response.text


@pytest.mark.parametrize("run_id", ["nope", "0" * 36, "x" * 500])
@pytest.mark.parametrize("what", ["", "/stream", "/cancel"])
def test_an_unknown_run_is_not_found(app: AppProcess, run_id: str, what: str) -> None:
    method = "POST" if what == "/cancel" else "GET"
    response = app.client.request(method, f"/api/runs/{run_id}{what}")
    assert response.status_code == 404
    assert response.json()["error"]["code"] == "not_found"


def test_a_run_is_followed_while_it_streams(app: AppProcess) -> None:
    with app.streaming("standin:answer tokens=40 delay_ms=50") as answer:
        answer.next()
        run_id = answer.response.headers["x-run-id"]
        assert state(app, run_id)["status"] == "running"
        followed = numbers(follow(app, run_id, after=1).content)
    assert followed == list(range(2, 42))


def test_a_stopped_run_ends_for_its_reader_and_its_followers(
    app: AppProcess, standin: StandIn
) -> None:
    question = "standin:answer tokens=1000 delay_ms=20 tag=by-id"
    with app.streaming(question) as answer:
        answer.next()
        run_id = answer.response.headers["x-run-id"]
        stopped = app.client.post(f"/api/runs/{run_id}/cancel")
        assert stopped.status_code == 202
        assert standin.wait_closed("by-id")["closed_at"] is not None
        events = [answer.next()]
        while events[-1][0] != "done":
            events.append(answer.next())
        record = app.record(answer.request_id)
    assert events[-1][1]["finish_reason"] == "cancelled"
    assert {name for name, _ in events} <= {"message", "done"}
    assert (record["status"], record["finish_reason"]) == ("cancelled",) * 2
    assert b'"finish_reason":"cancelled"' in follow(app, run_id).content
    again = app.client.post(f"/api/runs/{run_id}/cancel")
    assert (again.status_code, again.json()) == (200, state(app, run_id))
    assert again.json()["status"] == "cancelled"


def test_a_run_whose_caller_left_has_its_end_in_the_log(app: AppProcess) -> None:
    with begun(app, "standin:answer tokens=1000 delay_ms=20") as run_id:
        pass
    assert ended(app, run_id)["status"] == "cancelled"
    assert frames(follow(app, run_id).content)[-1].startswith(b"event: done\n")


def test_a_run_goes_on_without_its_caller_if_it_shall(app: AppProcess) -> None:
    question = "standin:answer tokens=30 delay_ms=20"
    with app.streaming(question, on_disconnect="continue") as answer:
        answer.next()
        run_id, request_id = answer.response.headers["x-run-id"], answer.request_id
    assert numbers(follow(app, run_id).content) == list(range(1, 32))
    assert ended(app, run_id)["status"] == "ok"
    assert app.record(request_id)["status"] == "ok"


@pytest.mark.parametrize("path", ["/api/chat", "/api/chat/plain", "/api/stream"])
def test_a_post_that_would_read_on_starts_nothing(app: AppProcess, path: str) -> None:
    headers = {"last-event-id": "3"}
    response = app.client.post(path, json={"user": QUESTION}, headers=headers)
    assert response.status_code == 400
    assert "GET /api/runs/{id}/stream" in response.text
    assert "x-run-id" not in response.headers
