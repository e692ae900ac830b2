"""Ctrl-C and SIGTERM: a short drain, then an end, and nothing to see."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from tests.devhost.conftest import Devhost, running
from tests.support.app_process import until

APP = """
import asyncio
import threading

import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response, StreamingResponse

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)


@app.route("stream/{tenths}")
async def stream(req: Request) -> StreamingResponse:
    async def chunks():
        for _ in range(int(req.path_params["tenths"])):
            yield b"."
            await asyncio.sleep(0.1)
    return StreamingResponse(chunks())


@app.route("thinks")
async def thinks(req: Request) -> Response:
    await asyncio.Event().wait()
    return Response()


@app.route("blocks")
def blocks(req: Request) -> Response:
    threading.Event().wait(60)
    return Response()
"""


@pytest.fixture
def app_dir(tmp_path: Path) -> Path:
    (tmp_path / "function_app.py").write_text(APP)
    return tmp_path


@contextmanager
def streaming(host: Devhost, tenths: int) -> Iterator[Iterator[bytes]]:
    """The chunks of a stream that has begun."""
    with httpx.stream("GET", f"{host.url}/api/stream/{tenths}", timeout=20) as response:
        chunks = response.iter_raw()
        assert next(chunks) == b"."
        yield chunks


def refuses_callers(host: Devhost) -> bool:
    try:
        httpx.get(f"{host.url}/api/nothing", timeout=20)
    except httpx.ConnectError:
        return True
    except httpx.TransportError:
        pass  # It was let in and is now put out.
    return False


def occupy(host: Devhost) -> None:
    """Leave a function waiting for ever, and a thread for a minute."""
    for path in ("thinks", "blocks"):
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{host.url}/api/{path}", timeout=httpx.Timeout(5, read=0.2))


@contextmanager
def asked_to_stop_once(app_dir: Path, *, occupied: bool = False) -> Iterator[Devhost]:
    """A host with a long stream, which is not over for five seconds, or eight."""
    with running(app_dir) as host, ExitStack() as stack:
        if occupied:
            occupy(host)
        stack.enter_context(streaming(host, 600))
        host.interrupt()
        until(lambda: refuses_callers(host))
        yield host


def assert_quiet(host: Devhost) -> None:
    assert [line for line in host.log if " INFO devhost " not in line] == []


def test_stream_that_ends_soon_is_not_cut(app_dir: Path) -> None:
    with running(app_dir) as host:
        with streaming(host, 10) as chunks:
            host.interrupt()
            assert len(b"".join(chunks)) == 9
        assert host.exit_code() == 0
        assert " 200 " in host.log[-1]
        assert host.log[-1].endswith(" ms")
        assert_quiet(host)


def test_nothing_to_drain_stops_at_once_and_refuses_callers(app_dir: Path) -> None:
    with running(app_dir) as host, httpx.Client(base_url=host.url, timeout=20) as idle:
        idle.get("/api/nothing")  # Its connection stays open.
        with asked_to_stop_once(app_dir) as other:
            host.interrupt(signal.SIGTERM)
            assert host.exit_code() == 0
            assert other.process.poll() is None  # It still drains.
        assert_quiet(host)
        assert refuses_callers(host)


def test_long_stream_is_cut_after_five_seconds(app_dir: Path) -> None:
    with ExitStack() as stack:
        host = stack.enter_context(running(app_dir))
        chunks = stack.enter_context(streaming(host, 600))
        host.interrupt(signal.SIGTERM)
        came: list[bytes] = []
        with pytest.raises(httpx.RemoteProtocolError):
            came.extend(chunks)
        # Ten a second for five seconds; a machine may stand still for some of them.
        assert 10 < len(b"".join(came)) < 599
        assert host.exit_code() == 0
        assert host.log[-1].endswith(" ms (cut short)")
        assert_quiet(host)


def test_second_interrupt_stops_at_once_whatever_runs(app_dir: Path) -> None:
    with ExitStack() as stack:
        host = stack.enter_context(running(app_dir))
        occupy(host)
        chunks = stack.enter_context(streaming(host, 600))
        other = stack.enter_context(asked_to_stop_once(app_dir, occupied=True))
        host.interrupt()
        until(lambda: refuses_callers(host))  # It has been seen.
        host.interrupt()
        with pytest.raises(httpx.RemoteProtocolError):
            list(chunks)
        assert host.exit_code() == 0
        assert other.process.poll() is None
        assert_quiet(host)
