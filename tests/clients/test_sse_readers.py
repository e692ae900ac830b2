"""Readers of Server-Sent Events that others wrote, on each dialect of theirs."""

import json
from typing import Any

import pytest

from tests.clients.node_scripts import run
from tests.support.app_process import AppProcess

READERS = ["fetch_reader.mjs", "eventsource_parser.mjs", "eventsource_client.mjs"]
TEXT = " é\u2028漢😀\n\r\n\n[x] "
QUESTION = "standin:answer text=%20é%E2%80%A8漢😀%0A%0D%0A%0A[x]%20 size=2"


def said(events: list[list[str]], field: str) -> str:
    """The text of a dialect whose deltas have it under *field*."""
    values = [json.loads(data) for event, data in events if event == "message"]
    return "".join(value[field] for value in values)


def read(reader: str, server: AppProcess, path: str, last: str, **body: Any) -> Any:
    return run(reader, url=server.url + path, last=last, body=body)


@pytest.mark.tries("stream")
@pytest.mark.parametrize("reader", READERS)
def test_json(app: AppProcess, reader: str) -> None:
    events = read(reader, app, "/api/chat", "done", user=QUESTION)
    assert said(events, "delta_content") == TEXT
    assert events[-1][0] == "done"
    assert json.loads(events[-1][1])["finish_reason"] == "stop"


@pytest.mark.tries("stream")
@pytest.mark.parametrize("reader", READERS)
def test_delta(app: AppProcess, reader: str) -> None:
    events = read(reader, app, "/api/stream", "done", message=QUESTION)
    assert said(events, "delta") == TEXT
    assert events[-1] == ["done", '{"status":"completed"}']


@pytest.mark.tries("stream")
@pytest.mark.parametrize("reader", READERS)
def test_text(app: AppProcess, reader: str) -> None:
    asked = [{"role": "user", "content": QUESTION}]
    events = read(reader, app, "/api/chat-stream", "[DONE]", messages=asked)
    text = "".join(data for _, data in events[:-1])
    assert text == TEXT.replace("\r\n", "\n")
    assert events[-1] == ["message", "[DONE]"]


@pytest.mark.tries("error")
@pytest.mark.parametrize("reader", READERS)
def test_an_error_in_the_middle(app: AppProcess, reader: str) -> None:
    asked = {"user": "standin:cut tokens=2"}
    for path, last in [("/api/chat", "done"), ("/api/stream", "done")]:
        (name, data), done = read(reader, app, path, last, **asked)[-2:]
        assert (name, done[0]) == ("error", "done")
        assert json.loads(data)["error"]["code"] == "upstream_incomplete"
    events = read(reader, app, "/api/chat-stream", "error", **asked)
    assert [name for name, _ in events][-1] == "error"


@pytest.mark.tries("stream")
@pytest.mark.parametrize("reader", READERS)
def test_keep_alives_are_no_text(impatient: AppProcess, reader: str) -> None:
    asked = {"user": "standin:answer tokens=1 first_ms=900"}
    events = read(reader, impatient, "/api/chat", "done", **asked)
    assert len(events) > 2
    assert said(events, "delta_content") == "tok0"
    events = read(reader, impatient, "/api/chat-stream", "[DONE]", **asked)
    assert len(events) > 2
    assert "".join(data for _, data in events) == "tok0[DONE]"
