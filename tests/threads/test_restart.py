"""Threads over one file: a server that starts anew, and another one beside it."""

import json
from pathlib import Path

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, text_of


def test_a_thread_outlives_the_server_and_others_see_it(
    standin: StandIn, tmp_path: Path
) -> None:
    settings = azure(
        standin,
        CHAINS="echo=tests.support.thread_chains:echo",
        CHAT_CHAIN="echo",
        STORE=f"sqlite:{tmp_path / 'kept.db'}",
    )
    with AppProcess(settings) as first:
        assert first.client.get("/api/chains").json()["threads"] is True
        first.warm()
        assert first.events("one", thread_id="t")[-1][0] == "done"
    with AppProcess(settings) as second, AppProcess(settings) as third:
        for server, user in ((second, "two"), (third, "three")):
            server.warm()
            *answer, _ = server.events(user, thread_id="t")
        assert json.loads(text_of(answer))[::2] == ["one", "two", "three"]
        shown = third.client.get("/api/threads/t").json()["messages"]
        assert len(shown) == 6
        assert second.client.delete("/api/threads/t").status_code == 200
        assert third.client.get("/api/threads/t").status_code == 404
