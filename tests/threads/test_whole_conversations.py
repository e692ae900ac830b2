"""AG-UI's clients send their whole conversation each time: a thread has it once."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.support.app_process import AppProcess

CHAINS = ",".join(
    f"{name}=tests.support.thread_chains:{name}" for name in ("echo", "graph")
)


@pytest.fixture(scope="module")
def server() -> Iterator[AppProcess]:
    with AppProcess({"CHAINS": CHAINS, "CHAT_CHAIN": "echo"}) as server:
        yield server


def message(role: str, content: str) -> dict[str, Any]:
    return {"id": str(uuid4()), "role": role, "content": content}


def post(server: AppProcess, thread: str, *messages: Any, **props: Any) -> str:
    """The answer to the whole conversation *messages* on *thread*."""
    body = {"threadId": thread, "runId": str(uuid4()), "messages": messages}
    props = {"stream": False, **props}
    answer = server.client.post(
        "/api/chat/ag-ui", json={**body, "forwardedProps": props}
    )
    events = answer.json().get("events", [])
    return "".join(str(each.get("delta", "")) for each in events)


def kept(server: AppProcess, thread: str) -> list[str]:
    found = server.client.get(f"/api/threads/{thread}")
    return [each["content"] for each in found.json()["messages"]]


ONE, TWO = message("user", "one"), message("user", "two")
FIRST = message("assistant", '["one"]')


def test_no_message_is_kept_twice(server: AppProcess) -> None:
    thread = str(uuid4())
    assert post(server, thread, ONE) == '["one"]'
    post(server, thread, ONE, FIRST, TWO)
    assert kept(server, thread)[:3] == ["one", '["one"]', "two"]
    assert len(kept(server, thread)) == 4


def test_an_answer_that_is_made_anew_takes_the_place_of_the_old_one(
    server: AppProcess,
) -> None:
    thread = str(uuid4())
    for _ in range(2):
        assert post(server, thread, ONE) == '["one"]'
    assert kept(server, thread) == ["one", '["one"]']


def test_a_question_that_was_edited_takes_the_place_of_the_old_one(
    server: AppProcess,
) -> None:
    thread = str(uuid4())
    post(server, thread, ONE)
    assert post(server, thread, TWO) == '["two"]'
    assert kept(server, thread) == ["two", '["two"]']


def test_what_a_failed_run_has_left_with_the_page_alone_is_added(
    server: AppProcess,
) -> None:
    thread = str(uuid4())
    post(server, thread, ONE)
    post(server, thread, ONE, FIRST, message("user", "failed"), TWO)
    assert kept(server, thread)[:4] == ["one", '["one"]', "failed", "two"]


def test_a_graph_which_keeps_its_state_gets_what_is_new(server: AppProcess) -> None:
    thread = str(uuid4())
    assert post(server, thread, ONE, chain="graph") == '["one"]'
    answer = post(server, thread, ONE, FIRST, TWO, chain="graph")
    assert answer == '["one", "[\\"one\\"]", "two"]'
    assert kept(server, thread) == ["one", '["one"]', "two", answer]


def test_a_thread_goes_on_in_another_dialect_and_back(server: AppProcess) -> None:
    thread = str(uuid4())
    post(server, thread, ONE)
    body = {"user": "two", "thread_id": thread, "stream": False}
    answer = server.client.post("/api/chat", json=body).json()["content"]
    assert answer == '["one", "[\\"one\\"]", "two"]'
    assert kept(server, thread)[2:] == ["two", answer]


def test_a_name_that_no_thread_can_have_is_repeated_and_nothing_is_kept(
    server: AppProcess,
) -> None:
    name = f"conversation {uuid4()}"
    assert post(server, name, ONE, FIRST, TWO).startswith('["one"')
    threads = server.client.get("/api/threads").json()["threads"]
    assert name not in [each["id"] for each in threads]


def test_somebody_elses_wire_cannot_say_that_it_replaces(server: AppProcess) -> None:
    for field in ("replaces", "echo", "by_id"):
        refused = server.client.post("/api/chat", json={"user": "x", field: True})
        assert refused.status_code == 400
        assert f"{field}: is not a known field" in refused.text
    props = {"replaces": False, "echo": {"runId": "x"}, "thread_id": "t"}
    answer = server.client.post(
        "/api/chat/ag-ui", json={"messages": [ONE], "forwardedProps": props}
    )
    assert answer.status_code == 200
    assert '"runId":"x"' not in answer.text
