"""The complete files of README and docs, saved as they say, in a copy of the app."""

import json
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import azure
from tests.docs.test_commands import MAKES, words
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, read_events, text_of
from tests.support.markdown import PAGES, ROOT, after, blocks, files

SAVED_AS = [
    "chains/desk.py",
    "chains/haiku.py",
    "chains/handbook.py",
    "chains/helper.py",
    "chains/hours.py",
    "my_assistant.py",
    "my_graph.py",
    "streaming/dialects/ndjson.py",
    "telemetry/sinks/statsd.py",
]
HIDDEN = """\
    hidden = model.with_config(tags=["nostream"])

    async def answer(state: MessagesState, config: RunnableConfig) -> MessagesState:
        await hidden.ainvoke("standin:answer tokens=9", config)
"""


@pytest.fixture(scope="module")
def statsd() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as statsd:
        statsd.bind(("127.0.0.1", 0))
        statsd.settimeout(20)
        yield statsd


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory, statsd: socket.socket) -> Path:
    """What would be deployed, with the pages' files and the example settings in it."""
    copy = tmp_path_factory.mktemp("examples") / "app"
    ignored = (ROOT / ".funcignore").read_text("utf-8").splitlines()
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*ignored))
    shutil.copy(ROOT / "local.settings.json.example", copy / "local.settings.json")
    for path, code in files().items():
        (copy / path).write_text(code, encoding="utf-8")
    sink = copy / "telemetry/sinks/statsd.py"
    port = str(statsd.getsockname()[1])
    sink.write_text(sink.read_text("utf-8").replace("8125", port), encoding="utf-8")
    return copy


def settings(standin: StandIn, **more: str) -> dict[str, str]:
    """Those of the copy; `devhost` is not deployed."""
    return azure(standin, CHAT_CHAIN="haiku", PYTHONPATH=str(ROOT), **more)


@pytest.fixture(scope="module")
def example(copy: Path, standin: StandIn) -> Iterator[AppProcess]:
    """The copy, running over the stand-in."""
    graph = (copy / "my_graph.py").read_text("utf-8")
    begins = "\n    async def answer(state: MessagesState, config: RunnableConfig)"
    before, _, rest = graph.partition(begins)
    hiding = before + HIDDEN + rest.partition("\n")[2]
    (copy / "my_hiding_graph.py").write_text(hiding, encoding="utf-8")
    brought = "graph=my_graph:build,hiding=my_hiding_graph:build"
    with AppProcess(settings(standin, CHAINS=brought), cwd=copy) as server:
        server.warm()
        for chain in ("haiku", "handbook", "helper", "desk", "graph", "hiding"):
            server.chat("Hello", chain=chain)  # What is imported now keeps no test.
        yield server


def lines(response: httpx.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in response.text.splitlines()]


def test_there_is_a_complete_file_of_each_kind() -> None:
    assert sorted(files()) == sorted(SAVED_AS)


def test_the_complete_files_pass_this_projects_linter(copy: Path) -> None:
    ruff = [sys.executable, "-m", "ruff"]
    config = ["--config", str(ROOT / "pyproject.toml")]
    for command in (["check"], ["format", "--check", "--diff"]):
        done = subprocess.run(
            [*ruff, *command, *config, "--no-cache", *SAVED_AS],
            cwd=copy,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_quick_start_answers_as_shown(offline: AppProcess) -> None:
    command = shlex.split(after("Ask it something", "sh"))
    shown = after("its beginning and its end", "")
    assert command[2] == "http://127.0.0.1:7071/api/chat"
    answer = offline.chat(json.loads(command[-1])["user"]).text
    pattern = re.escape(shown).replace("…", ".*?")
    assert re.fullmatch(pattern, answer, re.DOTALL), answer[:600]


def test_the_chain_streams_by_its_files_name(example: AppProcess) -> None:
    *deltas, (_, done) = example.events("standin:answer tokens=3")
    assert [data["delta_content"] for _, data in deltas] == ["tok0", " tok1", " tok2"]
    assert done["finish_reason"] == "stop"
    assert json.loads(text_of(example.events("standin:echo"))) == [
        {"role": "system", "content": "Write a haiku."},
        {"role": "user", "content": "standin:echo"},
    ]
    listed = example.client.get("/api/chains").json()
    assert listed["default"] == "haiku"
    described = {"name": "haiku", "description": "Answers in three lines."}
    assert described in listed["chains"]


def test_the_rag_chain_cites_its_source_and_hides_its_inner_call(
    example: AppProcess, standin: StandIn
) -> None:
    asked = standin.count()
    (name, citation), *answer = example.events("standin:echo", chain="handbook")
    assert name == "citation"
    assert citation == {
        "id": "1",
        "title": "Leave",
        "url": "https://example.com/leave",
        "snippet": "Parental leave is 20 weeks.",
    }
    assert json.loads(text_of(answer[:-1])) == [
        {"role": "system", "content": "Answer from:\nParental leave is 20 weeks."},
        {"role": "user", "content": "standin:echo"},
    ]
    assert standin.count() == asked + 2


def test_the_tutorial_asks_a_chain_that_answers(example: AppProcess) -> None:
    [command] = [each for each in MAKES if each.startswith("make ask CHAIN=handbook ")]
    _, _, given = words(command)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "devhost.ask", "--chain", given["CHAIN"]),
            *("--url", example.url, given["Q"]),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()


def test_the_helper_takes_the_callers_tools(
    example: AppProcess, standin: StandIn
) -> None:
    asked = {"role": "user", "content": "standin:tools tag=helper"}
    tool = {"type": "function", "function": {"name": "f"}}
    body = {"model": "helper", "messages": [asked], "tools": [tool]}
    response = example.client.post("/openai/v1/chat/completions", json=body)
    assert response.json()["choices"][0]["finish_reason"] == "tool_calls"
    assert standin.wait("helper")["body"]["tools"] == [tool]


def test_the_graph_streams_token_by_token(example: AppProcess) -> None:
    *deltas, _ = example.events("standin:answer tokens=3", chain="graph")
    assert [data["delta_content"] for _, data in deltas] == ["tok0", " tok1", " tok2"]


def test_a_call_with_the_tag_nostream_is_not_shown(example: AppProcess) -> None:
    events = example.events("standin:answer tokens=2", chain="hiding")
    assert text_of(events[:-1]) == "tok0 tok1"


def test_the_dialect_writes_every_event_as_a_line(example: AppProcess) -> None:
    question = {"user": "standin:answer tokens=2"}
    response = example.client.post("/api/chat/ndjson", json=question)
    first, second, done = lines(response)
    assert response.headers["content-type"] == "application/x-ndjson"
    assert first == {"type": "TextDelta", "deployment": "gpt-4o", "text": "tok0"}
    assert second == {"type": "TextDelta", "deployment": "gpt-4o", "text": " tok1"}
    assert (done["type"], done["finish_reason"]) == ("Done", "stop")
    assert done["usage"]["output_tokens"] == 2


def test_the_dialect_writes_a_late_error_as_a_line(example: AppProcess) -> None:
    response = example.client.post("/api/chat/ndjson", json={"user": "standin:cut"})
    *_, error, done = lines(response)
    assert (error["type"], error["code"]) == ("Error", "upstream_incomplete")
    assert done["finish_reason"] == "error"


def test_the_dialect_writes_an_answer_without_a_stream_as_one_object(
    example: AppProcess,
) -> None:
    question = {"user": "standin:answer tokens=3", "stream": False}
    whole = example.client.post("/api/chat/ndjson", json=question)
    assert whole.headers["content-type"] == "application/json"
    assert whole.json() == {"text": "tok0 tok1 tok2"}
    question = {"user": "standin:cut tokens=3", "stream": False}
    failed = example.client.post("/api/chat/ndjson", json=question)
    assert failed.status_code == 502
    assert failed.json()["error"]["code"] == "upstream_incomplete"


def test_the_dialect_answers_a_bad_request_as_json(example: AppProcess) -> None:
    response = example.client.post("/api/chat/ndjson", json={"user": ""})
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "invalid_request"


def test_a_chain_that_can_do_without_a_model_does(
    example: AppProcess, copy: Path
) -> None:
    other = {"user": "standin:answer tokens=3", "chain": "hours"}
    assert text_of(example.events(**other)[:-1]) == "tok0 tok1 tok2"
    with AppProcess({"PYTHONPATH": str(ROOT)}, cwd=copy) as server:
        server.warm()
        told = server.events("When are you open?", chain="hours")
        assert text_of(told[:-1]) == "We are open from 9 to 5."
        assert text_of(server.events(**other)[:-1]) == "I only know when we are open."
        refused = server.chat("Hello", chain="haiku")
        assert refused.status_code == 503
        assert "AZURE_OPENAI_ENDPOINT" in refused.json()["error"]["message"]


def test_the_dialect_sends_keep_alives(copy: Path, standin: StandIn) -> None:
    limits = {"FIRST_TOKEN_PEEK_SECONDS": "0.3", "KEEPALIVE_SECONDS": "0.2"}
    with AppProcess(settings(standin, **limits), cwd=copy) as server:
        server.warm()
        question = {"user": "standin:answer first_ms=900"}
        response = server.client.post("/api/chat/ndjson", json=question)
        assert lines(response)[0] == {"type": "KeepAlive"}


def test_the_sink_is_told_of_a_run(example: AppProcess, statsd: socket.socket) -> None:
    *_, (_, done) = example.events("standin:answer tokens=2", chain="graph")
    expected = (
        f"chat.graph.ok.latency:{done['latency_ms']}|ms\n"
        f"chat.graph.ok.tokens:{done['usage']['total_tokens']}|c"
    )
    while statsd.recv(4096).decode() != expected:
        pass


def test_the_native_dialect_still_answers_beside_it(example: AppProcess) -> None:
    response = example.client.post("/api/http_trigger", json={"user": "Hello"})
    assert read_events(response)[-1][0] == "done"


def test_all_python_is_a_complete_file() -> None:
    assert len(blocks("python")) == len(SAVED_AS)


def test_every_page_is_deployed(copy: Path) -> None:
    for page in [*PAGES, "SECURITY.md"]:
        assert (copy / page).exists(), page
