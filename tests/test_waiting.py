"""Graphs that keep their state and wait for people, over a real server."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.support.waiting_chains import CHAINS


def ask(server: AppProcess, thread: str | None, **fields: Any) -> Any:
    body = {"chain": "approval", "stream": False, "thread_id": thread, **fields}
    return server.client.post("/api/chat", json=body)


@pytest.fixture(scope="module")
def waiting(standin: StandIn) -> Any:
    with AppProcess(azure(standin, CHAINS=CHAINS)) as server:
        yield server


def test_a_question_and_its_answer_are_two_runs_of_a_thread(
    waiting: AppProcess,
) -> None:
    thread = str(uuid4())
    asked = ask(waiting, thread, user="Why?").json()
    assert (asked["content"], asked["finish_reason"]) == ("", "interrupt")
    [question] = asked["interrupts"]
    assert question["value"] == {"about": "Why?"}
    answered = ask(waiting, thread, resume="yes").json()
    assert (answered["content"], answered["finish_reason"]) == ("You said yes.", "stop")
    assert answered["run_id"] != asked["run_id"]
    again = ask(waiting, thread, resume="yes")
    assert again.status_code == 400
    assert (
        again.json()["error"]["message"] == "resume: nothing is pending on the thread"
    )


def test_without_a_thread_a_question_is_400(waiting: AppProcess) -> None:
    refused = ask(waiting, None, user="Why?")
    assert refused.status_code == 400
    assert refused.json()["error"]["code"] == "thread_required"


def test_a_question_streams_as_an_event_before_done(waiting: AppProcess) -> None:
    body = {"chain": "approval", "user": "Why?", "thread_id": str(uuid4())}
    streamed = waiting.client.post("/api/chat", json=body)
    first, done, end = streamed.text.split("\n\n")
    assert first.startswith('event: interrupt\ndata: {"id":"')
    assert done.startswith("event: done\n")
    assert '"finish_reason":"interrupt"' in done
    assert end == ""


def test_the_model_gets_what_was_said_on_the_thread_before(
    waiting: AppProcess, standin: StandIn
) -> None:
    thread = str(uuid4())
    for number in (1, 2):
        question = f"standin:answer tag={thread} tokens={number}"
        said = ask(waiting, thread, chain="talking", user=question, temperature=0.5)
        assert said.status_code == 200, said.text
    asked: list[Any] = [each["body"] for each in standin.requests(thread)]
    assert [len(body["messages"]) for body in asked] == [1, 3]
    assert [body["temperature"] for body in asked] == [0.5, 0.5]


@pytest.mark.parametrize("setting", ["STORE", "CHECKPOINTER"])
def test_what_waits_is_there_after_a_restart(tmp_path: Path, setting: str) -> None:
    settings = {"CHAINS": CHAINS, setting: f"sqlite:{tmp_path}/kept.db"}
    with AppProcess(settings) as before:
        assert ask(before, "t1", user="Why?").json()["finish_reason"] == "interrupt"
    with AppProcess(settings) as after:
        assert ask(after, "t1", resume="yes").json()["content"] == "You said yes."
        assert ask(after, "t2", resume="yes").status_code == 400


def test_a_graphs_thread_shows_its_state_and_is_gone_once_deleted(
    waiting: AppProcess,
) -> None:
    thread = str(uuid4())
    [question] = ask(waiting, thread, user="Why?").json()["interrupts"]
    shown = waiting.client.get(f"/api/threads/{thread}").json()
    assert shown["pending"] == [question]
    assert shown["state"] == {"question": "Why?"}
    assert waiting.client.delete(f"/api/threads/{thread}").status_code == 200
    assert waiting.client.get(f"/api/threads/{thread}").status_code == 404
    gone = ask(waiting, thread, resume="yes")
    assert gone.status_code == 400
