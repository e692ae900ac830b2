"""What other people's loggers may not write: a query string, a URL, a header.

A query string may hold a function key, as `?code=…`.
"""

import logging

TALKATIVE = ("httpx", "httpx2", "azure.core.pipeline.policies.http_logging_policy")
"""They log each request's URL, or its headers, at INFO."""


class _WithoutQuery(logging.Filter):
    """uvicorn's access record has (client, method, path and query, version, status)."""

    def filter(self, record: logging.LogRecord) -> bool:
        args = record.args
        if isinstance(args, tuple) and len(args) > 2 and isinstance(args[2], str):
            record.args = (*args[:2], args[2].partition("?")[0], *args[3:])
        return True


def keep_private() -> None:
    """Apply this to the worker's own access log too, which Azure's worker writes."""
    access = logging.getLogger("uvicorn.access")
    if not any(isinstance(present, _WithoutQuery) for present in access.filters):
        access.addFilter(_WithoutQuery())
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
