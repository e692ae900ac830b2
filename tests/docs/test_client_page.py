"""The example of docs/client.md, in Node."""

import re
import subprocess

from tests.support.aimock import NODE
from tests.support.app_process import ROOT, AppProcess
from tests.support.markdown import LOCAL, only


def shown(app: AppProcess, question: str) -> str:
    """What the example shows of the answer to *question*."""
    source = only("mjs", "docs/client.md").replace(
        f"{LOCAL}/client.js", "./web/client.js"
    )
    assert source.count('"Hello"') == source.count(LOCAL) == 1
    source = source.replace(LOCAL, app.url).replace('"Hello"', f'"{question}"')
    script = f"const show = (text) => process.stdout.write(text);\n{source}"
    imports = re.findall(r"^import .*\n", script, re.MULTILINE)
    script = "".join(imports) + re.sub(r"^import .*\n", "", script, flags=re.MULTILINE)
    done = subprocess.run(
        [str(NODE), "--input-type=module", "--eval", script],
        cwd=ROOT,
        capture_output=True,
        timeout=20,
        check=True,
    )
    return done.stdout.decode()


def test_it_shows_text_and_tokens(app: AppProcess) -> None:
    assert shown(app, "standin:answer tokens=2") == "tok0 tok1 (2 tokens)"


def test_it_shows_an_error(app: AppProcess) -> None:
    said = "The model is busy; try again later. Try again later."
    assert shown(app, "standin:rate_limited") == said
