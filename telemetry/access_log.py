"""No query string in any access log: it may hold a function key, as `?code=…`."""

import logging


class _WithoutQuery(logging.Filter):
    """uvicorn's access record has (client, method, path and query, version, status)."""

    def filter(self, record: logging.LogRecord) -> bool:
        args = record.args
        if isinstance(args, tuple) and len(args) > 2 and isinstance(args[2], str):
            record.args = (*args[:2], args[2].partition("?")[0], *args[3:])
        return True


def drop_query_strings() -> None:
    """Filter `uvicorn.access`, where the worker's own server writes, on Azure too."""
    logger = logging.getLogger("uvicorn.access")
    if not any(isinstance(present, _WithoutQuery) for present in logger.filters):
        logger.addFilter(_WithoutQuery())
