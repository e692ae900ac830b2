"""Headers that no server would send: they are left out, and the answer goes out."""

from collections.abc import AsyncGenerator, Mapping
from types import ModuleType, SimpleNamespace
from typing import Literal, cast

import h11
import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from uvicorn.protocols.http import httptools_impl

from runs import ModelCall, Run
from server.response import error_response
from streaming.dialects import Dialect
from streaming.dialects import json as native
from streaming.errors import ChatError, RateLimited
from streaming.events import Event, TextDelta
from streaming.headers import raw
from streaming.requests import ChatRequest
from tests.support.kept_runs import KeptRuns
from tests.support.served_response import JSON, answer, served

SERVERS: tuple[Literal["h11", "httptools"], ...] = ("h11", "httptools")
UNSENDABLE = {
    "x-bell": "a\x07b",
    "x-delete": "a\x7fb",
    "x-injected": "a\r\nset-cookie: a=b",
    "x-line": "a\nb",
    "x-null": "a\x00b",
    "x-obs-text": "Zürich",
    "x-other-script": "東京",
    "x-surrogate": "a\ud800b",
    "x bad name": "a",
    "x-bad\r\nname": "a",
    "x-name-é": "a",
    "": "a",
}
SENDABLE = {"x-tab": "a\tb", "x-empty": "", "X-Upper": "a"}


async def one() -> AsyncGenerator[Event]:
    yield TextDelta("d", "Hi")


def dialect_with(headers: Mapping[str, object]) -> Dialect:
    """The native dialect, whose answers also have *headers*."""

    def all_headers(request: ChatRequest) -> Mapping[str, object]:
        return {**native.headers(request), **headers}

    names = ("parse", "encode", "error", "keep_alive")
    module = SimpleNamespace(**{name: getattr(native, name) for name in names})
    module.headers = all_headers
    return cast(Dialect, cast(ModuleType, module))


def sent(response: httpx.Response) -> dict[str, str]:
    """Those of the answer's headers that a test has chosen."""
    return {
        name: value
        for name, value in response.headers.items()
        if name in {*UNSENDABLE, *map(str.lower, SENDABLE), "set-cookie"}
    }


@pytest.mark.parametrize("http", SERVERS)
@pytest.mark.parametrize("stream", [True, False])
async def test_a_dialects_header_that_cannot_be_sent_is_left_out(
    http: Literal["h11", "httptools"], stream: bool
) -> None:
    kept, dialect = (
        KeptRuns(),
        dialect_with({**UNSENDABLE, **SENDABLE, "x-space": " a "}),
    )
    async with (
        served(lambda: answer(one, kept, dialect=dialect, stream=stream), http) as url,
        httpx.AsyncClient() as client,
    ):
        response = await client.get(url)
    assert (response.status_code, "Hi" in response.text) == (200, True)
    assert sent(response) == {"x-tab": "a\tb", "x-empty": "", "x-upper": "a"}
    assert response.headers["x-space"] == "a"
    assert [run.status for run in kept.runs] == ["ok"]


@pytest.mark.parametrize("http", SERVERS)
async def test_an_errors_header_that_cannot_be_sent_is_left_out(
    http: Literal["h11", "httptools"],
) -> None:
    class Odd(RateLimited):
        def headers(self) -> Mapping[str, str]:
            return {**super().headers(), **UNSENDABLE, **SENDABLE}

    error: ChatError = Odd("busy", retry_after_ms=7000)
    async with (
        served(lambda: error_response(error, JSON, "the-id"), http) as url,
        httpx.AsyncClient() as client,
    ):
        response = await client.get(url)
    assert response.status_code == 429
    assert response.headers["retry-after"] == "7"
    assert sent(response) == {"x-tab": "a\tb", "x-empty": "", "x-upper": "a"}


async def test_a_dialect_whose_headers_are_none_is_a_500() -> None:
    """They were asked for when the run was over, and nobody would have caught it."""
    dialect = dialect_with({"x-number": 5})
    async with (
        served(lambda: answer(one, KeptRuns(), dialect=dialect)) as url,
        httpx.AsyncClient() as client,
    ):
        response = await client.get(url)
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "internal_error"


NAMES = st.text(max_size=8) | st.sampled_from(sorted(UNSENDABLE))
VALUES = st.text(max_size=8) | st.text("\x00\t\r\n\x7f é\ud800a", max_size=4)


@given(st.lists(st.tuples(NAMES, VALUES)))
@example([("x", "\x0b")])
@example([("x", " ")])
@example([("x", "a\n")])
@example([("x\n", "a")])
def test_whatever_is_left_every_server_sends(headers: list[tuple[str, str]]) -> None:
    made = raw(headers)
    ours = [(name, value) for name, value in made if name != b"content-length"]
    h11.Response(status_code=200, headers=ours)
    for name, value in made:
        assert not httptools_impl.HEADER_RE.search(name)
        assert not httptools_impl.HEADER_VALUE_RE.search(value)


@given(st.text(), st.text(), st.text())
@example("modèle", "bücher.example", "Zürich")
@example("a\r\nset-cookie: a=b", "a\x00", "\ud800")
def test_whatever_a_backend_is_called_the_head_can_be_sent(
    deployment: str, backend: str, region: str
) -> None:
    run = Run()
    run.begin_call(1, ModelCall(deployment, backend=backend, region=region))
    made = raw(run.headers.items())
    assert {name for name, _ in made} <= {b"x-deployment", b"x-backend", b"x-ms-region"}
    h11.Response(status_code=200, headers=made)
