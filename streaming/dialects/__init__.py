"""The dialects: how a request is read and how its answer is written.

A module here is a dialect, and its file name the dialect's name in `/api/chat/{name}`.
"""

import sys
from collections.abc import AsyncGenerator, Mapping
from typing import Protocol, cast

import registry
from streaming.errors import ChatError, UnknownDialect
from streaming.events import Event
from streaming.requests import ChatRequest


class Dialect(Protocol):
    """What a module in this package has."""

    def parse(self, body: bytes, path: Mapping[str, str]) -> ChatRequest:
        """Read a request from its *body* and route parameters; raise `ChatError`."""

    def headers(self, request: ChatRequest) -> Mapping[str, str]:
        """The answer's headers; *request* says whether it is streamed."""

    def encode(
        self, events: AsyncGenerator[Event], request: ChatRequest
    ) -> AsyncGenerator[bytes]:
        """Write *events*: one or more frames each, or one body if nothing streams."""

    def error(self, error: ChatError, request_id: str) -> bytes:
        """The JSON body of an answer that is only *error*."""

    def keep_alive(self, deployment: str) -> bytes:
        """What to send so that a silent stream is not taken for a dead one."""


def names() -> tuple[str, ...]:
    return registry.names(sys.modules[__name__])


def load(name: str) -> Dialect:
    """Import a dialect; raises `UnknownDialect` with the names that exist."""
    try:
        # A module is an object with the Protocol's functions; no checker sees that.
        return cast(Dialect, registry.load(sys.modules[__name__], name))
    except LookupError:
        message = f"Unknown dialect {name[:100]!r}, expected one of {list(names())}."
        raise UnknownDialect(message) from None
