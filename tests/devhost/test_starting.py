"""What cannot start says so in one message."""

import socket
from pathlib import Path

import pytest

from tests.devhost.conftest import failing

HEAD = """\
import azure.functions as func
from azurefunctions.extensions.http.fastapi import Request, Response
app = func.FunctionApp()
"""


@pytest.mark.parametrize(
    ("app", "message"),
    [
        (None, "There is no function_app.py in {app_dir}."),
        (
            "import nowhere\n",
            "function_app.py:1: ModuleNotFoundError: No module named 'nowhere'",
        ),
        ("x = 1\nx = = 2\n", "function_app.py:2: SyntaxError: invalid syntax"),
        ("\nraise SystemExit('no')\n", "function_app.py:2: SystemExit: no"),
        (
            "import settings_check\n",
            "settings_check.py:7: SettingsError: PORTS must be a number.\nSee README.",
        ),
        (
            "x = 1\n",
            "function_app.py: ValueError: Could not find top level function app "
            "instances in function_app.py.",
        ),
        (
            HEAD + "@app.route('a')\nasync def a(req: Request) -> None: ...\n",
            "function_app.py: FunctionLoadError: cannot load the a function: "
            "Python return annotation",
        ),
        (
            HEAD + "@app.route('{a:int}')\n"
            "async def a(req: Request) -> Response: ...\n",
            "route 'api/{{a:int}}': this host cannot read '{{a:int}}'",
        ),
        (
            "import azure.functions as func\napp = func.FunctionApp()\n"
            "@app.route('a')\n"
            "def a(req: func.HttpRequest) -> func.HttpResponse: ...\n",
            "function_app.py does not use the FastAPI extension",
        ),
    ],
    ids=[
        "missing",
        "import",
        "syntax",
        "exit",
        "settings",
        "no app",
        "binding",
        "route",
        "extension",
    ],
)
def test_bad_app_is_one_message(tmp_path: Path, app: str | None, message: str) -> None:
    if app is not None:
        (tmp_path / "function_app.py").write_text(app)
    (tmp_path / "settings_check.py").write_text(
        "class SettingsError(Exception): ...\n"
        "def check():\n"
        "    try:\n"
        "        int('x')\n"
        "    except ValueError as exc:\n"
        "        text = 'PORTS must be a number.\\nSee README.'\n"
        "        raise SettingsError(text) from exc\n"
        "check()\n"
    )
    code, stderr = failing(tmp_path)
    assert code == 1
    assert stderr.startswith(f"devhost: {message.format(app_dir=tmp_path)}")
    assert "Traceback" not in stderr
    assert stderr.count("\n") == message.count("\n") + 1


def test_bad_file_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text("{")
    code, stderr = failing(tmp_path)
    assert code == 1
    assert stderr.startswith("devhost: host.json:1: not valid JSON: ")
    assert stderr.count("\n") == 1


def test_taken_port_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text(HEAD)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert failing(tmp_path, PORT=str(port)) == (
            1,
            f"devhost: Port {port} is taken: stop what listens there, or set PORT to "
            "another one (0 takes a free one).\n",
        )
