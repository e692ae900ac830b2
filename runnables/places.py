"""Where an exception was raised, which says nothing of what was asked."""

import traceback
from types import TracebackType


def raised_at(trace: TracebackType | None) -> str:
    """The innermost frames of *trace*, the one that has raised first."""
    frames = reversed(traceback.extract_tb(trace)[-4:])
    return " < ".join(f"{frame.filename}:{frame.lineno}" for frame in frames)
