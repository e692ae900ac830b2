"""The page about graphs: its agent, and the two commands that are typed there."""

import shlex
from pathlib import Path

from tests.conftest import azure
from tests.docs.test_commands import CURLS, EXAMPLE, typed
from tests.standin.process import StandIn
from tests.support.app_process import AppProcess
from tests.support.markdown import LOCAL, ROOT, files


def test_the_agent_asks_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "my_assistant.py").write_text(files()["my_assistant.py"], "utf-8")
    ask, answer = (shlex.join(shlex.split(c)) for c in CURLS if EXAMPLE in c)
    with StandIn(scenario="obliging") as standin:
        settings = azure(
            standin,
            CHAINS="assistant=my_assistant:build",
            PYTHONPATH=f"{tmp_path}:{ROOT}",
        )
        with AppProcess(settings) as server:
            server.warm()
            asked = typed(ask.replace(LOCAL, server.url))
            assert "event: interrupt\ndata: " in asked
            assert '"finish_reason":"interrupt"' in asked
            assert "event: tool_result" not in asked
            answered = typed(answer.replace(LOCAL, server.url))
    assert "event: tool_result\ndata: " in answered
    assert '"finish_reason":"stop"' in answered
