"""Runs that are read again: their ids, their frames, and what is left of a stream."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.support.app_process import AppProcess, until

FRAME = re.compile(rb"(?:.+\n)+\n")


def ask(server: AppProcess, question: str, **fields: Any) -> httpx.Response:
    response = server.chat(question, **fields)
    assert response.status_code == 200, response.text
    return response


@contextmanager
def begun(server: AppProcess, question: str, **fields: Any) -> Iterator[str]:
    """The id of a run whose answer has begun; leaving the block leaves the server."""
    with server.streaming(question, **fields) as answer:
        answer.next()
        yield answer.response.headers["x-run-id"]


def state(server: AppProcess, run_id: str) -> dict[str, Any]:
    response = server.client.get(f"/api/runs/{run_id}")
    assert response.status_code == 200, response.text
    return dict(response.json())


def ended(server: AppProcess, run_id: str) -> dict[str, Any]:
    """The state of the run, once it is over."""
    until(lambda: state(server, run_id)["status"] != "running")
    return state(server, run_id)


def follow(server: AppProcess, run_id: str, **asked: Any) -> httpx.Response:
    return server.client.get(f"/api/runs/{run_id}/stream", params=asked)


def frames(stream: bytes) -> list[bytes]:
    found = FRAME.findall(stream)
    assert b"".join(found) == stream
    return found


def number(frame: bytes) -> int | None:
    found = re.search(rb"\nid: (\d+)\n\n$", frame)
    return int(found[1]) if found else None


def numbers(stream: bytes) -> list[int]:
    return [n for frame in frames(stream) if (n := number(frame)) is not None]
