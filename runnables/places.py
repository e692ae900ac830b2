"""Where an exception was raised, which says nothing of what was asked."""

import importlib
import traceback
from types import TracebackType


def raised_at(trace: TracebackType | None) -> str:
    """The innermost frames of *trace*, the one that has raised first.

    Those of an import would hide which file has imported what.
    """
    frames = [frame for frame in traceback.extract_tb(trace) if not _imports(frame)]
    return " < ".join(f"{frame.filename}:{frame.lineno}" for frame in frames[:-5:-1])


def _imports(frame: traceback.FrameSummary) -> bool:
    name = frame.filename
    return name.startswith("<frozen importlib.") or name == importlib.__file__
