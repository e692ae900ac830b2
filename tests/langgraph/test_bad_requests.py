"""What no client of LangGraph's should send: an error that says what, and no run."""

from typing import Any

import pytest

from tests.langgraph.sdk import ANN
from tests.support.app_process import AppProcess

OWN = {"x-api-key": ANN}
HELLO = {"messages": [{"type": "human", "content": "Hi"}]}


def code(server: AppProcess, method: str, path: str, **given: Any) -> tuple[int, str]:
    headers = {**OWN, **given.pop("headers", {})}
    answer = server.client.request(
        method, f"/langgraph{path}", headers=headers, **given
    )
    return answer.status_code, answer.json()["error"]["code"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"input": 5},
        {"input": []},
        {"input": {}},
        {"input": {"messages": []}},
        {"input": {"messages": [{"type": "ai", "content": "I am last."}]}},
        {"input": HELLO, "stream_mode": 5},
        {"input": HELLO, "stream_mode": "nothing"},
        {"input": HELLO, "stream_mode": [["values"]]},
        {"input": HELLO, "stream_mode": [None]},
        {"input": HELLO, "on_disconnect": "stay"},
        {"input": HELLO, "multitask_strategy": "wait"},
        {"input": HELLO, "if_not_exists": True},
        {"input": HELLO, "on_completion": "forget"},
        {"command": "resume"},
        {"command": {"resume": None}},
        {"command": {"resume": "yes"}},
        {"input": HELLO, "command": {}},
    ],
)
@pytest.mark.parametrize("path", ["/runs/stream", "/runs/wait"])
def test_a_run_that_cannot_be_is_400(graphs: AppProcess, body: Any, path: str) -> None:
    given = {"assistant_id": "echo", **body}
    assert code(graphs, "POST", path, json=given) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("content", "headers", "expected"),
    [
        (b"{", {}, (400, "invalid_request")),
        (b"[]", {}, (400, "invalid_request")),
        (b"\xff", {}, (400, "invalid_request")),
        (b"a=b", {"content-type": "text/plain"}, (415, "unsupported_media_type")),
        (b"{}", {"last-event-id": "4"}, (400, "invalid_request")),
    ],
)
def test_a_body_that_is_none_is_refused(
    graphs: AppProcess, content: bytes, headers: dict[str, str], expected: Any
) -> None:
    headers = {"content-type": "application/json", **headers}
    given: Any = {"content": content, "headers": headers}
    assert code(graphs, "POST", "/runs/stream", **given) == expected


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/threads", {"thread_id": "a b"}),
        ("/threads", {"thread_id": ["a"]}),
        ("/threads", {"metadata": [1]}),
        ("/threads", {"metadata": {"long": "x" * 20_000}}),
        ("/threads/search", {"limit": -1}),
        ("/threads/search", {"offset": "two"}),
        ("/assistants/search", {"limit": "all"}),
        ("/assistants/search", {"offset": -1}),
        ("/threads/search", {"metadata": "a"}),
        ("/threads/search", {"status": "gone"}),
        ("/threads/search", {"sort_order": "up"}),
        ("/threads/search", {"sort_by": "size"}),
        ("/threads/search", {"ids": "a"}),
        ("/threads/search", {"limit": True}),
        ("/threads", {"if_exists": "forget"}),
    ],
)
def test_a_thread_that_cannot_be_is_400(
    graphs: AppProcess, path: str, body: Any
) -> None:
    assert code(graphs, "POST", path, json=body) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/threads/search", {"sort_by": "created_at"}),
        ("/runs/wait", {"input": HELLO, "on_completion": "keep"}),
        ("/threads/known/history", {"metadata": {"source": "input"}}),
    ],
)
def test_what_would_not_be_heeded_is_501(
    graphs: AppProcess, path: str, body: Any
) -> None:
    known = {"thread_id": "known", "if_exists": "do_nothing"}
    graphs.client.post("/langgraph/threads", json=known, headers=OWN)
    assert code(graphs, "POST", path, json=body) == (501, "not_implemented")


def test_what_is_null_is_not_given(graphs: AppProcess) -> None:
    body = dict.fromkeys(("limit", "offset", "status", "ids", "metadata", "sort_by"))
    found = graphs.client.post("/langgraph/threads/search", json=body, headers=OWN)
    assert found.status_code == 200


def test_an_error_names_the_field_of_this_wire(graphs: AppProcess) -> None:
    body = {"assistant_id": "echo", "input": {"messages": []}}
    answer = graphs.client.post("/langgraph/runs/wait", json=body, headers=OWN)
    assert "input.messages: expected one" in answer.json()["error"]["message"]


@pytest.mark.parametrize("id", ["nope", "a%20b", "%00", "%ff", "x" * 200, "a%2Fb"])
def test_a_thread_or_run_that_is_none_is_404(graphs: AppProcess, id: str) -> None:
    missing = (404, "not_found")
    made = graphs.client.post("/langgraph/threads", json={}, headers=OWN).json()
    own = f"/threads/{made['thread_id']}"
    for method, path in (
        ("GET", f"/threads/{id}"),
        ("DELETE", f"/threads/{id}"),
        ("GET", f"/threads/{id}/state"),
        ("GET", f"{own}/runs/{id}"),
        ("GET", f"{own}/runs/{id}/stream"),
        ("GET", f"{own}/runs/{id}/join"),
        ("POST", f"{own}/runs/{id}/cancel"),
        ("GET", f"/assistants/{id}"),
    ):
        if "%2F" not in id:
            assert code(graphs, method, path) == missing, path


def test_a_follower_says_where_it_is(graphs: AppProcess) -> None:
    body = {"assistant_id": "echo", "input": HELLO, "if_not_exists": "create"}
    path = "/threads/of-bad-requests/runs"
    run = graphs.client.post(f"/langgraph{path}", json=body, headers=OWN).json()
    run_path = f"{path}/{run['run_id']}"
    for query, headers in (("", {"last-event-id": "x"}), ("?stream_mode=x", {})):
        refused = code(graphs, "GET", f"{run_path}/stream{query}", headers=headers)
        assert refused == (400, "invalid_request")
    for query, method, what in (
        ("?cancel_on_disconnect=1", "GET", "stream"),
        ("?stream_mode=debug", "GET", "stream"),
        ("?action=rollback", "POST", "cancel"),
    ):
        refused = code(graphs, method, f"{run_path}/{what}{query}")
        assert refused == (501, "not_implemented")
    assert code(graphs, "POST", f"{run_path}/cancel?action=x") == (
        400,
        "invalid_request",
    )
