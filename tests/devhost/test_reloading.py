"""`--reload`: a changed file starts the app anew, and cuts no caller off."""

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.devhost.conftest import Devhost, running

APP = """
import asyncio
import atexit
import os
from pathlib import Path

import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response, StreamingResponse

from said import said

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
atexit.register(Path("closed").write_text, said)


@app.route("said")
async def answer(req: Request) -> Response:
    return Response(f"{said} {os.environ.get('SETTING')} {os.getpid()}")


@app.route("stream/{tenths}")
async def stream(req: Request) -> StreamingResponse:
    async def chunks():
        for _ in range(int(req.path_params["tenths"])):
            yield b"."
            await asyncio.sleep(0.1)
    return StreamingResponse(chunks())
"""


@pytest.fixture
def app_dir(tmp_path: Path) -> Path:
    (tmp_path / "function_app.py").write_text(APP)
    (tmp_path / "said.py").write_text('said = "one"\n')
    return tmp_path


@pytest.fixture
def host(app_dir: Path) -> Iterator[Devhost]:
    with running(app_dir, "--reload") as host:
        yield host


@contextmanager
def streaming(host: Devhost, tenths: int) -> Iterator[Iterator[bytes]]:
    with httpx.stream("GET", f"{host.url}/api/stream/{tenths}", timeout=20) as response:
        chunks = response.iter_raw()
        assert next(chunks) == b"."
        yield chunks


def said(host: Devhost) -> list[str]:
    return httpx.get(f"{host.url}/api/said", timeout=20).text.split()


def test_a_changed_file_starts_the_app_anew_at_the_same_address(
    host: Devhost, app_dir: Path
) -> None:
    url, pid = host.url, str(host.process.pid)
    assert said(host) == ["one", "None", pid]
    (app_dir / "said.py").write_text('said = "another"\n')
    host.ready()
    assert (host.url, said(host)) == (url, ["another", "None", pid])
    assert (app_dir / "closed").read_text() == "one"
    assert sum("Functions in" in line for line in host.banner) == 1
    host.log_line("devhost: said.py has changed: starting again")
    host.interrupt()
    assert host.exit_code() == 0
    assert not [line for line in host.log if "Traceback" in line]


def test_changed_local_settings_are_read_anew(host: Devhost, app_dir: Path) -> None:
    for value in ("first", "second"):
        values = {"Values": {"SETTING": value}}
        (app_dir / "local.settings.json").write_text(json.dumps(values))
        host.ready()
        assert said(host)[1] == value


def test_a_stream_ends_and_who_comes_meanwhile_gets_the_new_code(
    host: Devhost, app_dir: Path
) -> None:
    with ThreadPoolExecutor() as pool, streaming(host, 30) as chunks:
        (app_dir / "said.py").write_text('said = "another"\n')
        host.log_line("said.py has changed")
        meanwhile = pool.submit(said, host)
        assert len(b"".join(chunks)) == 29
        assert meanwhile.result(30)[0] in ("one", "another")
    host.ready()
    assert said(host)[0] == "another"


def test_a_mistake_is_told_and_its_correction_started(
    host: Devhost, app_dir: Path
) -> None:
    (app_dir / "said.py").write_text("said = = 1\n")
    host.log_line("devhost: said.py:1: SyntaxError: invalid syntax")
    host.log_line("waiting until a file has changed")
    (app_dir / "said.py").write_text('said = "right"\n')
    host.ready()
    assert said(host)[0] == "right"


def test_callers_are_told_of_a_mistake_instead_of_waiting_for_its_correction(
    host: Devhost, app_dir: Path
) -> None:
    (app_dir / "said.py").write_text("said = = 1\n")
    host.log_line("waiting until a file has changed")
    large = {"x": "y" * 99_999}
    for _ in range(2):
        answer = httpx.post(f"{host.url}/api/said", json=large, timeout=20)
        error = {
            "code": "not_configured",
            "message": "The app cannot start: its console says why.",
            "status": 503,
            "retryable": False,
        }
        assert (answer.status_code, answer.json()) == (503, {"error": error})
    (app_dir / "said.py").write_text('said = "right"\n')
    host.ready()
    assert said(host)[0] == "right"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_it_waits_for_a_correction(
    host: Devhost, app_dir: Path, number: signal.Signals
) -> None:
    (app_dir / "said.py").write_text("said = = 1\n")
    host.log_line("waiting until a file has changed")
    host.interrupt(number)
    assert host.exit_code() == 0


def test_a_signal_while_a_stream_ends_is_no_new_start(
    host: Devhost, app_dir: Path
) -> None:
    with streaming(host, 600):
        (app_dir / "said.py").write_text('said = "another"\n')
        host.log_line("said.py has changed")
        host.interrupt()
        assert host.exit_code() == 0


def test_what_the_app_does_not_read_starts_nothing(
    host: Devhost, app_dir: Path
) -> None:
    for name in ("notes.md", ".venv/x.py", "env/x.py", "node_modules/x.py"):
        (app_dir / name).parent.mkdir(exist_ok=True)
        (app_dir / "env/pyvenv.cfg").parent.mkdir(exist_ok=True)
        (app_dir / "env/pyvenv.cfg").touch()
        (app_dir / name).write_text("x = 1\n")
    (app_dir / "said.py").write_text('said = "another"\n')
    # The first file that is named is the only one that counts.
    host.log_line("devhost: said.py has changed: starting again")
    host.ready()
