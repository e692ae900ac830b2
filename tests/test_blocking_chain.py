"""A chain that blocks threads holds up neither the app's own work nor other chains."""

import json
import os
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.support.app_process import AppProcess, read_events, text_of

THREADS = min(32, (os.process_cpu_count() or 1) + 4)
"""As many as an event loop's default executor has."""


@pytest.fixture(scope="module")
def server() -> Iterator[AppProcess]:
    settings = {
        "CHAINS": "blocking=tests.support.blocking_chains:blocking",
        "CHAT_CHAIN": "docs",
    }
    with AppProcess(settings) as server:
        server.warm()
        yield server


@pytest.fixture
def blocked(server: AppProcess) -> Iterator[None]:
    """All threads that the chain can have wait, and so do more of its callers."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        listener.settimeout(20)
        callers = stack.enter_context(ThreadPoolExecutor(THREADS + 4))
        port = str(listener.getsockname()[1])
        asked = [
            callers.submit(server.events, port, chain="blocking")
            for _ in range(THREADS + 4)
        ]
        waiting = [listener.accept()[0] for _ in range(THREADS)]
        try:
            yield
        finally:
            for connection in waiting:
                connection.close()
            for _ in range(4):
                listener.accept()[0].close()
        assert {text_of(each.result(20)) for each in asked} == {"free"}


@pytest.mark.usefixtures("blocked")
def test_what_the_app_does_itself_goes_on(server: AppProcess) -> None:
    ready = server.client.get("/api/health", params={"ready": "1"})
    assert ready.status_code == 200
    listed = server.client.get("/api/chains").json()["chains"]
    assert "blocking" in [chain["name"] for chain in listed]
    assert server.client.get("/api/openapi.json").status_code == 200


@pytest.mark.usefixtures("blocked")
@pytest.mark.parametrize("size", [1, 100_000])
def test_other_chains_answer_also_a_long_body(server: AppProcess, size: int) -> None:
    body = json.dumps({"user": "What is a chain?" + " " * size, "chain": "docs"})
    response = server.client.post("/api/chat", content=body)
    assert read_events(response)[-1][1]["finish_reason"] == "stop"
