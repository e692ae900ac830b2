"""The few lines of the pages with OpenAI's SDK print an answer."""

import subprocess
import sys

from tests.support.app_process import AppProcess
from tests.support.markdown import LOCAL, PAGES, only, quoted


def run(code: str, server: AppProcess) -> str:
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


def test_the_example_prints_what_the_chain_says(offline: AppProcess) -> None:
    code = only("py", "docs/openai-api.md")
    assert "chains/haiku.py" in run(code, offline)


def test_the_azure_client_does_the_same(offline: AppProcess) -> None:
    code = only("py", "docs/openai-api.md")
    page = quoted(PAGES["docs/openai-api.md"])
    [client] = [each for each in page if each.startswith("AzureOpenAI(")]
    _, _, rest = code.partition(")\n")
    azure = f"from openai import AzureOpenAI\nclient = {client}\n{rest}"
    assert "chains/haiku.py" in run(azure, offline)


def test_the_example_of_responses_prints_it_too(offline: AppProcess) -> None:
    code = only("py", "docs/responses.md")
    assert "chains/haiku.py" in run(code, offline)
