"""AG-UI's `HttpAgent`, whose verifier refuses a stream that breaks the protocol."""

import subprocess
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from tests.clients.node_scripts import run
from tests.standin.process import StandIn
from tests.support.aimock import NODE, PACKAGE
from tests.support.app_process import AppProcess, until
from tests.support.markdown import LOCAL, only
from tests.support.waiting_chains import CHAINS

pytestmark = pytest.mark.client("ag-ui")

PATH = "/api/chat/ag-ui"
WEATHER = {"name": "get_weather", "description": "How it is outside."}


@pytest.fixture(scope="module")
def waiting() -> Iterator[AppProcess]:
    with AppProcess({"CHAINS": CHAINS, "CHAT_CHAIN": "approval"}) as server:
        yield server


def converse(server: AppProcess, chain: str, *steps: Any, **given: Any) -> Any:
    """What the agent has after *steps*: its messages, and each run's events."""
    asked = [{**step, "forwardedProps": {"chain": chain}} for step in steps]
    runs = server.url + "/api/runs"
    told = run("ag_ui.mjs", url=server.url + PATH, runs=runs, steps=asked, **given)
    assert told["warnings"] == []
    return told


def roles(told: Any) -> list[str]:
    return [message["role"] for message in told["messages"]]


def outcome(told: Any, number: int = -1) -> Any:
    assert told["runs"][number]["error"] is None
    last = told["runs"][number]["events"][-1]
    assert last["type"] == "RUN_FINISHED"
    return last["outcome"]


@pytest.mark.tries("stream")
def test_a_conversation_goes_on_and_its_thread_has_each_message_once(
    app: AppProcess,
) -> None:
    steps = ({"say": "standin:answer tokens=2"}, {"say": "standin:answer tokens=3"})
    told = converse(app, "chat", *steps)
    assert roles(told) == ["user", "assistant"] * 2
    assert outcome(told) == {"type": "success"}
    [usage] = told["runs"][-1]["events"][-1]["usage"]
    assert usage["outputTokens"] == 3
    kept = app.client.get(f"/api/threads/{told['threadId']}").json()["messages"]
    assert [each["content"] for each in kept] == [
        each["content"] for each in told["messages"]
    ]


def test_reasoning_and_sources_reach_the_page(app: AppProcess) -> None:
    told = converse(app, "chat", {"say": "standin:reasoning"})
    assert roles(told) == ["user", "reasoning", "assistant"]
    events = converse(app, "sources", {"say": "hello"})["runs"][0]["events"]
    cited = [each for each in events if each["type"] == "CUSTOM"]
    assert {each["name"] for each in cited} == {"citation"}


@pytest.mark.tries("tools")
def test_tools_of_the_server_are_shown_with_their_results(app: AppProcess) -> None:
    told = converse(app, "agent", {"say": "hello"}, {"say": "again"})
    assert "tool" in roles(told)
    assert outcome(told) == {"type": "success"}
    for place, message in enumerate(told["messages"]):
        if message["role"] == "tool":
            before = told["messages"][place - 1]
            assert before.get("toolCalls") or before["role"] == "tool"


@pytest.mark.tries("tools")
def test_a_tool_of_the_page_is_answered_and_the_answer_goes_on(
    app: AppProcess, standin: StandIn
) -> None:
    question = {"say": "standin:tools tag=ag-ui-tool", "tools": [WEATHER]}
    told = converse(app, "chat", question, {"answer": "21 degrees", "tools": [WEATHER]})
    [called] = told["messages"][1]["toolCalls"]
    assert outcome(told, 0)["pendingToolCallIds"] == [called["id"]]
    assert roles(told) == ["user", "assistant", "tool", "assistant"]
    asked: Any = standin.requests("ag-ui-tool")[-1]["body"]
    assert asked["tools"] == [{"type": "function", "function": WEATHER}]
    assert asked["messages"][-1]["content"] == "21 degrees"


@pytest.mark.tries("approval")
def test_a_graph_waits_and_goes_on_with_what_the_page_decides(
    waiting: AppProcess,
) -> None:
    told = converse(waiting, "approval", {"say": "Why?"}, {"payloads": [True]})
    [interrupt] = outcome(told, 0)["interrupts"]
    assert interrupt["reason"] == "input_required"
    assert interrupt["metadata"] == {"value": {"about": "Why?"}}
    assert told["messages"][-1]["content"] == "You said True."
    assert told["pending"] == []


@pytest.mark.tries("approval")
def test_two_questions_are_answered_together(waiting: AppProcess) -> None:
    told = converse(waiting, "both", {"say": "Why?"}, {"payloads": ["a", "b"]})
    assert len(outcome(told, 0)["interrupts"]) == 2
    assert "two b" in told["messages"][-1]["content"]


@pytest.mark.tries("approval")
def test_an_agents_tool_runs_once_it_was_approved(waiting: AppProcess) -> None:
    payload = {"decisions": [{"type": "approve"}]}
    told = converse(waiting, "paying", {"say": "Pay."}, {"payloads": [payload]})
    [interrupt] = outcome(told, 0)["interrupts"]
    [called] = told["messages"][1]["toolCalls"]
    assert (interrupt["reason"], interrupt["toolCallId"]) == ("tool_call", called["id"])
    assert roles(told) == ["user", "assistant", "tool", "assistant"]
    assert told["messages"][2]["content"] == "Paid 5."


@pytest.mark.tries("error")
def test_an_error_before_the_stream_is_its_status(app: AppProcess) -> None:
    told = converse(app, "chat", {"say": "standin:rate_limited"})
    error = told["runs"][0]["error"]
    assert error["status"] == 429
    assert error["payload"]["error"]["code"] == "rate_limited"


@pytest.mark.tries("error")
@pytest.mark.parametrize("scenario", ["cut", "drop", "malformed", "error_event"])
def test_a_later_error_is_the_last_event(app: AppProcess, scenario: str) -> None:
    told = converse(app, "chat", {"say": f"standin:{scenario} tokens=3"})
    events = told["runs"][0]["events"]
    assert events[-1]["type"] == "RUN_ERROR"
    assert events[-1]["code"].startswith("upstream_")
    assert [each["type"] for each in events].count("RUN_ERROR") == 1


@pytest.mark.tries("error")
def test_a_deadline_is_an_error(brief: AppProcess) -> None:
    say = "standin:answer tokens=100 delay_ms=100"
    [told] = converse(brief, "chat", {"say": say})["runs"]
    assert (told["events"][-1]["type"], told["events"][-1]["code"]) == (
        "RUN_ERROR",
        "deadline",
    )


@pytest.mark.tries("stop")
def test_a_run_that_is_stopped_by_its_id_was_cancelled(app: AppProcess) -> None:
    say = "standin:answer tokens=1000 delay_ms=20"
    told = converse(app, "chat", {"say": say, "stop": True})
    assert outcome(told) == {"type": "cancelled"}
    assert roles(told) == ["user", "assistant"]


@pytest.mark.tries("stream")
def test_a_silent_stream_is_waited_for(impatient: AppProcess) -> None:
    told = converse(impatient, "chat", {"say": "standin:answer tokens=2 first_ms=900"})
    assert outcome(told) == {"type": "success"}


@pytest.mark.tries("stop")
def test_a_run_that_the_page_stops_leaves_a_thread_that_goes_on(
    app: AppProcess,
) -> None:
    endless = {"say": "standin:answer tokens=1000 delay_ms=20", "abort": True}
    thread = str(uuid4())
    told = converse(app, "chat", endless, threadId=thread)
    assert told["runs"][0]["events"][-1]["type"] != "RUN_FINISHED"
    path = f"/api/threads/{thread}"
    until(lambda: app.client.get(path).status_code == 200, seconds=5)
    said = told["messages"]
    say = {"say": "standin:answer tokens=2"}
    told = converse(app, "chat", say, threadId=thread, messages=said)
    assert outcome(told) == {"type": "success"}
    kept = app.client.get(path).json()["messages"]
    assert [each["role"] for each in kept] == roles(told)


def test_the_pages_example_prints_the_answer(app: AppProcess) -> None:
    code = only("mjs", "docs/ag-ui.md").replace(LOCAL, app.url)
    result = subprocess.run(
        [str(NODE), "--input-type=module", "--eval", code],
        cwd=PACKAGE,
        capture_output=True,
        timeout=40,
        check=True,
    )
    assert "Paris" in result.stdout.decode()
