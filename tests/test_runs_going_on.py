"""A run whose caller has left: it keeps its place, its deadline, and its thread."""

from pathlib import Path

import httpx

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, until
from tests.support.followed_runs import ask, begun, ended, follow, frames, state

LONG = "standin:answer tokens=1000 delay_ms=20"


def test_a_run_without_its_caller_keeps_its_place_and_its_deadline(
    standin: StandIn,
) -> None:
    limits = {"MAX_CONCURRENT_STREAMS": "1", "REQUEST_DEADLINE_SECONDS": "5"}
    with AppProcess(azure(standin, **limits)) as server:
        server.warm()
        with begun(server, LONG, on_disconnect="continue") as run_id:
            pass
        refused = server.chat("hello")
        assert (refused.status_code, refused.json()["error"]["code"]) == (
            503,
            "overloaded",
        )
        assert state(server, run_id)["status"] == "running"
        assert ended(server, run_id)["status"] == "deadline"
        until(lambda: server.chat("standin:answer tokens=1").status_code == 200)
        ending = b'"finish_reason":"deadline"'
        # A caller reads an answer's end before its place is free for the next.
        until(lambda: ending in last(follow(server, run_id)))


def last(answer: httpx.Response) -> bytes:
    """Its last frame; an error's body has none."""
    return answer.content.rpartition(b"event: ")[2]


def test_a_threads_run_is_followed_after_a_restart(
    standin: StandIn, tmp_path: Path
) -> None:
    settings = azure(standin, STORE=f"sqlite:{tmp_path / 'kept.db'}")
    with AppProcess(settings) as first:
        first.warm()
        whole = ask(first, "standin:answer tokens=5", thread_id="t")
        with begun(first, LONG, thread_id="t", on_disconnect="continue") as broken:
            pass
    with AppProcess(settings) as second:
        second.warm()
        assert follow(second, whole.headers["x-run-id"]).content == whole.content
        assert state(second, broken)["status"] == "shutdown"
        *_, error, done = frames(follow(second, broken).content)
        assert error.startswith(b"event: error\n")
        assert b'"shutting_down"' in error
        assert done.startswith(b"event: done\n")
        # The thread is free, and has only what has ended well.
        again = ask(second, "standin:answer tokens=1", thread_id="t")
        assert again.text.count("delta_content") == 1
        kept = second.client.get("/api/threads/t").json()["messages"]
        assert [each["role"] for each in kept] == ["user", "assistant"] * 2
