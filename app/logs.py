"""Keeps prompts, query strings, URLs and headers out of other people's log lines.

A query string may hold a function key, as `?code=…`. The text of an exception may quote
a prompt, and a library logs it without anybody having asked: whatever is installed, and
Python itself. What a chain's own code logs is its author's.
"""

import logging
import sys
import sysconfig
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from types import TracebackType

log = logging.getLogger(__name__)

TALKATIVE = (
    *("httpx", "httpx2", "azure.core.pipeline.policies.http_logging_policy"),
    *("openai", "httpcore", "aiosqlite"),
)
"""Loggers of each request's URL, headers or body, at INFO or DEBUG."""


INDISCREET = ("azure.eventhub", "azure.identity", "opentelemetry")
"""Loggers of error texts, which may hold addresses and keys; our callers of these
libraries log their failures, and `/api/health` shows them."""

INSTALLED = (
    *("site-packages", "dist-packages"),
    *(sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")),
)
"""What is in the path of a file that a library, or Python, has."""

CAUSES = 8
"""Exceptions behind an exception to look at."""


class _WithoutQuery(logging.Filter):
    """Drops the query, which is in the third argument of uvicorn's access record."""

    def filter(self, record: logging.LogRecord) -> bool:
        args = record.args
        if isinstance(args, tuple) and len(args) > 2 and isinstance(args[2], str):
            record.args = (*args[:2], args[2].partition("?")[0], *args[3:])
        return True


def keep_private(*, developers: bool = False) -> None:
    """Keep what is private out of these logs, in this process.

    What Python prints of exceptions that nobody can catch is logged by class as well.
    Of a warning only its class and place are, unless this is a *developers* machine.
    """
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _of_thread
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _unraisable
    if not developers:
        warnings.formatwarning = _without_message
    before = logging.getLogRecordFactory()
    if not isinstance(before, _Discreet):
        logging.setLogRecordFactory(_Discreet(before))
    access = logging.getLogger("uvicorn.access")
    if not any(isinstance(present, _WithoutQuery) for present in access.filters):
        access.addFilter(_WithoutQuery())
    for name in INDISCREET:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


class _Discreet:
    """Makes records with *make*: those of libraries without an exception's text.

    A filter of a logger does not see what the loggers below it log.
    """

    def __init__(self, make: Callable[..., logging.LogRecord]) -> None:
        self._make = make

    def __call__(self, *args: object, **kwargs: object) -> logging.LogRecord:
        record = self._make(*args, **kwargs)
        if any(part in record.pathname for part in INSTALLED):
            _shorten(record)
        return record


def _shorten(record: logging.LogRecord) -> None:
    exc = _exception(record)
    if exc is None and record.levelno < logging.WARNING:
        return
    message = _message(record)
    if exc is not None:
        for end in (*_texts(exc), "(", ": "):
            message = message.partition(end)[0]
    message = message.partition("\n")[0].rstrip(" :")
    record.msg, record.args = message, ()
    if exc is not None:
        record.msg, record.args = "%s: %s", (message, type(exc).__name__)
    record.exc_info = record.exc_text = record.stack_info = None


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:
        return str(record.msg)  # Its arguments do not fit; logging would print them.


def _exception(record: logging.LogRecord) -> BaseException | None:
    """What *record* is about: an exception that it has, or that is being handled."""
    if record.exc_info and record.exc_info[1]:
        return record.exc_info[1]
    args = record.args.values() if isinstance(record.args, dict) else record.args or ()
    given = (arg for arg in args if isinstance(arg, BaseException))
    return next(given, None) or sys.exception()


def _texts(exc: BaseException) -> Iterator[str]:
    """What *exc*, and what is behind it, may be called in a message."""
    behind: BaseException | None = exc
    for _ in range(CAUSES):
        if behind is None:
            return
        for value in (behind, *behind.args):
            yield from filter(None, (_written(str, value), _written(repr, value)))
        behind = behind.__cause__ or behind.__context__


def _written(write: Callable[[object], str], value: object) -> str:
    try:
        return write(value).strip()
    except Exception:
        return ""


def _without_message(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    line: str | None = None,
) -> str:
    return f"{filename}:{lineno}: {category.__name__}\n"


def _log_uncaught(
    where: str, kind: type[BaseException] | None, trace: TracebackType | None
) -> None:
    """Log an exception of this *kind* that nobody caught, without its text."""
    frames = reversed(traceback.extract_tb(trace)[-4:])
    place = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in frames)
    name = kind.__name__ if kind else "an exception"
    log.error("uncaught in %s: %s at %s", where, name, place or "no line")


def _of_thread(args: threading.ExceptHookArgs) -> None:
    # Not the thread's name, which a chain may have made of a prompt.
    if not issubclass(args.exc_type, SystemExit):
        _log_uncaught("a thread", args.exc_type, args.exc_traceback)


def _unraisable(
    args: "sys.UnraisableHookArgs", is_ending: Callable[[], bool] = sys.is_finalizing
) -> None:
    if is_ending():
        return  # Modules lose their names then, this one too, and Python its imports.
    # Not the object's `repr`, which may quote a prompt.
    name = getattr(args.object, "__qualname__", type(args.object).__name__)
    _log_uncaught(name, args.exc_type, args.exc_traceback)
