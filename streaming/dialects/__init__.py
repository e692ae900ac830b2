"""The dialects: how a request is read and how its answer is written.

A module here is a dialect, and its file name the dialect's name in `/api/chat/{name}`.
"""

import logging
import sys
from collections.abc import AsyncGenerator, Mapping
from functools import cache
from typing import Protocol, cast, get_protocol_members

import registry
from streaming.errors import ChatError, NotConfigured, UnknownDialect
from streaming.events import Event
from streaming.requests import ChatRequest

log = logging.getLogger(__name__)

_PACKAGE = sys.modules[__name__]


class Dialect(Protocol):
    """What a module in this package has."""

    def parse(self, body: bytes, path: Mapping[str, str]) -> ChatRequest:
        """Read a request from its *body* and route parameters; raise `ChatError`."""

    def headers(self, request: ChatRequest) -> Mapping[str, str]:
        """The answer's headers; *request* says whether it is streamed."""

    def encode(
        self, events: AsyncGenerator[Event], request: ChatRequest
    ) -> AsyncGenerator[bytes]:
        """Write *events*, or one body if nothing streams.

        All frames of an event are one piece, which is given before the next event is
        asked for. A module with `NUMBERED = False` wants no numbers on them.

        A dialect without a word for an `Error` raises it: the answer is cut off.
        """

    def error(self, error: ChatError, request_id: str) -> bytes:
        """The body of an answer that is only *error*: a JSON object, or plain text."""

    def keep_alive(self, deployment: str) -> bytes:
        """What to send, if anything, so that a silent stream is not taken for dead."""


def has_numbers(dialect: Dialect, headers: Mapping[str, str]) -> bool:
    """Whether frames of *dialect* have their event's number, in an answer with
    *headers*."""
    kind = headers.get("content-type", "")
    streams = kind.startswith("text/event-stream")
    return streams and getattr(dialect, "NUMBERED", True) is not False


def names() -> tuple[str, ...]:
    return registry.names(_PACKAGE)


def load(name: str) -> Dialect:
    """Import a dialect; raises `UnknownDialect` with the names that exist.

    Raises `NotConfigured` for a module that is no dialect.
    """
    if name not in names():
        message = f"Unknown dialect {name[:100]!r}, expected one of {list(names())}."
        raise UnknownDialect(message)
    dialect = _imported(name)
    if dialect is None:
        message = f"The dialect {name!r} could not be loaded; the log says why."
        raise NotConfigured(message)
    return dialect


@cache
def _imported(name: str) -> Dialect | None:
    """The dialect, or `None`, for which the log has the reason, once."""
    try:
        module = registry.load(_PACKAGE, name)
    # A module that ends the process, as a script does, would end every stream.
    except (Exception, SystemExit):
        # No request is part of the import, so its text has no prompt.
        log.exception("the dialect %r could not be loaded", name)
        return None
    members = sorted(get_protocol_members(Dialect))
    lacking = [each for each in members if not callable(getattr(module, each, None))]
    if lacking:
        log.error("the dialect %r has no function %s", name, ", ".join(lacking))
        return None
    # A module is an object with the Protocol's functions; no checker sees that.
    return cast(Dialect, module)
