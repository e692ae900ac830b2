"""LangGraph's server as its SDK knows it, generation 1: what its routes have in common.

To this wire a chain is an assistant, and a graph of one node.
"""

from collections.abc import Mapping

from starlette.requests import Request

from app import App, posted
from streaming.dialects.json import decode
from streaming.errors import invalid
from streaming.large import off_loop


async def body_of(app: App, request: Request) -> Mapping[str, object]:
    """The JSON object that was posted."""
    body = await posted.for_chain(app, request)
    return await off_loop(len(body), lambda: decode(body)) if body.strip() else {}


def number(body: Mapping[str, object], name: str, default: int) -> int:
    """The number at *name*, which is not negative; raises `InvalidRequest`."""
    given = body.get(name, default)
    if not isinstance(given, int) or given < 0:
        raise invalid(name, "expected a whole number")
    return given
