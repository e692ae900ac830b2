"""Answers that never pause keep neither other callers nor limits from their time.

The model's flood ends only with the test: whoever had to wait for it would wait for
ever.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import pytest

from tests.support.app_process import AppProcess, read_events
from tests.support.flooding_model import FloodingModel

FLOODED = 2_000_000
"""Bytes after which a caller counts as one who is being flooded."""

BURST = 40
"""Callers at once: each is flooded by what a core can pass on to one."""

CHAIN, PROXIED = "/api/chat", "/openai/v1/chat/completions"


def asking(path: str, text: str) -> dict[str, Any]:
    if path == CHAIN:
        return {"user": text}
    messages = [{"role": "user", "content": text}]
    return {"model": "gpt-4o", "messages": messages, "stream": True}


class Caller(threading.Thread):
    """Reads an answer as fast as it comes, and keeps its last few bytes."""

    def __init__(self, url: str, path: str, text: str) -> None:
        super().__init__(daemon=True)
        self._url, self._path, self._text = url, path, text
        self.flooded = threading.Event()
        self.end = b""
        self.start()

    def run(self) -> None:
        size = 0
        with (
            httpx.Client(base_url=self._url, timeout=40) as client,
            client.stream(
                "POST", self._path, json=asking(self._path, self._text)
            ) as response,
        ):
            for piece in response.iter_raw():
                self.end = (self.end + piece)[-1000:]
                size += len(piece)
                if size > FLOODED:
                    self.flooded.set()


@contextmanager
def served(**limits: str) -> Iterator[AppProcess]:
    with ExitStack() as stack:
        model = stack.enter_context(FloodingModel())
        settings: Mapping[str, str] = {
            "AZURE_OPENAI_ENDPOINT": model.url,
            "AZURE_OPENAI_DEPLOYMENT": "gpt-4o",
            "AZURE_OPENAI_API_KEY": "standin-key",
            **limits,
        }
        server = stack.enter_context(AppProcess(settings))
        stack.callback(model.over.set)  # First, so that the app has nothing to cut.
        server.warm()
        server.events("a word")
        yield server


@pytest.fixture
def flooded() -> Iterator[Callable[[str], AppProcess]]:
    """The app while it floods a few callers, on the given path."""
    with served(STALL_TIMEOUT_SECONDS="2.5") as server:

        def flood(path: str) -> AppProcess:
            callers = [Caller(server.url, path, "flood") for _ in range(4)]
            assert all(caller.flooded.wait(20) for caller in callers)
            return server

        yield flood


@pytest.mark.parametrize("path", [CHAIN, PROXIED])
def test_a_health_call_and_another_answer_come_during_a_flood(
    flooded: Callable[[str], AppProcess], path: str
) -> None:
    server = flooded(path)
    told = server.client.get("/api/health").json()
    assert (told["status"], told["checks"]["open_streams"]) == ("ok", 4)
    for other in (CHAIN, PROXIED):
        answer = server.client.post(other, json=asking(other, "a word"))
        assert "It says:" in answer.text


@pytest.mark.parametrize("path", [CHAIN, PROXIED])
def test_a_model_that_falls_silent_is_noticed_during_a_flood(
    flooded: Callable[[str], AppProcess], path: str
) -> None:
    server = flooded(path)
    events = read_events(server.client.post(CHAIN, json={"user": "silent"}))
    [error] = [data["error"] for name, data in events if name == "error"]
    assert error["code"] == "upstream_stall"


@pytest.mark.parametrize("path", [CHAIN, PROXIED])
def test_a_burst_of_callers_who_are_all_flooded_ends_at_the_deadline(path: str) -> None:
    with served(REQUEST_DEADLINE_SECONDS="3") as server:
        callers = [Caller(server.url, path, "flood") for _ in range(BURST)]
        for caller in callers:
            caller.join(40)
        assert [caller for caller in callers if caller.is_alive()] == []
        assert [caller for caller in callers if b"deadline" not in caller.end] == []
