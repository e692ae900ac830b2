"""The store, for what cannot be answered without it."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from store import Damaged, StoreError
from streaming.errors import InternalError, StoreUnavailable

log = logging.getLogger(__name__)

UNREADABLE = "What is kept of the thread cannot be read: delete it, or begin another."


@asynccontextmanager
async def reached() -> AsyncIterator[None]:
    """Raise `StoreUnavailable` if the store does not answer."""
    try:
        yield
    except Damaged:
        log.error("threads: what is kept of one cannot be read")
        raise InternalError(UNREADABLE) from None
    except StoreError as exc:
        log.error("threads: %s", type(exc).__name__)
        raise StoreUnavailable from None
