"""Where in the app an exception was raised."""

import sys
import traceback
from pathlib import Path

_HOST = Path(__file__).parent


def raised_at(exc: BaseException, app_dir: Path) -> str | None:
    """`file:line` of the deepest frame that is the app's own, or None."""
    if isinstance(exc, SyntaxError) and exc.filename:
        found = _app_file(exc.filename, app_dir)
        if found:
            return f"{found}:{exc.lineno}"
    while isinstance(exc, BaseExceptionGroup) and len(exc.exceptions) == 1:
        exc = exc.exceptions[0]
    for frame, line in reversed(list(traceback.walk_tb(exc.__traceback__))):
        found = _app_file(frame.f_code.co_filename, app_dir)
        if found:
            return f"{found}:{line}"
    return None


def _app_file(filename: str, app_dir: Path) -> Path | None:
    path = Path(filename)
    # The virtual environment, and this package, may lie inside the app's folder.
    if (
        not path.is_relative_to(app_dir)
        or path.is_relative_to(sys.prefix)
        or path.is_relative_to(_HOST)
        or "site-packages" in path.parts
    ):
        return None
    return path.relative_to(app_dir)
