"""Reads and checks an HTTP request before a dialect parses it."""

import asyncio
import re
from collections.abc import Callable, Mapping
from uuid import uuid4

from starlette.requests import Request

from runs.trimming import PARTS_PER_MESSAGE, weight
from server.capacity import Capacity
from streaming.errors import (
    HeadersTooLarge,
    RequestTimeout,
    TooLarge,
    UnsupportedMediaType,
    invalid,
)
from streaming.large import off_loop
from streaming.requests import ChatRequest

# What the server in front of Azure's worker lets through; uvicorn has no limit.
# See: https://learn.microsoft.com/dotnet/api/microsoft.aspnetcore.server.kestrel.core.kestrelserverlimits
MAX_HEADERS = 100
MAX_HEAD_BYTES = 32 * 1024

_DECIMAL = re.compile(r"[0-9]{1,18}")
_JSON_TYPE = re.compile(r"[a-z0-9.+-]+/([a-z0-9.+-]+\+|x-)?json")
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def request_id(headers: Mapping[str, str]) -> str:
    """The caller's `x-request-id` if it is plain, else a new id."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else str(uuid4())


def check_head(request: Request) -> None:
    """Raise `HeadersTooLarge` if the headers are too many or too long."""
    headers = request.headers.raw
    if len(headers) > MAX_HEADERS:
        raise HeadersTooLarge(f"The request has more than {MAX_HEADERS} headers.")
    scope = request.scope
    size = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    if size + sum(len(name) + len(value) for name, value in headers) > MAX_HEAD_BYTES:
        raise HeadersTooLarge(
            f"The request's address and headers have more than {MAX_HEAD_BYTES} bytes."
        )


def check_starts_anew(headers: Mapping[str, str]) -> None:
    """Raise `InvalidRequest` for a caller who would read on, and posts again instead.

    Some readers do so by themselves, and each time the answer would be billed.
    """
    if "last-event-id" in headers:
        raise invalid(
            "last-event-id",
            "a POST begins a new answer; to read on, GET /api/runs/{id}/stream, "
            "with the x-run-id of the answer as the id.",
        )


def check_media_type(headers: Mapping[str, str]) -> None:
    """Raise `UnsupportedMediaType` for a body that the *headers* say is not JSON."""
    encoding = headers.get("content-encoding", "").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMediaType(
            f"The body is compressed (content-encoding: {encoding[:100]!r}): "
            "send it as it is."
        )
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and not _JSON_TYPE.fullmatch(kind):
        raise UnsupportedMediaType(
            f"The body is of the type {kind[:100]!r}: send JSON, "
            "with content-type: application/json."
        )


async def read_body(
    request: Request,
    limit: int,
    setting: str = "MAX_REQUEST_BYTES",
    *,
    capacity: Capacity,
    seconds: float,
) -> bytes:
    """Read the whole body, if there is *capacity* for an answer to it.

    Raises `Overloaded` before anything is read, or once too much is arriving in all,
    `TooLarge` once the body is known to exceed *limit* bytes, and `RequestTimeout` if
    it takes more than *seconds*.
    """
    capacity.check()
    announced = request.headers.get("content-length", "0")
    if _DECIMAL.fullmatch(announced):
        check_size(int(announced), limit, setting)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            with capacity.arrival() as arrived:
                async for piece in request.stream():
                    body += piece
                    check_size(len(body), limit, setting)
                    arrived(len(piece))
    except TimeoutError:
        setting = "BODY_TIMEOUT_SECONDS"
        message = f"The body took more than {seconds:g} seconds ({setting})."
        raise RequestTimeout(message) from None
    return bytes(body)


async def parsed(
    parse: Callable[[bytes, Mapping[str, str]], ChatRequest],
    body: bytes,
    path: Mapping[str, str],
) -> ChatRequest:
    return await off_loop(len(body), lambda: parse(body, path))


def check_size(size: int, limit: int, setting: str = "MAX_REQUEST_BYTES") -> None:
    """Raise `TooLarge` if *size* exceeds *limit* bytes, the value of *setting*."""
    if size > limit:
        raise TooLarge(f"The body has more than {limit} bytes ({setting}).")


def check_policy(
    request: ChatRequest, *, max_messages: int, system_prompt_allowed: bool
) -> None:
    """Raise `TooLarge` or `InvalidRequest` for what the operator's settings forbid."""
    if len(request.messages) > max_messages:
        raise TooLarge(f"messages: more than {max_messages} of them (MAX_MESSAGES).")
    most = max_messages * PARTS_PER_MESSAGE
    if sum(map(weight, request.messages)) > most:
        raise TooLarge(
            f"messages: more than {most} content parts and tool calls in them "
            f"({PARTS_PER_MESSAGE} times MAX_MESSAGES)."
        )
    for index, message in enumerate(request.messages):
        if message.role in ("system", "developer") and not system_prompt_allowed:
            raise invalid(
                f"messages.{index}.role",
                f"{message.role!r} is refused here, "
                "expected 'user', 'assistant' or 'tool'",
            )
