"""The HTTP client under every upstream call of the SDK: its own, over aiohttp.

aiohttp reads a stream for a third of the CPU that httpcore takes, and hands over what
has arrived in one piece.
"""

import httpx2

from azure_openai.transport import Client
from settings import Settings

BACKSTOP_SECONDS = 5
"""The run's own limits come first; this ends what they could not."""


def build(settings: Settings) -> httpx2.AsyncClient:
    """A client for the configured backends, which follows no redirect.

    Blocks while the signed-in identity's library is imported, where one is needed.
    """
    return Client(
        settings,
        follow_redirects=False,
        # The connection pool is no hidden queue: `MAX_CONCURRENT_STREAMS` is the limit.
        limits=httpx2.Limits(max_connections=1_000_000),
        timeout=httpx2.Timeout(
            settings.request_deadline_seconds + BACKSTOP_SECONDS,
            connect=settings.connect_timeout_seconds,
        ),
    )
