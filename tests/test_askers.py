"""Who asks: what a chain knows of it, and what the record says, in every dialect."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, text_of

KEYS = {"API_KEYS": "web:caller-key-1"}
CHAINS = ",".join(
    f"{name}=tests.support.asking_chains:{name}" for name in ("asking", "function")
)
QUESTION = {"role": "user", "content": "hello"}
PARTS = {"role": "user", "parts": [{"type": "text", "text": "hello"}]}
WIRES: dict[str, dict[str, Any]] = {
    "json": {"user": "hello", "end_user": "ann"},
    "text": {"user": "hello", "end_user": "ann"},
    "delta": {"user": "hello", "end_user": "ann"},
    "plain": {"user": "hello", "end_user": "ann"},
    "openai": {"messages": [QUESTION], "user": "ann"},
    "ui-message": {"messages": [PARTS], "end_user": "ann"},
}


@pytest.fixture(scope="module")
def server(standin: StandIn) -> Iterator[AppProcess]:
    settings = azure(standin, CHAINS=CHAINS, CHAT_CHAIN="asking", **KEYS)
    with AppProcess(settings) as server:
        server.warm()
        server.client.headers["api-key"] = "caller-key-1"
        yield server


def test_a_chain_knows_who_asks(server: AppProcess) -> None:
    fields = {"end_user": "ann", "metadata": {"tab": "3"}}
    server.client.headers["x-request-id"] = "asker-1"
    *answer, _ = server.events("hello", **fields)
    told = json.loads(text_of(answer))
    assert told.pop("thread_id")
    assert told == {
        "principal": "web",
        "end_user": "ann",
        "request_id": "asker-1",
        "metadata": {"tab": "3"},
    }
    del server.client.headers["x-request-id"]


def test_a_chain_knows_if_nothing_is_known(server: AppProcess) -> None:
    *first, _ = server.events("hello")
    *second, _ = server.events("hello")
    told, other = json.loads(text_of(first)), json.loads(text_of(second))
    assert (told["end_user"], told["metadata"]) == (None, {})
    assert told["thread_id"] != other["thread_id"]


def test_a_runnable_within_knows_it_too(server: AppProcess) -> None:
    *answer, _ = server.events("hello", chain="function", end_user="ann")
    assert json.loads(text_of(answer)) == {"principal": "web", "end_user": "ann"}


def test_no_metadata_of_a_caller_means_something_to_langchain(
    server: AppProcess,
) -> None:
    theirs = {"ls_model_name": "x", "lc_source": "summarization", "inner_call": "1"}
    *answer, _ = server.events("hello", metadata={**theirs, "mine": "1"})
    assert json.loads(text_of(answer))["metadata"] == {"mine": "1"}


@pytest.mark.parametrize("wire", WIRES)
def test_the_record_says_who_asks(server: AppProcess, wire: str) -> None:
    request_id = f"asked-{wire}"
    answer = server.client.post(
        f"/api/chat/{wire}",
        json={**WIRES[wire], "metadata": {"tab": "3"}, "model": "asking"}
        if wire == "openai"
        else {**WIRES[wire], "metadata": {"tab": "3"}},
        headers={"x-request-id": request_id},
    )
    assert answer.status_code == 200, answer.text
    record = server.record(request_id)
    assert (record["end_user"], record["metadata"]) == ("ann", {"tab": "3"})
    assert record["thread_id"] is None


def test_the_record_of_a_proxied_call_says_who_asks(server: AppProcess) -> None:
    asked = {"messages": [{"role": "user", "content": "standin:answer"}]}
    server.client.post(
        "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        json={**asked, "user": "ann"},
        headers={"x-request-id": "asked-proxied"},
    )
    record = server.record("asked-proxied")
    assert (record["end_user"], record["metadata"]) == ("ann", None)


def test_a_question_in_the_field_of_the_end_user_is_not_logged(
    server: AppProcess,
) -> None:
    answer = server.client.post(
        "/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
        json={"user": "standin:answer as if this were the question"},
        headers={"x-request-id": "confused"},
    )
    assert answer.status_code == 400
    assert server.record("confused")["end_user"] is None


@pytest.mark.parametrize("user", ["", "x" * 600, 7, ["ann"], {}])
def test_openais_user_may_be_anything(server: AppProcess, user: object) -> None:
    body = {"model": "asking", "messages": [QUESTION], "user": user}
    answer = server.client.post("/openai/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("metadata", [{"a": 1}, {"a": "x" * 513}, {"": "x"}, ["a"], 7])
@pytest.mark.parametrize("wire", ["json", "openai", "ui-message"])
def test_metadata_of_another_form_is_refused(
    server: AppProcess, wire: str, metadata: object
) -> None:
    body = {**WIRES[wire], "metadata": metadata}
    if wire == "openai":
        body["model"] = "asking"
    answer = server.client.post(f"/api/chat/{wire}", json=body)
    assert answer.status_code == 400
    assert "metadata" in answer.text
