"""A run that is begun on one wire, and followed on all wires while it is made."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from bench.quantities.wires import Wire
from tests.support.app_process import AppProcess
from tests.support.every_wire import EVERY_WIRE, SDK, body_of, succeeded
from tests.support.said import said

OF_THREADS = {"ag-ui": "threadId", "responses": "conversation"}
"""What a wire calls a thread's id, if not `thread_id`."""

TEXT = " ".join(f"tok{number}" for number in range(8))

Told = tuple[str | None, bool]
"""The text of an answer, and whether it is all."""


def begun(wire: Wire, question: str, thread: str) -> tuple[str, dict[str, Any]]:
    """Where to post, and what, for an answer on *thread*."""
    body = body_of(wire, question)
    if wire.name == SDK:
        path = f"/langgraph/threads/{thread}/runs/stream"
        return path, {**body, "if_not_exists": "create"}
    name = OF_THREADS.get(wire.name, "thread_id")
    return wire.path.format(name=wire.name), {**body, name: thread}


def followed(app: AppProcess, wire: Wire, run_id: str, thread: str) -> Told:
    if wire.name != SDK:
        path = f"/api/runs/{run_id}/stream?dialect={wire.name}"
    else:
        path = f"/langgraph/threads/{thread}/runs/{run_id}/stream"
        path += "?stream_mode=messages-tuple"
    with app.client.stream("GET", path) as answer:
        return read(wire, answer)


def read(wire: Wire, answer: httpx.Response) -> Told:
    assert answer.status_code == 200
    pieces: list[bytes] = []
    whole = True
    try:
        pieces.extend(answer.iter_bytes())
    except httpx.RemoteProtocolError:
        whole = False
    stream = b"".join(pieces)
    if wire.name == "plain":
        return stream.decode(), whole
    return said(wire.name, stream, stream=True), whole and succeeded(wire.name, stream)


@pytest.mark.parametrize(("scenario", "whole"), [("answer", True), ("cut", False)])
@pytest.mark.parametrize("wire", EVERY_WIRE, ids=lambda wire: wire.name)
def test_all_wires_have_the_same_text_and_the_same_ending(
    app: AppProcess, wire: Wire, scenario: str, whole: bool
) -> None:
    thread = f"on-{wire.name.replace(' ', '-')}-{scenario}"
    question = f"standin:{scenario} tokens=8 delay_ms=20"
    path, body = begun(wire, question, thread)
    with (
        ThreadPoolExecutor(len(EVERY_WIRE)) as pool,
        app.client.stream("POST", path, json=body) as answer,
    ):
        run_id = answer.headers["x-run-id"]
        following = {
            each.name: pool.submit(followed, app, each, run_id, thread)
            for each in EVERY_WIRE
        }
        found = {"its own": read(wire, answer)}
        found |= {name: each.result() for name, each in following.items()}
    assert found == dict.fromkeys(found, (TEXT, whole))
