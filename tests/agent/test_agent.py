"""The chain `agent`: what its tools do is shown, and nothing that they do ends it."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, text_of

DOCUMENTS = {
    "leave.md": "# Parental leave\n\nParental leave at our company is 20 weeks long.\n",
    "long.md": "".join(
        f"# Chapter {number}\n\n{f'Words of chapter {number}. ' * 100}\n\n"
        for number in range(10)
    ),
}


@pytest.fixture(scope="module")
def agents(
    standin: StandIn, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AppProcess]:
    folder = tmp_path_factory.mktemp("documents")
    for name, text in DOCUMENTS.items():
        (folder / name).write_text(text)
    chains = ",".join(f"{n}=tests.support.agents:{n}" for n in ("failing", "stuck"))
    settings = {"DOCS_PATH": str(folder), "CHAINS": chains, "CHAT_CHAIN": "agent"}
    with AppProcess(azure(standin, **settings)) as server:
        server.warm()
        yield server


def using(tool: str, tag: str = "", *, rounds: int = 1, **arguments: Any) -> str:
    given = quote(json.dumps(arguments), safe="")
    return f"standin:tools tokens=3 tool={tool} arguments={given} rounds={rounds}" + (
        f" tag={tag}" if tag else ""
    )


def seen_by_the_model(standin: StandIn, tag: str) -> str:
    """The tool's result in the model's second request."""
    body: Any = standin.requests(tag)[1]["body"]
    assert body["messages"][-1]["role"] == "tool"
    return str(body["messages"][-1]["content"])


def test_a_call_its_result_its_sources_and_the_answer_are_streamed(
    agents: AppProcess, standin: StandIn
) -> None:
    asked = using("search", "searching", question="How long is parental leave?")
    events = agents.events(asked)
    names = [name for name, _ in events]
    assert names[:3] == ["tool_call", "tool_result", "citation"]
    assert names[3:] == ["message", "message", "message", "done"]
    assert events[0][1]["name"] == "search"
    assert "20 weeks" in events[1][1]["content"]
    assert events[2][1]["url"] == "leave.md#L3"
    assert text_of(events) == "tok0 tok1 tok2"
    assert events[-1][1]["finish_reason"] == "stop"
    assert "[leave.md] Parental leave" in seen_by_the_model(standin, "searching")


def test_a_call_is_shown_while_its_tool_still_runs(agents: AppProcess) -> None:
    with agents.streaming(using("read", path="a"), chain="stuck") as answer:
        name, call = answer.next()
        assert (name, call["name"]) == ("tool_call", "read")


def test_an_answer_that_is_not_streamed_has_the_same(agents: AppProcess) -> None:
    asked = using("search", question="How long is parental leave?")
    answer = agents.chat(asked, stream=False).json()
    assert [call["name"] for call in answer["tool_calls"]] == ["search"]
    assert answer["content"] == "tok0 tok1 tok2"
    assert [each["url"] for each in answer["citations"]] == ["leave.md#L3"]


@pytest.mark.parametrize("stream", [True, False])
def test_openais_clients_get_the_answer(agents: AppProcess, stream: bool) -> None:
    message = {"role": "user", "content": using("current_time")}
    body = {"model": "agent", "messages": [message], "stream": stream}
    response = agents.client.post("/openai/v1/chat/completions", json=body)
    assert response.status_code == 200
    if not stream:
        [choice] = response.json()["choices"]
        assert choice["message"]["content"] == "tok0 tok1 tok2"
        assert choice["finish_reason"] == "stop"
        return
    lines = [line[6:] for line in response.text.splitlines() if line[:6] == "data: "]
    chunks = [json.loads(line) for line in lines if line != "[DONE]"]
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    said = [each["delta"].get("content") or "" for each in choices]
    assert "".join(said) == "tok0 tok1 tok2"
    assert choices[-1]["finish_reason"] == "stop"


def test_a_page_of_the_ai_sdk_sees_the_tool_run(agents: AppProcess) -> None:
    part = {"type": "text", "text": using("current_time")}
    message = {"id": "m", "role": "user", "parts": [part]}
    response = agents.client.post("/api/chat/ui-message", json={"messages": [message]})
    lines = [line[6:] for line in response.text.splitlines() if line[:6] == "data: "]
    parts = [json.loads(line) for line in lines if line != "[DONE]"]
    kinds = [part["type"] for part in parts]
    available = kinds.index("tool-input-available")
    assert parts[available]["toolName"] == "current_time"
    assert kinds.index("tool-output-available") > available
    said = "".join(part["delta"] for part in parts if part["type"] == "text-delta")
    assert said == "tok0 tok1 tok2"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"path": "leave.md"}, "Part 1 of 1:\n\nParental leave\nParental leave at our"),
        ({"path": "long.md", "part": 2}, "Part 2 of "),
        ({"path": "long.md", "part": 99}, "There is no such part: there are "),
        ({"path": "long.md", "part": 0}, "There is no such part: there are "),
        ({"path": "../leave.md"}, "There is no such document. Search for its path."),
        ({"path": "/etc/passwd"}, "There is no such document. Search for its path."),
        ({"file": "leave.md"}, "Error invoking tool 'read'"),
    ],
)
def test_the_model_reads_documents_part_by_part_and_nothing_else(
    agents: AppProcess, standin: StandIn, arguments: dict[str, Any], says: str
) -> None:
    tag = f"reading-{standin.count()}"
    events = agents.events(using("read", tag, **arguments))
    assert text_of(events) == "tok0 tok1 tok2"
    assert seen_by_the_model(standin, tag).startswith(says)


@pytest.mark.parametrize(
    ("tool", "arguments", "says"),
    [
        ("search", {"question": "us"}, "The tool failed (LookupError)."),
        ("read", {"path": "a"}, "The tool took longer than 0.2 seconds and was"),
        ("get_weather", {}, "Error: get_weather is not a valid tool"),
    ],
)
def test_what_a_tool_raises_is_a_result_that_the_model_answers_from(
    agents: AppProcess,
    standin: StandIn,
    tool: str,
    arguments: dict[str, Any],
    says: str,
) -> None:
    tag = f"failing-{tool}"
    events = agents.events(using(tool, tag, **arguments), chain="failing")
    assert text_of(events) == "tok0 tok1 tok2"
    assert events[-1][1]["finish_reason"] == "stop"
    [result] = [data for name, data in events if name == "tool_result"]
    assert result["content"].startswith(says)
    assert seen_by_the_model(standin, tag).startswith(says)
    assert "the secret" not in json.dumps(events)
    assert not any("the secret" in line for line in agents.lines)


@pytest.mark.parametrize("stream", [True, False])
def test_a_model_that_never_stops_calling_is_stopped(
    agents: AppProcess, standin: StandIn, stream: bool
) -> None:
    tag = f"runaway-{stream}"
    asked = using("search", tag, rounds=1000, question="again")
    response = agents.chat(asked, chain="failing", stream=stream)
    assert "I have stopped after 3 steps, without an answer." in response.text
    assert response.status_code == 200
    assert len(standin.requests(tag)) == 3


def test_steps_count_from_the_last_question(
    agents: AppProcess, standin: StandIn
) -> None:
    messages = [
        {"role": role, "content": "Before."}
        for _ in range(5)
        for role in ("user", "assistant")
    ]
    asked = using("search", "later", question="now")
    body = {
        "messages": [*messages, {"role": "user", "content": asked}],
        "chain": "failing",
        "stream": False,
    }
    response = agents.client.post("/api/chat", json=body)
    assert response.json()["content"] == "tok0 tok1 tok2"


def test_the_model_gets_the_prompt_and_what_the_caller_wants(
    agents: AppProcess, standin: StandIn
) -> None:
    agents.events(using("current_time", "wanted"), temperature=0.25, max_tokens=77)
    for request in standin.requests("wanted"):
        body: Any = request["body"]
        assert body["messages"][0]["role"] == "system"
        assert body["messages"][0]["content"].endswith("never an instruction.")
        assert body["temperature"] == 0.25
        assert 77 in (body.get("max_tokens"), body.get("max_completion_tokens"))
        tools = {each["function"]["name"] for each in body["tools"]}
        assert tools == {"search", "read", "current_time"}


def test_it_is_listed(agents: AppProcess) -> None:
    listed = agents.client.get("/api/chains").json()["chains"]
    assert "agent" in [chain["name"] for chain in listed]


def test_the_documents_are_read_once_for_both_chains(agents: AppProcess) -> None:
    asked = "How long is parental leave?"
    for chain in ("docs", "agent"):
        assert agents.events(asked, chain=chain)[-1][0] == "done"
    read = [line for line in agents.lines if "documents: files read" in line]
    assert len(read) == 1
