"""README's few lines with OpenAI's SDK print an answer."""

import subprocess
import sys

from tests.docs.markdown import README, after, quoted
from tests.server import Server

LOCAL = "http://127.0.0.1:7071"


def run(code: str, server: Server) -> str:
    assert LOCAL in code
    done = subprocess.run(
        [sys.executable, "-c", code.replace(LOCAL, server.url)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_example_prints_what_the_chain_says(offline: Server) -> None:
    code = after("runs the chain:", "py")
    assert "chains/haiku.py" in run(code, offline)


def test_the_azure_client_does_the_same(offline: Server) -> None:
    code = after("runs the chain:", "py")
    [client] = [each for each in quoted(README) if each.startswith("AzureOpenAI(")]
    _, _, rest = code.partition(")\n")
    azure = f"from openai import AzureOpenAI\nclient = {client}\n{rest}"
    assert "chains/haiku.py" in run(azure, offline)
