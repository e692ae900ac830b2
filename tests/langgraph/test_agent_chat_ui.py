"""The requests of agent-chat-ui, as its page in a browser sends them."""

from typing import Any

import httpx

from tests.langgraph.sdk import ANN
from tests.support.app_process import AppProcess, read_events

ORIGIN = "http://localhost:3000"
PAGE = {"origin": ORIGIN, "x-api-key": ANN}


def post(server: AppProcess, path: str, body: Any = None) -> httpx.Response:
    return server.client.post(f"/langgraph{path}", json=body or {}, headers=PAGE)


def run(server: AppProcess, thread: str, chain: str, **more: Any) -> httpx.Response:
    body = {
        "assistant_id": chain,
        "stream_mode": ["values", "messages-tuple"],
        "stream_subgraphs": True,
        "stream_resumable": True,
        "on_disconnect": "continue",
        **more,
    }
    return post(server, f"/threads/{thread}/runs/stream", body)


def begun(server: AppProcess) -> str:
    return str(post(server, "/threads").json()["thread_id"])


def test_its_page_may_ask_from_another_origin(graphs: AppProcess) -> None:
    asked = {
        "origin": ORIGIN,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,x-api-key,last-event-id",
    }
    path = "/langgraph/threads/x/runs/stream"
    allowed = graphs.client.options(path, headers=asked).headers
    assert allowed["access-control-allow-origin"] == ORIGIN
    assert "x-api-key" in allowed["access-control-allow-headers"]
    assert "PATCH" in allowed["access-control-allow-methods"]
    info = graphs.client.get("/langgraph/info", headers=PAGE)
    assert info.status_code == 200
    assert graphs.client.get("/langgraph/info").status_code == 401


def test_a_run_names_itself_and_numbers_what_it_says(graphs: AppProcess) -> None:
    thread = begun(graphs)
    message = {
        "id": "h1",
        "type": "human",
        "content": [{"type": "text", "text": "one"}],
    }
    answer = run(graphs, thread, "echo", input={"messages": [message]})
    events = read_events(answer)
    run_id = answer.headers["x-run-id"]
    place = f"/threads/{thread}/runs/{run_id}"
    assert answer.headers["content-location"] == place
    assert answer.headers["location"] == f"{place}/stream"
    exposed = ", ".join(answer.headers.get_list("access-control-expose-headers"))
    assert {"content-location", "location", "x-run-id"} <= {*exposed.split(", ")}
    assert events[0] == ("metadata", {"run_id": run_id, "attempt": 1})
    assert [name for name, _ in events[1:]] == [
        *("values", "messages", "messages", "values", "end"),
    ]
    frames = [each for each in answer.text.split("\n\n") if each]
    numbers = [each.rpartition("\nid: ")[2] for each in frames if "\nid: " in each]
    assert numbers == ["0", "1", "2"]
    assert events[1][1]["messages"][0]["id"] == "h1"


def test_its_sidebar_lists_the_threads_of_an_assistant(graphs: AppProcess) -> None:
    thread = begun(graphs)
    question = {"messages": [{"type": "human", "content": "A title"}]}
    run(graphs, thread, "tool", input=question)
    search = {"metadata": {"graph_id": "tool"}, "limit": 100}
    found = post(graphs, "/threads/search", search).json()
    assert found[0]["thread_id"] == thread
    assert found[0]["values"]["messages"][0]["content"] == "A title"
    assert all(each["metadata"]["graph_id"] == "tool" for each in found)


def test_it_approves_by_a_resume(graphs: AppProcess) -> None:
    thread = begun(graphs)
    given = {"messages": [{"type": "human", "content": "Pay."}]}
    events = read_events(run(graphs, thread, "paying", input=given))
    [interrupt] = events[-2][1]["__interrupt__"]
    [state] = post(graphs, f"/threads/{thread}/history", {"limit": 1}).json()
    assert state["tasks"][-1]["interrupts"] == [interrupt]
    command = {"resume": {"decisions": [{"type": "reject", "message": "No."}]}}
    events = read_events(run(graphs, thread, "paying", command=command))
    messages = events[-2][1]["messages"]
    assert [each["type"] for each in messages] == ["human", "ai", "tool", "ai"]
    assert "No." in messages[2]["content"]


def test_it_stops_a_run_by_its_id(graphs: AppProcess) -> None:
    thread = begun(graphs)
    body = {
        "assistant_id": "slow",
        "input": {"messages": [{"type": "human", "content": "one"}]},
        "stream_mode": ["messages-tuple"],
    }
    url = f"/langgraph/threads/{thread}/runs/stream"
    with graphs.client.stream("POST", url, json=body, headers=PAGE) as answer:
        run_id = answer.headers["content-location"].rpartition("/")[2]
        stop = f"/threads/{thread}/runs/{run_id}/cancel?wait=0&action=interrupt"
        stopped = post(graphs, stop)
        assert stopped.status_code == 202
        text = answer.read().decode()
    assert '"error":"cancelled"' in text
    history = post(graphs, f"/threads/{thread}/history").json()
    said = [each["content"] for each in history[0]["values"]["messages"]]
    assert said == ["one", "begun"]
