"""A process that is told to end: what its open streams are told, and their records."""

import json
import os
import signal
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import httpx
import pytest

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, read_events, until

DEPLOYMENT = "/openai/deployments/gpt-4o"
SLOW = "standin:answer tokens=2000 delay_ms=20 tag="


@pytest.fixture
def server(standin: StandIn) -> Iterator[AppProcess]:
    settings = azure(standin, FIRST_TOKEN_PEEK_SECONDS="60")
    with AppProcess(settings) as server:
        server.warm()
        yield server


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def ask(server: AppProcess, path: str, **body: object) -> httpx.Response:
    return httpx.post(server.url + path, json=body, timeout=20)


def test_open_streams_are_told_and_recorded_as_shut_down(
    server: AppProcess, standin: StandIn, pool: ThreadPoolExecutor
) -> None:
    def begin(path: str, tag: str, **body: object) -> Future[httpx.Response]:
        answer = pool.submit(ask, server, path, stream=True, **body)
        assert standin.wait(tag, "open")
        return answer

    asked = [{"role": "user", "content": f"{SLOW}bytes"}]
    chain = begin("/api/chat", "chain", user=f"{SLOW}chain")
    raw = begin(f"{DEPLOYMENT}/chat/completions", "bytes", messages=asked)
    soon = begin("/api/chat", "soon", user="standin:answer delay_ms=50 tag=soon")
    silent = begin("/api/chat", "silent", user="standin:silent tag=silent")
    os.kill(server.pid, signal.SIGTERM)

    events = read_events(chain.result(20))
    assert [name for name, _ in events[-2:]] == ["error", "done"]
    error, done = events[-2][1]["error"], events[-1][1]
    assert (error["code"], error["retryable"]) == ("shutting_down", True)
    assert done["finish_reason"] == "error"
    last = raw.result(20).text.strip().splitlines()[-1]
    assert json.loads(last.removeprefix("data: "))["error"]["code"] == "shutting_down"
    assert read_events(soon.result(20))[-1][1]["finish_reason"] == "stop"
    refused = silent.result(20)
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "shutting_down"

    answers = (chain, raw, soon, silent)
    ids = [each.result().headers["x-request-id"] for each in answers]
    statuses = [server.record(each)["status"] for each in ids]
    assert statuses == ["shutdown", "shutdown", "ok", "shutdown"]
    assert server.record(ids[0])["error"] == {"code": "shutting_down"}
    assert server.record(ids[0])["usage"]["completion_tokens"] > 0


def test_a_second_signal_leaves_no_stream_its_time_and_yet_its_record(
    server: AppProcess, standin: StandIn, pool: ThreadPoolExecutor
) -> None:
    with server.streaming(f"{SLOW}twice") as answer:
        assert answer.next()[0] == "message"
        os.kill(server.pid, signal.SIGTERM)
        until(lambda: refuses_callers(server))
        os.kill(server.pid, signal.SIGTERM)
        assert server.record(answer.request_id)["status"] == "shutdown"


def refuses_callers(server: AppProcess) -> bool:
    try:
        httpx.get(f"{server.url}/api/chains", timeout=20)
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        pass  # It was let in and is now put out.
    return False
