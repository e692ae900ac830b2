"""The edge: what is read of an HTTP request before a dialect sees it."""

import re
from collections.abc import Mapping
from uuid import uuid4

from starlette.requests import Request

from streaming.errors import InvalidRequest, TooLarge
from streaming.requests import ChatRequest

_REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")


def request_id(headers: Mapping[str, str]) -> str:
    """The caller's `x-request-id` where it is a plain one, else a new id."""
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else str(uuid4())


async def read_body(
    request: Request, limit: int, setting: str = "MAX_REQUEST_BYTES"
) -> bytes:
    """The whole body; raises `TooLarge` once it is known to exceed *limit* bytes."""
    announced = request.headers.get("content-length", "0")
    if announced.isdecimal():
        check_size(int(announced), limit, setting)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        check_size(len(body), limit, setting)
    return bytes(body)


def check_size(size: int, limit: int, setting: str = "MAX_REQUEST_BYTES") -> None:
    """Raise `TooLarge` for a body of *size* bytes where *setting* allows *limit*."""
    if size > limit:
        raise TooLarge(f"The body has more than {limit} bytes ({setting}).")


def check_policy(
    request: ChatRequest, *, max_messages: int, system_prompt_allowed: bool
) -> None:
    """Raise `TooLarge` or `InvalidRequest` for what the operator's settings forbid."""
    if len(request.messages) > max_messages:
        raise TooLarge(f"messages: more than {max_messages} of them (MAX_MESSAGES).")
    for index, message in enumerate(request.messages):
        if message.role in ("system", "developer") and not system_prompt_allowed:
            raise InvalidRequest(
                f"messages.{index}.role: {message.role!r} is refused here, "
                "expected 'user', 'assistant' or 'tool'",
                param=f"messages.{index}.role",
            )
