"""No query string in an access log: on Azure the worker's own server writes one."""

import asyncio
import logging
import socket
import subprocess
import sys
import sysconfig
import textwrap
import threading
import warnings
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import uvicorn
from azurefunctions.extensions.http.fastapi import WebApp, WebServer
from fastapi import Request
from langchain_core.callbacks.base import BaseCallbackHandler
from langchain_core.runnables import RunnableConfig

from app import logs
from tests.support.example_chains import answering


async def test_the_workers_own_server_logs_no_query_string(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.keep_private()  # As at import of the app, before the worker starts its server.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = WebApp()

    @app.route  # type: ignore[untyped-decorator]  # The extension has no types.
    async def everything(request: Request) -> str:
        return "answer"

    started = asyncio.Event()
    servers: list[uvicorn.Server] = []
    startup = uvicorn.Server.startup

    async def noted(self: uvicorn.Server, sockets: Any = None) -> None:
        await startup(self, sockets)
        servers.append(self)
        started.set()

    # The worker keeps its server to itself; only the test needs to stop it.
    monkeypatch.setattr(uvicorn.Server, "startup", noted)
    worker = asyncio.create_task(WebServer("127.0.0.1", port, app).serve())
    with anyio.fail_after(5):
        await started.wait()
        async with httpx.AsyncClient() as client:
            await client.get(f"http://127.0.0.1:{port}/api/chat?code=the-key&x=1")
        servers[0].should_exit = True
        await worker
    printed = capsys.readouterr()
    assert '"GET /api/chat HTTP/1.1" 200' in printed.out
    assert "the-key" not in printed.out + printed.err


async def test_exceptions_that_nobody_caught_are_logged_without_their_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logs.keep_private()

    class Broken(BaseCallbackHandler):
        run_inline = True

        def on_chat_model_start(self, *args: Any, **kwargs: Any) -> None:
            raise ValueError(f"secret {args[1]}")

    config: RunnableConfig = {"callbacks": [Broken()]}
    await answering.ainvoke("the-prompt", config)
    loop = asyncio.get_running_loop()
    failure = RuntimeError("secret")
    context = {"message": "Task exception was never retrieved", "exception": failure}
    loop.default_exception_handler({**context, "future": loop.create_future()})
    assert "Broken.on_chat_model_start callback: ValueError" in caplog.text
    assert "Task exception was never retrieved: RuntimeError" in caplog.text
    assert "secret" not in caplog.text
    assert "the-prompt" not in caplog.text


def library(code: str) -> dict[str, Any]:
    """What *code* defines, as if it were installed."""
    path = Path(sysconfig.get_path("purelib")) / "some_library.py"
    names = {"log": logging.getLogger("some_library.part")}
    exec(compile(textwrap.dedent(code), str(path), "exec"), names)
    return names


LINES = {
    "warning('It failed: %s', exc)": "It failed: KeyError",
    "warning('It failed: %r', exc)": "It failed: KeyError",
    "warning('It failed for %s', exc.args[0])": "It failed for: KeyError",
    "error(f'It failed with {exc} today')": "It failed with: KeyError",
    "warning('It failed with %s', exc.__cause__)": "It failed with: ValueError",
    "exception('It failed')": "It failed: KeyError",
    "info('It failed', exc_info=True)": "It failed: KeyError",
    "info(f'Again after 1 s (attempt 2) {exc}')": "Again after 1 s: KeyError",
    "warning('%s %s', exc)": "%s %s: KeyError",
    "warning('It failed with\\n%s', 'secret')": "It failed with: KeyError",
}


@pytest.mark.parametrize(("line", "expected"), LINES.items())
def test_a_librarys_line_has_no_text_of_the_exception_that_it_is_about(
    caplog: pytest.LogCaptureFixture, line: str, expected: str
) -> None:
    logs.keep_private()
    run = library(
        f"""
        def run():
            try:
                raise KeyError("secret") from ValueError("a secret too")
            except KeyError as exc:
                log.{line}
        """
    )["run"]
    with caplog.at_level(logging.INFO):
        run()
    [record] = caplog.records
    assert record.getMessage() == expected
    assert "secret" not in caplog.text


def test_what_else_a_library_logs_is_as_it_was(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logs.keep_private()
    run = library("def run(): log.warning('%d of 100%% (at %s)', 7, 'here')")["run"]
    run()
    [record] = caplog.records
    assert record.getMessage() == "7 of 100% (at here)"


def test_a_line_of_an_authors_own_is_the_authors(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logs.keep_private()
    try:
        raise ValueError("what went wrong")
    except ValueError:
        logging.getLogger("my_chain").exception("It failed")
    assert "ValueError: what went wrong" in caplog.text


@pytest.mark.parametrize("developers", [True, False])
def test_a_warning_has_its_text_on_a_developers_machine_alone(
    developers: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = getattr(warnings, "_formatwarning_orig")  # noqa: B009 - mypy
    monkeypatch.setattr(warnings, "formatwarning", before)
    logs.keep_private(developers=developers)
    shown = warnings.formatwarning("a secret", UserWarning, "chain.py", 3, "warn(x)")
    assert shown.startswith("chain.py:3: UserWarning")
    assert ("secret" in shown) is developers


def test_what_nobody_can_catch_is_logged_by_its_class(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    # Instead of what pytest has there.
    monkeypatch.setattr(threading, "excepthook", threading.__excepthook__)
    monkeypatch.setattr(sys, "unraisablehook", sys.__unraisablehook__)
    logs.keep_private()

    class Prompt:
        def __del__(self) -> None:
            raise ValueError("secret")

        def __repr__(self) -> str:
            return "secret"

    def fail() -> None:
        raise LookupError("secret")

    def leave() -> None:
        raise SystemExit("secret")

    del_me = [Prompt()]
    del_me.clear()
    for target in (fail, leave):
        thread = threading.Thread(target=target, name="secret")
        thread.start()
        thread.join()
    assert "Prompt.__del__: ValueError" in caplog.text
    assert f"uncaught in a thread: LookupError at {__file__}" in caplog.text
    printed = capsys.readouterr()
    for text in (caplog.text, printed.out, printed.err):
        assert "secret" not in text


ENDING = """
import json, sys
from app import logs

class Left:
    def __del__(self) -> None:
        raise ValueError("secret")

logs.keep_private()
json.left = Left()  # Which goes with its module.
sys.left = Left()  # Which is the last one to go.
"""


def test_what_is_left_when_python_ends_raises_nothing_of_ours() -> None:
    run = [sys.executable, "-c", ENDING]
    ended = subprocess.run(run, capture_output=True, text=True, check=True, timeout=30)
    assert (ended.stdout, ended.stderr) == ("", "")


def test_the_servers_own_log_has_no_exceptions_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logs.keep_private()
    run = library(
        """
        def run(server):
            server.info("Started server process [%d]", 7)
            try:
                raise ValueError("secret")
            except ValueError:
                server.exception("Exception in ASGI application\\n")
        """
    )["run"]
    with caplog.at_level(logging.INFO, logger="uvicorn.error"):
        run(logging.getLogger("uvicorn.error"))
    assert "Started server process [7]" in caplog.text
    assert "Exception in ASGI application: ValueError" in caplog.text
    assert "secret" not in caplog.text


def test_clients_do_not_log_urls() -> None:
    logs.keep_private()
    for name in ("httpx", "httpx2", "openai"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
