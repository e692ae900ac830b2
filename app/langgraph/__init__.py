"""LangGraph's server as its SDK knows it, generation 1: what its routes have in common.

To this wire a chain is an assistant, and a graph of one node.
"""

import re
from collections.abc import Mapping

from starlette.requests import Request

from app import App, posted
from streaming.dialects.json import decode
from streaming.errors import invalid
from streaming.large import off_loop

_NUMBER = re.compile(r"[0-9]{1,9}")


async def body_of(app: App, request: Request) -> Mapping[str, object]:
    """The JSON object that was posted."""
    body = await posted.for_chain(app, request)
    return await off_loop(len(body), lambda: decode(body)) if body.strip() else {}


def number(body: Mapping[str, object], name: str, default: int) -> int:
    """The number at *name*, which is not negative; raises `InvalidRequest`."""
    match body.get(name):
        case None:
            return default
        case int(given) if given >= 0 and not isinstance(given, bool):
            return given
        case str(digits) if _NUMBER.fullmatch(digits):  # Of a query.
            return int(digits)
    raise invalid(name, "expected a whole number")
