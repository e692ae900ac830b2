"""An error of a backend, so that the SDK can read it whatever its head says."""

from contextlib import aclosing

import aiohttp
import httpx2

MAX_BYTES = 1024 * 1024
"""Of the body of an error; the rest is not read."""

_OF_THE_BODY = (b"content-type", b"content-encoding", b"content-length")


async def legible(error: httpx2.Response) -> httpx2.Response:
    """*error* with as much of its body as can be had, in UTF-8.

    The SDK reads it after its own `try`: a body that breaks off, or is not in the
    encoding or character set that is announced, would be no error of the provider's.
    """
    body = b""
    try:
        async with aclosing(error.aiter_bytes()) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) > MAX_BYTES:
                    break
    except (httpx2.RequestError, aiohttp.ClientError):
        pass  # Its status says the most.
    return httpx2.Response(
        error.status_code,
        headers=[
            (name, value)
            for name, value in error.headers.raw
            if name.lower() not in _OF_THE_BODY
        ],
        content=body,
        request=error.request,
    )
