"""One call through the proxy to a replayed stream: its events, and what comes of it."""

import json
from typing import Any

import httpx

from server.limits import Limits
from tests.support.proxy_server import PATH, ProxyServer, asking, azure
from tests.support.replayed_upstream import Replay

OPENING = b'data: {"choices":[{"index":0,"delta":{"role":"assistant"}}]}\n\n'
ANSWER = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
FINISH = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
USAGE = b'data: {"choices":[],"usage":{"prompt_tokens":2,"completion_tokens":1}}\n\n'
DONE = b"data: [DONE]\n\n"
WHOLE = ANSWER + FINISH + DONE

FOREVER = 60.0
"""A pause that no test waits for, in seconds."""


async def exchange(
    replay: Replay, **request: Any
) -> tuple[ProxyServer, httpx.Response]:
    """One call through the proxy to *replay*."""
    async with replay.served() as url:
        proxied = ProxyServer(azure(url))
        async with proxied.served() as client:
            request = {"json": asking("x"), **request}
            response = await client.post(PATH, **request)
            await proxied.run()
    return proxied, response


async def through(
    replay: Replay, limits: Limits | None = None
) -> tuple[ProxyServer, int, bytes, bool]:
    """One call through the proxy to *replay*: status, body, whether it was whole."""
    async with replay.served() as url:
        proxied = ProxyServer(azure(url), limits=limits or Limits())
        async with proxied.served() as client:
            async with client.stream("POST", PATH, json=asking("x")) as response:
                body, whole = await read(response)
            await proxied.run()
    return proxied, response.status_code, body, whole


async def read(response: httpx.Response) -> tuple[bytes, bool]:
    """The body, as far as it came, and whether it was whole."""
    body = bytearray()
    try:
        async for piece in response.aiter_raw():
            body += piece
    except httpx.RemoteProtocolError:
        return bytes(body), False
    return bytes(body), True


def error_frame(message: str, code: str) -> bytes:
    """The event that ends a stream with an error of this server's."""
    error = {"message": message, "type": "server_error", "param": None, "code": code}
    return (
        b"data: %b\n\n" % json.dumps({"error": error}, separators=(",", ":")).encode()
    )


def code_of(body: bytes) -> str:
    return str(json.loads(body)["error"]["code"])
