"""Keeps query strings, URLs and headers out of other libraries' logs.

A query string may hold a function key, as `?code=…`.
"""

import logging

QUOTING = ("asyncio", "langchain_core.callbacks.manager")
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
        message = record.getMessage().partition("\n")[0].partition("(")[0]
        record.msg, record.args = "%s %s", (message, kind.__name__ if kind else "")
        record.exc_info = record.exc_text = record.stack_info = None
        return True


def keep_private() -> None:
    """Filter these logs; Azure's worker writes the one of `uvicorn.access`."""
    for name in QUOTING:
        _add(logging.getLogger(name), _WithoutExceptionText())
    _add(logging.getLogger("uvicorn.access"), _WithoutQuery())
    for name in INDISCREET:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def _add(logger: logging.Logger, added: logging.Filter) -> None:
    if not any(isinstance(present, type(added)) for present in logger.filters):
        logger.addFilter(added)
