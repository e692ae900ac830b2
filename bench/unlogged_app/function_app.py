"""This app, none of whose runs is kept to be followed: what a run's log costs."""

import runpy
from pathlib import Path

from runs import Run
from runs.logs import Logs
from streaming.requests import ChatRequest

LOGS = "attach"


def keep_nothing(self: Logs, run: Run, request: ChatRequest) -> None:
    pass


setattr(Logs, LOGS, keep_nothing)
app = runpy.run_path(str(Path(__file__).parents[2] / "function_app.py"))["functions"]
