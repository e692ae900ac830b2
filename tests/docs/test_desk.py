"""The chain of docs/chains.md that answers from what its caller may read."""

import json
import shutil
from pathlib import Path

from tests.conftest import azure
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess, read_events, text_of
from tests.support.markdown import ROOT, files


def test_each_caller_gets_their_own_pages(standin: StandIn, tmp_path: Path) -> None:
    copy = tmp_path / "app"
    ignored = (ROOT / ".funcignore").read_text("utf-8").splitlines()
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*ignored))
    (copy / "chains/desk.py").write_text(files()["chains/desk.py"], "utf-8")
    keys = {"API_KEYS": "sales:caller-key-1,hr:caller-key-2", "CHAT_CHAIN": "desk"}
    read = {}
    with AppProcess(azure(standin, **keys, PYTHONPATH=str(ROOT)), cwd=copy) as server:
        for key in ("caller-key-1", "caller-key-2"):
            # The end user is whom the caller names, and opens nothing.
            asked = {"user": "standin:echo", "end_user": "sales"}
            answer = server.client.post(
                "/api/chat", json=asked, headers={"api-key": key}
            )
            [rules, _] = json.loads(text_of(read_events(answer)))
            read[key] = rules["content"]
    assert read == {
        "caller-key-1": "Answer from:\nPrices rise in May.",
        "caller-key-2": "Answer from:\nThe canteen moves in June.",
    }
