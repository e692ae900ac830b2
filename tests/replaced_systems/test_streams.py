"""Streams that replaced systems garbled, held back or held up."""

import json
import subprocess
from typing import Any

import pytest
from httpx_sse import EventSource
from langchain_core.runnables import Runnable

from chains import Chains
from settings import Settings
from tests.replaced_systems.completions import text_of
from tests.replaced_systems.systems import (
    AOAI_STREAM,
    COOKBOOK,
    PROXIES,
    TUTORIAL,
    ReplacedSystem,
    data_of,
    each,
    names,
    texts_of,
    tokens_of,
)
from tests.standin.process import StandIn
from tests.support.aimock import NODE, PACKAGE
from tests.support.app_process import AppProcess, read_events
from tests.support.example_chains import strings


@pytest.mark.parametrize(
    ("system", "beginning"),
    [
        (TUTORIAL, b'data: {"deployment":"gpt-4o","delta_content":"tok0"}\nid: 1\n\n'),
        (AOAI_STREAM, b"data: tok0\r\n\r\n"),
        (COOKBOOK, b'data: {"delta":"tok0"}\n\n'),
        *((proxy, b'data: {"') for proxy in PROXIES),
    ],
    ids=names,
)
def test_the_first_token_does_not_wait_for_the_last(
    app: AppProcess, standin: StandIn, system: ReplacedSystem, beginning: bytes
) -> None:
    """They joined all frames and sent them in one body, or said that Python must."""
    tag = f"first-of-{system.name}"
    asked = system.asking(f"standin:stall tokens=2 after=1 tag={tag}")
    with app.client.stream("POST", system.path, json=asked) as response:
        pieces, came = response.iter_bytes(), b""
        while b"tok0" not in came:
            came += next(pieces)
        assert came.startswith(beginning)
        assert b"tok1" not in came
        [recorded] = standin.requests(tag)
        assert recorded["outcome"] == "open"
    assert standin.wait_closed(tag)


@pytest.mark.parametrize(
    ("system", "end"),
    [(COOKBOOK, '{"status":"completed"}'), *((proxy, "[DONE]") for proxy in PROXIES)],
    ids=names,
)
def test_one_slow_answer_does_not_hold_up_another(
    app: AppProcess, standin: StandIn, system: ReplacedSystem, end: str
) -> None:
    """Their clients blocked the worker or its event loop until an answer was there."""
    tag = f"slow-{system.name}"
    asked = system.asking(f"standin:answer tokens=20 delay_ms=100 tag={tag}")
    with app.client.stream("POST", system.path, json=asked) as response:
        slow = (event.data for event in EventSource(response).iter_sse())
        begun = next(slow)
        assert app.client.get("/api/health").status_code == 200
        quick = data_of(system.ask(app, "standin:answer tokens=2"))
        [recorded] = standin.requests(tag)
        assert recorded["outcome"] == "open"
        whole = [begun, *slow]
    assert (tokens_of(quick), quick[-1]) == (["tok0", " tok1"], end)
    assert tokens_of(whole) == ["tok0", *(f" tok{number}" for number in range(1, 20))]
    assert (whole[-1], whole.count(end)) == (end, 1)


@pytest.mark.parametrize(
    ("question", "data"),
    [
        ("text=a%0A%0Adata:%20b%0D%0Ac size=30", ["a\n\ndata: b\nc", "[DONE]"]),
        ("text=[DONE] size=6", ["[", "DONE]", "[DONE]"]),
    ],
    ids=["newlines", "done"],
)
def test_a_token_does_not_break_the_frame_or_end_the_answer(
    app: AppProcess, question: str, data: list[str]
) -> None:
    assert texts_of(AOAI_STREAM.ask(app, f"standin:answer {question}")) == data


def test_a_newline_between_two_tokens_is_one(app: AppProcess) -> None:
    response = AOAI_STREAM.ask(app, "standin:answer text=a%0D%0Ab size=1")
    assert "".join(texts_of(response)) == "a\nb[DONE]"


def test_a_frame_is_one_line_whatever_the_text_is(app: AppProcess) -> None:
    response = TUTORIAL.ask(app, "standin:answer text=a%0A%0Ab%0Dc size=1")
    for frame in response.text.removesuffix("\n\n").split("\n\n"):
        *_, data, number = frame.splitlines()
        assert json.loads(data.removeprefix("data: "))
        assert number.startswith("id: ")


def test_chunks_without_content_are_no_empty_events(app: AppProcess) -> None:
    """The filter, role, finish and usage chunks each came out as one."""
    question = "standin:answer tokens=3"
    texts = texts_of(AOAI_STREAM.ask(app, question))
    assert texts == ["tok0", " tok1", " tok2", "[DONE]"]
    events = read_events(TUTORIAL.ask(app, question))
    deltas = [data.get("delta_content") for _, data in events]
    assert deltas == ["tok0", " tok1", " tok2", None]


def test_the_order_of_tokens_needs_no_delay(app: AppProcess) -> None:
    *tokens, _ = texts_of(AOAI_STREAM.ask(app, "standin:answer tokens=500"))
    assert tokens == ["tok0", *(f" tok{number}" for number in range(1, 500))]


def test_content_in_blocks_is_not_an_array_on_the_wire(app: AppProcess) -> None:
    events = read_events(TUTORIAL.ask(app, "hello", chain="blocks"))
    assert [data for _, data in events[:-1]] == [
        {"deployment": "scripted-1", "delta_reasoning": "Hm."},
        {"deployment": "scripted-1", "delta_content": "Hel"},
        {"deployment": "scripted-1", "delta_content": "lo"},
    ]


@each(*PROXIES)
@pytest.mark.parametrize("directive", ["async_filter", "async_block"])
def test_a_chunk_without_a_delta_is_a_chunk_like_any_other(
    app: AppProcess, system: ReplacedSystem, directive: str
) -> None:
    data = data_of(system.ask(app, f"standin:{directive}"))
    chunks = [json.loads(each) for each in data if each != "[DONE]"]
    choices = [choice for chunk in chunks for choice in chunk["choices"]]
    assert any("delta" not in choice for choice in choices)
    assert text_of(data)
    assert "error" not in chunks[-1]


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_a_reader_loses_nothing_however_the_bytes_are_split(
    app: AppProcess, size: int
) -> None:
    """The page of AoaiStreamFunction lost every event but the first of a read, and
    leading spaces, and tore characters apart.
    """
    question = "standin:answer text=%20é%20%20漢😀%20 size=2"
    result = subprocess.run(
        [str(NODE), "read_text.mjs", str(size)],
        cwd=PACKAGE,
        input=AOAI_STREAM.ask(app, question).content,
        capture_output=True,
        timeout=30,
        check=True,
    )
    assert json.loads(result.stdout) == {"text": " é  漢😀 ", "done": True}


def test_a_test_stream_is_a_stream_check_that_says_how_it_ended(
    app: AppProcess,
) -> None:
    stream = app.client.get("/api/stream-check").content
    assert stream.count(b"delta_content") == 20
    assert stream.count(b'event: done\ndata: {"deployment":"stream-check"') == 1


def test_a_silent_model_is_no_silent_stream(impatient: AppProcess) -> None:
    events = read_events(
        COOKBOOK.ask(impatient, "standin:answer tokens=1 first_ms=900")
    )
    assert events[0] == ("message", {"delta": ""})
    assert events[-1] == ("done", {"status": "completed"})


@each(*PROXIES)
def test_who_leaves_stops_the_model(
    app: AppProcess, standin: StandIn, system: ReplacedSystem
) -> None:
    tag = f"left-{system.name}"
    asked = system.asking(f"standin:answer tokens=999 delay_ms=50 tag={tag}")
    with app.client.stream("POST", system.path, json=asked) as response:
        next(response.iter_lines())
    assert standin.wait_closed(tag)


def test_the_model_is_built_once_and_not_for_every_request() -> None:
    chains = Chains(Settings(chains={"built": f"{__name__}:build"}))
    first = chains.load("built")
    assert chains.load("built") is first
    assert len(built) == 1


built: list[Runnable[Any, Any]] = []


def build(settings: Settings) -> Runnable[Any, Any]:
    """Counts how often it is asked for a chain."""
    built.append(strings)
    return strings
