"""The store, for what cannot be answered without it."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from store import StoreError
from streaming.errors import StoreUnavailable

log = logging.getLogger(__name__)


@asynccontextmanager
async def reached() -> AsyncIterator[None]:
    """Raise `StoreUnavailable` if the store does not answer."""
    try:
        yield
    except StoreError as exc:
        log.error("threads: %s", type(exc).__name__)
        raise StoreUnavailable from None
