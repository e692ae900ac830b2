"""Which headers of a proxied call pass, in either direction: those listed here."""

import re
from collections.abc import Iterable, Iterator, Mapping

from streaming import headers, sse
from streaming.headers import JSON, SAFE, Raw

# Of OpenAI's own headers, those that say whose account it is do not pass.
_OPENAI = r"openai-(?!organization|project).+"

_TO_UPSTREAM = re.compile(
    # Without its encoding a compressed body is unreadable.
    r"content-type|content-encoding|accept|user-agent|traceparent|tracestate"
    r"|x-request-id|x-ms-client-request-id|idempotency-key|extra-parameters"
    rf"|{_OPENAI}|x-stainless-.+|x-ms-oai-.+"
)

_TO_CALLER = re.compile(
    r"content-type|content-encoding|content-length|retry-after.*|x-ratelimit-.+"
    rf"|{_OPENAI}|apim-request-id|azureml-model-.+|x-ms-region|x-request-id"
)

_STREAM = {name: value for name, value in sse.HEADERS.items() if name != "content-type"}

_WHOLE = {name: JSON[name] for name in ("cache-control", "content-security-policy")}


def forwarded(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    yield from headers.sendable(_listed(given.items(), _TO_UPSTREAM))
    # A stream is read while it is passed on.
    yield "accept-encoding", "identity"


def early(request_id: str) -> list[Raw]:
    """The headers of a stream that begins before it is known which backend answers."""
    return headers.raw({**sse.HEADERS, **_ours(request_id)}.items())


def returned(
    given: Iterable[Raw],
    request_id: str,
    *,
    status: int,
    streams: bool,
    answered_by: Mapping[str, str],
) -> list[Raw]:
    """The caller's headers for an answer that has the headers *given* by upstream.

    Upstream's own id becomes `x-upstream-request-id`. If the answer *streams*, no proxy
    on the way may hold it up.
    """
    theirs = [
        (name.decode("latin-1"), value.decode("latin-1")) for name, value in given
    ]
    added = {**answered_by, **(_STREAM if streams else _WHOLE), **_ours(request_id)}
    withheld = {*added} - {"x-request-id"}
    if streams or status == 204:  # The second has no body, whatever is said of it.
        withheld.add("content-length")
    passed = [
        ("x-upstream-request-id" if name == "x-request-id" else name, value)
        for name, value in _listed(theirs, _TO_CALLER)
        if name not in withheld
    ]
    raw = headers.raw([*passed, *added.items()])
    if streams and b"content-type" not in dict(raw):
        raw.append((b"content-type", sse.HEADERS["content-type"].encode()))
    return raw


def _listed(
    given: Iterable[tuple[str, str]], listed: re.Pattern[str]
) -> list[tuple[str, str]]:
    """Those of *given* that are *listed* and not about the connection alone."""
    lowered = [(name.lower(), value) for name, value in given]
    # See: https://www.rfc-editor.org/rfc/rfc9110.html#section-7.6.1
    hop_by_hop = {
        token.strip().lower()
        for name, value in lowered
        if name == "connection"
        for token in value.split(",")
    }
    return [
        (name, value)
        for name, value in lowered
        if listed.fullmatch(name) and name not in hop_by_hop
    ]


def _ours(request_id: str) -> dict[str, str]:
    return {"x-request-id": request_id, **SAFE}
