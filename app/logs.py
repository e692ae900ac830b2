"""Keeps query strings, URLs and headers out of other libraries' logs.

A query string may hold a function key, as `?code=…`.
"""

import logging
import sys
import threading

log = logging.getLogger(__name__)

QUOTING = (
    *("asyncio", "concurrent.futures", "uvicorn.error"),
    *("langchain_core.callbacks.manager", "langchain_core.tracers.core"),
)
"""Loggers that log uncaught exceptions with their text."""

TALKATIVE = ("httpx", "httpx2", "azure.core.pipeline.policies.http_logging_policy")
"""Loggers that log each request's URL, or its headers, at INFO."""


INDISCREET = ("azure.eventhub", "azure.identity", "opentelemetry")
"""Loggers of error texts, which may hold addresses and keys; our callers of these
libraries log their failures, and `/api/health` shows them."""


class _WithoutQuery(logging.Filter):
    """Drops the query, which is in the third argument of uvicorn's access record."""

    def filter(self, record: logging.LogRecord) -> bool:
        args = record.args
        if isinstance(args, tuple) and len(args) > 2 and isinstance(args[2], str):
            record.args = (*args[:2], args[2].partition("?")[0], *args[3:])
        return True


class _WithoutExceptionText(logging.Filter):
    """Drops the text of an exception, which may quote the prompt."""

    def filter(self, record: logging.LogRecord) -> bool:
        kind = record.exc_info[0] if record.exc_info else None
        if record.levelno < logging.WARNING and kind is None:
            return True
        message = record.getMessage().partition("\n")[0].partition("(")[0]
        record.msg, record.args = "%s %s", (message, kind.__name__ if kind else "")
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def keep_private() -> None:
    """Filter these logs; Azure's worker writes the one of `uvicorn.access`.

    What Python prints of exceptions that nobody can catch is logged by class as well.
    """
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = _of_thread
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _unraisable
    for name in QUOTING:
        _add(logging.getLogger(name), _WithoutExceptionText())
    _add(logging.getLogger("uvicorn.access"), _WithoutQuery())
    for name in INDISCREET:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _log_uncaught(where: str, kind: type[BaseException] | None) -> None:
    """Log an exception of this *kind* that nobody caught, without its text."""
    log.error("uncaught in %s: %s", where, kind.__name__ if kind else "an exception")


def _of_thread(args: threading.ExceptHookArgs) -> None:
    name = args.thread.name if args.thread else "a thread"
    if not issubclass(args.exc_type, SystemExit):
        _log_uncaught(f"thread {name.partition(' ')[0]}", args.exc_type)


def _unraisable(args: "sys.UnraisableHookArgs") -> None:
    # Not the object's `repr`, which may quote a prompt.
    name = getattr(args.object, "__qualname__", type(args.object).__name__)
    _log_uncaught(name, args.exc_type)


def _add(logger: logging.Logger, added: logging.Filter) -> None:
    if not any(isinstance(present, type(added)) for present in logger.filters):
        logger.addFilter(added)
