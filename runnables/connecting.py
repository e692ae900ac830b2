"""Exceptions raised because a model's server cannot be reached."""

import errno
import sys
from collections.abc import Iterator, Sequence
from socket import gaierror
from ssl import SSLError

from streaming.errors import ChatError
from streaming.upstream_errors import ConnectTimeout, UpstreamUnreachable

DEPTH = 8
"""Causes of an exception to look at."""


def is_any(exc: BaseException, module: str, name: str) -> bool:
    """Whether *exc* is of a class in a *module* that may never have been imported."""
    # While it is being imported, in another thread, it has no such class yet.
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(exc, kind)


def failure(exc: Exception) -> type[ChatError] | None:
    """The error if *exc* comes of there being no connection."""
    for cause in _causes(exc):
        if isinstance(cause, ConnectTimeout | UpstreamUnreachable):
            return type(cause)
        for module in ("httpx", "httpx2"):
            if is_any(cause, module, "ConnectError"):
                return UpstreamUnreachable
            if is_any(cause, module, "ConnectTimeout"):
                return ConnectTimeout
    return None


def described(exc: Exception) -> str | None:
    """The host that *exc* is about, and why; `None` if this app has logged that."""
    causes = list(_causes(exc, contexts=True))
    if any(isinstance(cause, ChatError) for cause in causes):
        return None
    host = next(filter(None, map(_host, causes)), "a model's server")
    return f"{host}: {type(exc).__name__} {_reason(causes)}"


def _reason(causes: Sequence[BaseException]) -> str:
    for cause in causes:
        match cause:
            case gaierror():
                return "unknown host"
            case SSLError():
                return type(cause).__name__  # Its number is OpenSSL's.
            case OSError(errno=int() as number) if number in errno.errorcode:
                return errno.errorcode[number]
    return type(causes[-1]).__name__


def _causes(exc: Exception, *, contexts: bool = False) -> Iterator[BaseException]:
    cause: BaseException | None = exc
    for _ in range(DEPTH):
        if cause is None:
            return
        yield cause
        # Between httpx and the socket some raise without `from`.
        cause = cause.__cause__ or (cause.__context__ if contexts else None)


def _host(exc: BaseException) -> str | None:
    """The host and port that *exc*, of an HTTP client, was asking."""
    try:
        url = getattr(getattr(exc, "request", None), "url", None)
    except RuntimeError:
        return None  # httpx's way to say that there was no request.
    host, port = getattr(url, "host", None), getattr(url, "port", None)
    if not isinstance(host, str):
        return None
    named = f"[{host}]" if ":" in host else host
    return f"{named}:{port}" if port else named
