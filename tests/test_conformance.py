"""Every kind of stream, read by two parsers that nobody here wrote."""

import base64
import json
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import httpx
import pytest
from httpx_sse import EventSource

from streaming import dialects
from streaming.requests import validate
from tests.support.aimock import NODE, PACKAGE
from tests.support.app_process import AppProcess

SCENARIOS = [
    "answer",
    "length",
    "tools calls=2",
    "refusal",
    "reasoning",
    "filtered",
    "async_filter",
    "async_block start=1 end=5",
    "block_after_stop start=1 end=5",
    "utf8_split",
    "big bytes=200000",
    "crlf",
    "error_event tokens=3",
    "cut tokens=3",
    "drop tokens=3",
    "malformed tokens=3",
    "answer text=%0A%0D%0Aline%0Dbreaks%0A%0Adata:%20event:%20done%0A size=1",
]


LATE = "standin:answer tokens=2 first_ms=900"
ENDLESS = "standin:answer tokens=100 delay_ms=100"
ASKED = validate({"messages": [{"role": "user", "content": "?"}], "stream": True})


def is_of_events(dialect: str) -> bool:
    """Whether *dialect* streams Server-Sent Events; one that is added need not."""
    kind = dialects.load(dialect).headers(ASKED)["content-type"]
    return kind.startswith("text/event-stream")


OTHERS = [name for name in dialects.names() if name != "json" and is_of_events(name)]


@pytest.fixture(scope="module")
def streams(
    app: AppProcess, impatient: AppProcess, brief: AppProcess
) -> dict[str, bytes]:
    """The bytes of an answer to each scenario, and of one with each other ending."""
    with ThreadPoolExecutor() as pool:
        later = {
            "stall": pool.submit(impatient.chat, "standin:stall tokens=4"),
            "late": pool.submit(impatient.chat, LATE),
            "deadline": pool.submit(brief.chat, ENDLESS),
            "check": pool.submit(app.client.get, "/api/stream-check"),
        }
        answers = {name: app.chat(f"standin:{name}").content for name in SCENARIOS}
        for chain in ("sources", "agent", "silent", "ragged"):
            answers[chain] = app.chat("hello", chain=chain).content
        return answers | {name: made.result().content for name, made in later.items()}


Slow = dict[str, dict[str, Future[bytes]]]


@pytest.fixture(scope="module")
def slow(impatient: AppProcess, brief: AppProcess) -> Iterator[Slow]:
    """What takes its time in every other dialect, asked for all at once."""
    with ThreadPoolExecutor(2 * len(OTHERS)) as pool:
        yield {
            dialect: {
                "late": pool.submit(ask, impatient, dialect, LATE, "chat"),
                "deadline": pool.submit(ask, brief, dialect, ENDLESS, "chat"),
            }
            for dialect in OTHERS
        }


def by_httpx_sse(stream: bytes) -> list[list[str]]:
    headers = {"content-type": "text/event-stream; charset=utf-8"}
    response = httpx.Response(200, headers=headers, content=stream)
    return [[event.event, event.data] for event in EventSource(response).iter_sse()]


def by_eventsource_parser(streams: list[bytes]) -> list[list[list[str]]]:
    """As npm's eventsource-parser reads them, in pieces of seven bytes."""
    lines = b"".join(base64.b64encode(stream) + b"\n" for stream in streams)
    result = subprocess.run(
        [str(NODE), "parse.mjs"],
        cwd=PACKAGE,
        input=lines,
        capture_output=True,
        timeout=30,
        check=True,
    )
    return [json.loads(line) for line in result.stdout.splitlines()]


def check_parsers_agree(streams: dict[str, bytes]) -> None:
    ours = [by_httpx_sse(stream) for stream in streams.values()]
    theirs = by_eventsource_parser(list(streams.values()))
    for name, one, other in zip(streams, ours, theirs, strict=True):
        # httpx-sse passes over comments.
        assert one == [event for event in other if event[0] != "comment"], name


def test_two_parsers_read_the_same_events(streams: dict[str, bytes]) -> None:
    check_parsers_agree(streams)


def ask(server: AppProcess, dialect: str, question: str, chain: str) -> bytes:
    """The stream of *dialect*, whatever its request looks like."""
    message = {
        "openai": {"role": "user", "content": question},
        "ui-message": {"role": "user", "parts": [{"type": "text", "text": question}]},
    }
    body = {"messages": [message.get(dialect, message["openai"])], "stream": True}
    if dialect == "responses":
        body = {"input": question, "stream": True}
    names = "model" if dialect in ("openai", "responses") else "chain"
    body |= {names: chain}
    response = server.client.post(f"/api/chat/{dialect}", json=body)
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream")
    return response.content


@pytest.mark.parametrize("dialect", OTHERS)
def test_two_parsers_read_the_same_events_of_every_other_dialect(
    app: AppProcess, slow: Slow, dialect: str
) -> None:
    streams = {name: ask(app, dialect, f"standin:{name}", "chat") for name in SCENARIOS}
    for chain in ("sources", "agent", "silent", "tools"):
        streams[chain] = ask(app, dialect, "hello", chain)
    streams |= {name: stream.result() for name, stream in slow[dialect].items()}
    assert all(stream.endswith(b"\n") for stream in streams.values())
    assert all(by_httpx_sse(stream) for stream in streams.values())
    check_parsers_agree(streams)


def test_every_stream_ends_with_exactly_one_done(streams: dict[str, bytes]) -> None:
    for name, stream in streams.items():
        events = by_httpx_sse(stream)
        assert [event for event, _ in events].count("done") == 1, name
        assert events[-1][0] == "done", name
        assert re.search(rb"\}\n(id: [0-9]+\n)?\n\Z", stream), name


def test_every_frame_is_json_and_every_delta_says_something(
    streams: dict[str, bytes],
) -> None:
    for name, stream in streams.items():
        for event, data in by_httpx_sse(stream):
            value = json.loads(data)
            if event == "message":
                assert set(value) == {"deployment", "delta_content"}, name
                # An empty one is a keep-alive, and only these are silent for so long.
                assert value["delta_content"] or name in ("late", "stall"), name


def test_no_stream_has_a_comment_or_a_carriage_return(
    streams: dict[str, bytes],
) -> None:
    """`@microsoft/fetch-event-source` takes a comment for an event without data."""
    for name, stream in streams.items():
        assert not any(line.startswith(b":") for line in stream.split(b"\n")), name
        assert b"\r" not in stream, name


def test_line_breaks_in_the_answer_are_not_the_streams(
    streams: dict[str, bytes],
) -> None:
    events = by_httpx_sse(streams[SCENARIOS[-1]])
    text = "".join(json.loads(data).get("delta_content", "") for _, data in events)
    assert text == "\n\r\nline\rbreaks\n\ndata: event: done\n"
