"""Threads: the server keeps the conversation, and nobody else reads it."""

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, read_events, text_of, until

KEYS = "ann:caller-key-1,bob:caller-key-2"
CHAINS = ",".join(
    f"{name}=tests.support.thread_chains:{name}"
    for name in ("echo", "slow", "failing", "tool", "remembering")
)
QUESTION = {"role": "user", "content": "one"}


@pytest.fixture(scope="module")
def server(standin: StandIn) -> Iterator[AppProcess]:
    settings = azure(standin, CHAINS=CHAINS, CHAT_CHAIN="echo", API_KEYS=KEYS)
    with AppProcess({**settings, "MAX_MESSAGES": "6"}) as server:
        server.warm()
        server.client.headers["api-key"] = "caller-key-1"
        yield server


def new() -> str:
    return f"t-{uuid4()}"


def ask(server: AppProcess, user: str, thread: str, **fields: Any) -> str:
    """The text of the answer on *thread*."""
    *answer, _ = server.events(user, thread_id=thread, **fields)
    return text_of(answer)


def thread(server: AppProcess, id: str) -> Any:
    answer = server.client.get(f"/api/threads/{id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_the_server_keeps_the_conversation(server: AppProcess) -> None:
    id = new()
    assert json.loads(ask(server, "one", id)) == ["one"]
    assert json.loads(ask(server, "two", id)) == ["one", '["one"]', "two"]
    kept = thread(server, id)
    assert kept.pop("updated_at")
    assert kept == {
        "id": id,
        "chain": "echo",
        "messages": [
            {"role": "user", "content": "one"},
            {"role": "assistant", "content": '["one"]'},
            {"role": "user", "content": "two"},
            {"role": "assistant", "content": json.dumps(["one", '["one"]', "two"])},
        ],
        "state": None,
        "pending": [],
    }


def test_a_history_of_a_chains_own_is_the_threads(server: AppProcess) -> None:
    id = new()
    assert json.loads(ask(server, "one", id, chain="remembering")) == ["one"]
    got = json.loads(ask(server, "two", id, chain="remembering"))
    assert got == ["one", '["one"]', "two"]
    assert json.loads(ask(server, "one", new(), chain="remembering")) == ["one"]


def test_messages_begin_a_thread_and_are_then_what_is_new(server: AppProcess) -> None:
    id = new()
    begun = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "1"},
        {"role": "user", "content": "two"},
    ]
    body: dict[str, Any] = {"thread_id": id, "messages": begun, "stream": False}
    answer = server.client.post("/api/chat", json=body).json()["content"]
    assert json.loads(answer) == ["Be brief.", "one", "1", "two"]
    body["messages"] = [{"role": "user", "content": "three"}]
    again = server.client.post("/api/chat", json=body).json()["content"]
    assert json.loads(again) == ["one", "1", "two", answer, "three"]


def test_past_the_limit_a_chain_gets_the_newest_messages(server: AppProcess) -> None:
    id = new()
    for number in range(5):
        got = json.loads(ask(server, f"question {number}", id))
    assert len(got) == 5
    assert got[0] == "question 2"
    assert len(thread(server, id)["messages"]) == 10


def test_calls_of_tools_and_their_results_are_kept(server: AppProcess) -> None:
    id = new()
    ask(server, "How is it?", id, chain="tool")
    call = {"name": "weather", "arguments": '{"city":"Bern"}'}
    assert thread(server, id)["messages"][1:] == [
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [{"id": "c1", "type": "function", "function": call}],
        },
        {
            "role": "tool",
            "content": "sunny",
            "name": "weather",
            "tool_call_id": "c1",
        },
        {"role": "assistant", "content": "It is sunny."},
    ]
    types = json.loads(ask(server, "And now?", id, chain="tool"))
    assert types == ["human", "ai", "tool", "ai", "human"]


def test_a_failed_run_leaves_the_thread_as_it_was(server: AppProcess) -> None:
    id = new()
    *_, (_, done) = server.events("one", thread_id=id, chain="failing")
    assert done["finish_reason"] == "error"
    assert code(server.client.get(f"/api/threads/{id}")) == (404, "not_found")
    assert json.loads(ask(server, "two", id)) == ["two"]


def test_a_run_whose_caller_left_is_kept_and_frees_the_thread(
    server: AppProcess,
) -> None:
    id = new()
    headers = {"api-key": "caller-key-1"}
    body = {"user": "one", "chain": "slow", "thread_id": id}
    url = f"{server.url}/api/chat"
    with httpx.stream("POST", url, json=body, headers=headers, timeout=20) as answer:
        lines = answer.iter_lines()
        next(lines)
        busy = server.chat("two", chain="slow", thread_id=id)
        assert code(busy) == (409, "thread_busy")
        assert busy.json()["error"]["retryable"]
    until(lambda: server.client.get(f"/api/threads/{id}").status_code == 200)
    assert thread(server, id)["messages"] == [
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "begun"},
    ]
    with httpx.stream("POST", url, json=body, headers=headers, timeout=20) as answer:
        assert answer.status_code == 200


def test_a_thread_is_one_chains(server: AppProcess) -> None:
    id = new()
    ask(server, "one", id)
    refused = server.chat("two", thread_id=id, chain="tool")
    assert code(refused) == (409, "thread_chain")
    assert "'echo'" in refused.json()["error"]["message"]
    assert len(json.loads(ask(server, "three", id))) == 3


def test_nobody_reads_ends_or_goes_on_with_anothers_thread(server: AppProcess) -> None:
    id = new()
    ask(server, "one", id)
    stranger = {"api-key": "caller-key-2"}
    for method in ("GET", "DELETE"):
        answer = server.client.request(method, f"/api/threads/{id}", headers=stranger)
        unknown = server.client.request(method, "/api/threads/t-no", headers=stranger)
        assert code(answer) == code(unknown) == (404, "not_found")
    listed = server.client.get("/api/threads", headers=stranger).json()["threads"]
    assert id not in [each["id"] for each in listed]
    body = {"user": "mine", "thread_id": id, "stream": False}
    own = server.client.post("/api/chat", json=body, headers=stranger).json()
    assert own["content"] == '["mine"]'
    assert len(thread(server, id)["messages"]) == 2


def test_a_deleted_thread_is_gone_and_its_id_is_free(server: AppProcess) -> None:
    id = new()
    ask(server, "one", id)
    deleted = server.client.delete(f"/api/threads/{id}")
    assert deleted.json() == {"id": id, "deleted": True}
    assert code(server.client.get(f"/api/threads/{id}")) == (404, "not_found")
    assert code(server.client.delete(f"/api/threads/{id}")) == (404, "not_found")
    listed = server.client.get("/api/threads").json()["threads"]
    assert id not in [each["id"] for each in listed]
    assert json.loads(ask(server, "two", id)) == ["two"]


def test_a_thread_that_is_deleted_ends_its_run(server: AppProcess) -> None:
    id = new()
    headers = {"api-key": "caller-key-1"}
    body = {"user": "one", "chain": "slow", "thread_id": id}
    url = f"{server.url}/api/chat"
    with httpx.stream("POST", url, json=body, headers=headers, timeout=20) as answer:
        lines = answer.iter_lines()
        next(lines)
        assert server.client.delete(f"/api/threads/{id}").status_code == 200
        *_, done = [line for line in lines if line.startswith("data:")]
        assert json.loads(done.removeprefix("data:"))["finish_reason"] == "cancelled"
    assert code(server.client.get(f"/api/threads/{id}")) == (404, "not_found")
    assert json.loads(ask(server, "two", id)) == ["two"]


def test_the_list_has_the_newest_first_fifty_a_page(server: AppProcess) -> None:
    headers = {"api-key": "caller-key-2"}
    ids = [f"page-{number:02}" for number in range(52)]
    for id in ids:
        body = {"user": f"  Title of {id}\n" + "x" * 90, "thread_id": id}
        answer = server.client.post("/api/chat", json=body, headers=headers)
        read_events(answer)
    first = server.client.get("/api/threads", headers=headers).json()["threads"]
    found = [each["id"] for each in first if each["id"] in ids]
    assert found == ids[:1:-1]
    assert len(first) == 50
    assert first[0]["title"].startswith("Title of page-51 xxx")
    assert (len(first[0]["title"]), first[0]["chain"]) == (80, "echo")
    query = {"before": first[-1]["updated_at"]}
    rest = server.client.get("/api/threads", params=query, headers=headers).json()
    assert [each["id"] for each in rest["threads"]][:2] == ["page-01", "page-00"]


@pytest.mark.parametrize(
    "thread_id", ["", "x" * 129, "a b", "a/b", "ü", "a\n", ".", "..", 7, ["a"], {}]
)
def test_what_can_be_no_id_is_refused(server: AppProcess, thread_id: object) -> None:
    body = {"user": "one", "thread_id": thread_id}
    answer = server.client.post("/api/chat", json=body)
    assert code(answer) == (400, "invalid_request")
    assert "thread_id" in answer.text


@pytest.mark.parametrize("id", ["%00", "a%0A", "a%20b", "%C3%BC", "x" * 129, "a%7Cb"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_nor_is_there_a_thread_of_such_an_id(
    server: AppProcess, method: str, id: str
) -> None:
    answer = server.client.request(method, f"/api/threads/{id}")
    assert code(answer) == (404, "not_found")


def test_nothing_is_pending_on_a_thread_of_messages(server: AppProcess) -> None:
    id = new()
    ask(server, "one", id)
    body = {"thread_id": id, "resume": True}
    answer = server.client.post("/api/chat", json=body)
    assert code(answer) == (400, "invalid_request")
    assert "nothing is pending" in answer.text
    assert len(json.loads(ask(server, "two", id))) == 3


PARTS = [{"type": "text", "text": "one"}]
WIRES: dict[str, dict[str, Any]] = {
    "json": {"user": "one"},
    "text": {"user": "one"},
    "delta": {"user": "one"},
    "plain": {"user": "one"},
    "openai": {"model": "echo", "messages": [QUESTION]},
    "ui-message": {"messages": [{"role": "user", "parts": PARTS}]},
}


@pytest.mark.parametrize("wire", WIRES)
def test_every_dialect_has_threads(server: AppProcess, wire: str) -> None:
    id = new()
    for stream in (True, False):
        body = {**WIRES[wire], "thread_id": id, "stream": stream}
        answer = server.client.post(f"/api/chat/{wire}", json=body)
        assert answer.status_code == 200, answer.text
    assert [each["content"] for each in thread(server, id)["messages"]] == [
        "one",
        '["one"]',
        "one",
        json.dumps(["one", '["one"]', "one"]),
    ]


def test_a_page_may_post_its_whole_conversation(server: AppProcess) -> None:
    id = new()
    answer = [{"type": "text", "text": '["one"]'}]
    newer = [{"type": "text", "text": "two"}]
    posted = [
        {"role": "user", "parts": PARTS},
        {"role": "assistant", "parts": answer},
        {"role": "user", "parts": newer},
    ]
    for count in (1, 3):
        body = {"messages": posted[:count], "thread_id": id}
        server.client.post("/api/chat/ui-message", json=body)
    kept = [each["content"] for each in thread(server, id)["messages"]]
    assert kept[:3] == ["one", '["one"]', "two"]
    assert len(kept) == 4
