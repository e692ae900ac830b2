"""What a chain takes of a caller's tools and of the form the answer shall have."""

from collections.abc import Iterable

from streaming.errors import InvalidRequest
from streaming.requests import ChatRequest

FIELDS = {
    "tools": ("tools", "tool_choice", "parallel_tool_calls"),
    "response_format": ("response_format",),
    "reasoning_effort": ("reasoning_effort",),
}
"""The fields of a request, by the name under which a chain takes them."""

ALL = tuple(FIELDS)


def fields(takes: Iterable[str]) -> frozenset[str]:
    """The fields that a chain gets; raises `ValueError` for a name that is none."""
    known = {name for names in FIELDS.values() for name in names}
    found: set[str] = set()
    for name in takes:
        if name not in known:
            raise ValueError(f"takes: unknown {name!r}, expected some of {known}")
        found.update(FIELDS.get(name, (name,)))
    return frozenset(found)


def taken(chain: object, request: ChatRequest) -> dict[str, object]:
    """What *chain* gets of the request's `caller_tools`.

    Raises `InvalidRequest` for what the caller demands and the chain does not take.
    """
    takes: frozenset[str] = getattr(chain, "takes", frozenset())
    for name in request.caller_tools.demanded:
        if name not in takes:
            message = f"{name}: is not supported by the chain {request.chain!r}"
            raise InvalidRequest(message, param=name)
    given = request.caller_tools.model_dump(exclude_none=True)
    return {name: value for name, value in given.items() if name in takes}
