"""The app under test: a process of its own, on the real runtime, over a real socket."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from time import monotonic
from typing import Any, Self

import httpx
from httpx_sse import EventSource, ServerSentEvent

ROOT = Path(__file__).resolve().parents[2]

# What the developer's own shell may have set must not reach the app under test.
FOREIGN = re.compile(
    r"AZURE_|OPENAI_|LANGCHAIN_|LANGSMITH_|OTEL_|.*_SECONDS$|MAX_|HTTP_AUTH|CHAT_CHAIN"
    r"|TELEMETRY_|CHAINS$|DOCS_PATH|SYSTEM_PROMPT|CALLER_|FUNCTIONS_|PORT$|API_KEYS|WEBSITE_"
)


class AppProcess:
    """`python -m devhost` over this project, with *settings* in its environment."""

    def __init__(self, settings: Mapping[str, str], *, cwd: Path = ROOT) -> None:
        self.journal = Path(mkdtemp())
        inherited = {k: v for k, v in os.environ.items() if not FOREIGN.match(k)}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "devhost"],
            cwd=cwd,
            env={
                **inherited,
                "PORT": "0",
                "TELEMETRY_PATH": str(self.journal),
                **settings,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._changed = threading.Condition()
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        ready = self.wait_for(r"Listening on (http://\S+)", seconds=30)
        self.url = ready[1]
        # The server closes what is idle for 5 seconds, maybe just as it is used again.
        idle = httpx.Limits(keepalive_expiry=1)
        self.client = httpx.Client(base_url=self.url, timeout=20, limits=idle)

    @property
    def pid(self) -> int:
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()

    def wait_for(self, pattern: str, seconds: float = 10) -> re.Match[str]:
        """The first line printed that *pattern* is found in."""

        def found() -> re.Match[str] | None:
            matches = (re.search(pattern, line) for line in self.lines)
            return next(filter(None, matches), None)

        with self._changed:
            match = self._changed.wait_for(found, seconds)
            assert match, f"no line with {pattern!r} in:\n" + "\n".join(self.lines)
            return match

    def warm(self) -> None:
        """Wait for LangChain's import, which may outlast the limits of a test."""

        def imported() -> bool:
            health = self.client.get("/api/health", params={"ready": "1"})
            return health.status_code == 200

        until(imported, 40)

    def routes(self) -> Iterator[tuple[str, str]]:
        """Each method and path that the host has told of."""
        for line in self.lines:
            if match := re.match(r"  ([A-Z,]+) +http://[^/]+(/\S*) +\w+$", line):
                for method in match[1].split(","):
                    yield method, match[2]

    def record(self, request_id: str) -> dict[str, Any]:
        """The telemetry record of the run that *request_id* started."""
        pattern = rf' telemetry (\{{.*"request_id":"{re.escape(request_id)}".*\}})'
        return dict(json.loads(self.wait_for(pattern)[1]))

    def kill(self) -> None:
        """End it as nothing can that still has time for anything."""
        self._process.kill()
        self._process.wait(15)

    def stop(self) -> int:
        """Stop it as the platform does, and give its exit code.

        Nothing it ever printed may hold a question of a test, a key or a query string,
        or say that something was left open.
        """
        self.client.close()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._reader.join(5)
        assert self._process.stdout is not None
        self._process.stdout.close()
        shutil.rmtree(self.journal, ignore_errors=True)
        private = re.compile(
            r"standin:|standin-key|standin-token|function-key|caller-key|hubs-key|\?\w+="
            r"|\btok[0-9]|ERROR devhost Unclosed"
        )
        told = [line for line in self.lines if private.search(line)]
        assert not told, "\n".join(told)
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def chat(self, user: str, **fields: Any) -> httpx.Response:
        """POST a question to the native endpoint and read the whole answer."""
        return self.client.post("/api/chat", json={"user": user, **fields})

    def events(self, user: str, **fields: Any) -> list[tuple[str, Any]]:
        """The events of a streamed answer, whose status must be 200."""
        return read_events(self.chat(user, **fields))

    @contextmanager
    def streaming(self, user: str, **fields: Any) -> Iterator["Answer"]:
        """An answer that is being streamed; leaving the block leaves the server."""
        body = {"user": user, **fields}
        with (
            httpx.Client(base_url=self.url, timeout=20) as client,
            client.stream("POST", "/api/chat", json=body) as response,
        ):
            yield Answer(response)


class Answer:
    """A streamed answer, read event by event."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self.request_id = response.headers["x-request-id"]
        self._events = EventSource(response).iter_sse()

    def next(self) -> tuple[str, Any]:
        """The next event's name and data."""
        return _pair(next(self._events))


def read_events(response: httpx.Response) -> list[tuple[str, Any]]:
    """Every event's name and data; the answer must be a stream."""
    assert response.status_code == 200, response.text
    return [_pair(event) for event in EventSource(response).iter_sse()]


def _pair(event: ServerSentEvent) -> tuple[str, Any]:
    return event.event, event.json()


def text_of(events: list[tuple[str, Any]]) -> str:
    """The answer's text: all deltas together."""
    deltas = (data["delta_content"] for name, data in events if name == "message")
    return "".join(deltas)


def open_streams(server: AppProcess) -> int:
    """How many callers the server takes for being there."""
    checks = server.client.get("/api/health").json()["checks"]
    return int(checks["open_streams"])


def until(
    condition: Callable[[], bool], seconds: float = 10, *, every: float = 0.01
) -> None:
    """Wait until *condition* holds, *seconds* at most; look *every* so many."""
    waiting = threading.Condition()
    with waiting:
        deadline = monotonic() + seconds
        while monotonic() < deadline:
            if condition():
                return
            waiting.wait(every)
    raise AssertionError("the condition did not come to hold")
