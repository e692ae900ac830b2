"""What the stand-in remembers of a request, and of a caller who leaves."""

import json
import socket
import time

import httpx
import pytest

from tests.standin.caller import CLASSIC, asking, post
from tests.standin.journal import KEPT, Entry, Journal
from tests.standin.process import StandIn


def connected(standin: StandIn, content: str) -> socket.socket:
    """A bare connection that has asked."""
    host, port = standin.url.removeprefix("http://").split(":")
    connection = socket.create_connection((host, int(port)), timeout=20)
    body = json.dumps(asking(content)).encode()
    head = f"POST {CLASSIC} HTTP/1.1\r\nhost: x\r\napi-key: {standin.key}\r\n"
    connection.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
    return connection


@pytest.mark.parametrize(
    ("directive", "chunks"),
    [
        ("silent tag=left-silent", 2),
        ("answer tag=left-first first_ms=60000", 2),
        ("stall tag=left-stall tokens=6 after=3", 5),
        ("slow_first tag=left-slow ms=60000", 0),
    ],
)
def test_a_caller_who_leaves_during_silence_is_noticed(
    standin: StandIn, directive: str, chunks: int
) -> None:
    tag = directive.split("tag=")[1].split()[0]
    connected(standin, f"standin:{directive}").close()
    record = standin.wait_closed(tag)
    assert record["closed_at"] is not None
    assert record["opened_at"] <= record["closed_at"] <= time.monotonic()
    assert record["chunks_sent"] <= chunks


def test_a_caller_who_leaves_an_endless_answer_is_noticed(standin: StandIn) -> None:
    ask = "standin:answer tag=left-midway tokens=100000 delay_ms=1"
    with connected(standin, ask) as connection:
        connection.recv(1)
        assert standin.wait("left-midway", "open")["closed_at"] is None
    assert standin.wait_closed("left-midway")["chunks_sent"] > 0


def test_a_request_is_recorded_as_it_came(standin: StandIn) -> None:
    response = httpx.post(
        standin.url + CLASSIC,
        json=asking("standin:answer tag=recorded tokens=3", temperature=0.5),
        headers=[("api-key", standin.key), ("X-Twice", "a"), ("x-twice", "b")],
    )
    record = standin.wait("recorded", "completed")
    assert standin.requests("recorded") == [record]
    assert record["scenario"] == "answer"
    assert record["path"] == "/openai/deployments/gpt-4o/chat/completions"
    assert record["query"] == {"api-version": "2024-10-21"}
    assert record["headers"]["x-twice"] == ["a", "b"]
    assert record["body"]["temperature"] == 0.5
    assert record["request_id"] == response.headers["x-request-id"]
    assert record["chunks_sent"] == 8


def test_waiting_for_what_never_comes_ends(standin: StandIn) -> None:
    with pytest.raises(TimeoutError, match="never"):
        standin.wait("never", timeout=0.05)


def test_reset_forgets() -> None:
    with StandIn(key="other") as own:
        assert post(own, "hello").status_code == 200
        assert len(own.requests()) == own.count() == 1
        own.reset()
        assert own.requests() == []
        assert own.count() == 1


def test_every_request_counts_though_few_are_kept() -> None:
    journal = Journal()
    for _ in range(KEPT + 1):
        journal.open(Entry("/", {}, {}, {}, "id"))
    assert len(journal.find(None)) == KEPT
    assert journal.opened == KEPT + 1
