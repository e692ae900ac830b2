"""`useChat` whose page approves or denies what a graph asks, by the AI SDK itself."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.clients.node_scripts import run
from tests.support.app_process import AppProcess
from tests.support.waiting_chains import CHAINS

PATH = "/api/chat/ui-message"
SDKS = ["ai-v6", "ai"]


@pytest.fixture(scope="module")
def waiting() -> Iterator[AppProcess]:
    with AppProcess({"CHAINS": CHAINS, "CHAT_CHAIN": "approval"}) as server:
        yield server


def converse(server: AppProcess, sdk: str, chain: str, *decisions: Any) -> Any:
    return run(
        "chat_approval.mjs",
        sdk=sdk,
        url=server.url + PATH,
        body={"chain": chain, "thread_id": str(uuid4())},
        question="Why?",
        decisions=decisions,
    )


def said(told: Any) -> str:
    parts = [part for message in told["messages"][1:] for part in message["parts"]]
    return "".join(part["text"] for part in parts if part["type"] == "text")


@pytest.mark.tries("approval")
@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("approved", [True, False])
def test_a_decision_is_posted_by_itself_and_the_graph_goes_on(
    waiting: AppProcess, sdk: str, approved: bool
) -> None:
    told = converse(waiting, sdk, "approval", {"approved": approved})
    assert (told["posts"], told["error"]) == (2, None)
    assert said(told) == f"You said {approved}."


@pytest.mark.tries("approval")
@pytest.mark.parametrize("sdk", SDKS)
def test_two_questions_are_answered_together(waiting: AppProcess, sdk: str) -> None:
    told = converse(waiting, sdk, "both", {"approved": True}, {"approved": False})
    assert (told["posts"], told["error"]) == (2, None)
    assert "two False" in said(told)


@pytest.mark.tries("approval")
@pytest.mark.parametrize("sdk", SDKS)
@pytest.mark.parametrize("approved", [True, False])
def test_an_agents_tool_runs_if_it_was_approved(
    waiting: AppProcess, sdk: str, approved: bool
) -> None:
    decision = {"approved": approved, "reason": "Too much"}
    told = converse(waiting, sdk, "paying", decision)
    assert (told["posts"], told["error"]) == (2, None)
    assert said(told) == "Let me pay. Done."
    outputs = [part.get("output") for part in told["messages"][-1]["parts"]]
    assert ("Paid 5." in outputs) == approved


def test_a_chat_of_the_sdks_first_version_gets_an_error_and_can_go_on(
    waiting: AppProcess,
) -> None:
    """Its stream has no word for a question; the thread has it all the same."""
    body = {"chain": "approval", "thread_id": (thread := str(uuid4()))}
    url = waiting.url + PATH
    told = run(
        "chat_approval.mjs",
        sdk="ai-v5",
        url=url,
        body=body,
        question="Why?",
        decisions=[],
    )
    assert told["posts"] == 1
    assert told["error"]
    answer = waiting.client.post(
        "/api/chat",
        json={"chain": "approval", "thread_id": thread, "resume": 1, "stream": False},
    )
    assert answer.json()["content"] == "You said 1."
