"""Which headers pass, in either direction: all but those that are someone's own."""

import re
from collections.abc import Iterable, Iterator, Mapping

from streaming import sse
from streaming.headers import JSON

Raw = tuple[bytes, bytes]

# See: https://www.rfc-editor.org/rfc/rfc9110.html#section-7.6.1
HOP_BY_HOP = (
    "connection|keep-alive|proxy-.*|te|trailers?|transfer-encoding|upgrade"
    "|http2-settings"
)

_FROM_CALLER = re.compile(
    # The caller's credentials, and whose account they are of.
    r"authorization|api-key|x-api-key|ocp-apim-subscription-key|cookie2?"
    r"|openai-organization|openai-project"
    # Addresses of this app, which may have a key in them.
    r"|referer|origin"
    # What is about the connection, or is said anew.
    r"|host|content-length|accept-encoding|expect|max-forwards|via"
    # What the platform has put there for this app.
    r"|forwarded|x-(functions|forwarded|original|arr|waws|appservice)-.*"
    r"|x-ms-(client-principal|token).*|x-ms-(invocation-id|coldstart)"
    r"|(x-)?client-(ip|port)|x-real-ip|x-site-deployment-id|disguised-host"
    rf"|was-default-hostname|{HOP_BY_HOP}"
)

_FROM_UPSTREAM = re.compile(
    r"set-cookie2?|www-authenticate|authorization|api-key"
    # Whose account it is, and which server.
    r"|openai-organization|openai-project|server|date|x-powered-by"
    # What would be believed of this server.
    r"|access-control-.*|strict-transport-security|alt-svc|nel|report-to|location"
    rf"|refresh|clear-site-data|x-request-id|x-content-type-options|{HOP_BY_HOP}"
)

_STREAM = [
    (name.encode(), value.encode())
    for name, value in sse.HEADERS.items()
    if name != "content-type"
]

_WHOLE = [
    (name.encode(), JSON[name].encode())
    for name in ("cache-control", "content-security-policy")
]

_SENDABLE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")


def forwarded(headers: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What upstream is told of the caller's *headers*."""
    named = {
        token
        for key, value in headers.items()
        if key.lower() == "connection"
        for token in _tokens(value)
    }
    for key, value in headers.items():
        name = key.lower()
        # aiohttp would encode what is not ASCII otherwise than it came.
        if name not in named and value.isascii() and not _FROM_CALLER.fullmatch(name):
            yield name, value
    # What is streamed is read as it goes by.
    yield "accept-encoding", "identity"


def early(request_id: str) -> list[Raw]:
    """What the caller is told of a stream before it is known who answers."""
    kind = (b"content-type", sse.HEADERS["content-type"].encode())
    return [kind, *_STREAM, *_ours(request_id)]


def returned(
    headers: Iterable[Raw],
    request_id: str,
    *,
    streams: bool,
    answered_by: Mapping[str, str],
) -> list[Raw]:
    """What the caller is told of upstream's *headers*, *answered_by* and *request_id*.

    Upstream's own id is `x-upstream-request-id`. Where the answer *streams*, its length
    is not known, and no proxy on the way may hold it up.
    """
    lowered = [(name.lower(), value) for name, value in headers]
    named = {
        token
        for name, value in lowered
        if name == b"connection"
        for token in _tokens(value.decode("latin-1"))
    }
    added = [(name.encode(), value.encode()) for name, value in answered_by.items()]
    added += _STREAM if streams else _WHOLE
    if streams:
        named.add("content-length")
    named |= {name.decode() for name, _ in added}
    passed = [
        (name, value)
        for name, value in lowered
        if not _FROM_UPSTREAM.fullmatch(text := name.decode("latin-1"))
        and text not in named
        and _SENDABLE.fullmatch(value)
    ]
    theirs = [
        (b"x-upstream-request-id", value)
        for name, value in lowered
        if name == b"x-request-id"
    ]
    return [*passed, *theirs, *added, *_ours(request_id)]


def _ours(request_id: str) -> list[Raw]:
    return [
        (b"x-request-id", request_id.encode()),
        (b"x-content-type-options", b"nosniff"),
    ]


def _tokens(value: str) -> set[str]:
    return {token.strip().lower() for token in value.split(",")}
