"""What a provider's own error is to the caller: by its code, its status, its words."""

import re
from collections.abc import Mapping

from streaming.errors import (
    ChatError,
    ContentFiltered,
    ContextTooLong,
    DeploymentNotFound,
    InvalidRequest,
    QuotaUsedUp,
    RateLimited,
)
from streaming.upstream_errors import (
    UpstreamAuth,
    UpstreamError,
    UpstreamForbidden,
    UpstreamMoved,
    UpstreamRefused,
    UpstreamTimeout,
    UpstreamUnpaid,
)

BY_CODE: Mapping[str, type[ChatError]] = {
    "content_filter": ContentFiltered,
    "content_policy_violation": ContentFiltered,
    "ResponsibleAIPolicyViolation": ContentFiltered,
    "context_length_exceeded": ContextTooLong,
    "rate_limit_exceeded": RateLimited,
    "too_many_requests": RateLimited,
    "insufficient_quota": QuotaUsedUp,
    "invalid_prompt": InvalidRequest,
}
"""Errors by the code of OpenAI's API, and of Azure's."""

BY_STATUS: Mapping[int, type[ChatError]] = {
    400: InvalidRequest,
    401: UpstreamAuth,
    402: UpstreamUnpaid,
    403: UpstreamForbidden,
    404: DeploymentNotFound,
    408: UpstreamTimeout,
    409: UpstreamError,
    410: DeploymentNotFound,
    413: ContextTooLong,
    422: InvalidRequest,
    424: UpstreamError,
    425: UpstreamError,
    429: RateLimited,
    504: UpstreamTimeout,
}
"""Errors by a provider's HTTP status, if the code is unknown."""


# As vLLM, llama.cpp, Anthropic, Google, xAI, TGI and Cohere word it. A limit of the
# answer's tokens that is too large is another matter, though vLLM names the context's
# length then too.
_TOO_LONG = re.compile(
    r"context (?:length|window|size)|prompt is too long|input is too long|"
    r"(?:input|prompt) tokens? (?:count )?.{0,40}exceed|maximum prompt length|"
    r"too many tokens|`inputs` (?:tokens \+|must have less than)",
    re.IGNORECASE,
)
_LIMIT = re.compile(r"max_(?:completion_|output_)?tokens\W+is too large", re.IGNORECASE)
_OF_THE_CALLER = (400, 413, 422)

MOST_NESTED = 5
"""Levels of an error's body in which its message is looked for."""


_FIELD = re.compile(
    r"\b(?:max_(?:completion_)?tokens|temperature|top_p|stream_options|tool_choice|"
    r"parallel_tool_calls|response_format|reasoning_effort|json_schema)\b"
)


def message_of(body: object) -> str | None:
    """What the *body* of an error says, in any of its usual forms."""
    for _ in range(MOST_NESTED):
        match body:
            case str():
                return body
            case {"loc": list(place), "msg": str(text)}:  # As pydantic has it.
                return f"{'.'.join(map(str, place))}: {text}"
            case {"message": said} | {"error": said} | {"detail": said} | [said, *_]:
                body = said
            case _:
                return None
    return None


def parameter_of(message: object) -> str | None:
    """The field of a request that *message* names; nothing else of it, as it may quote
    the prompt."""
    found = _FIELD.search(message[:2000]) if isinstance(message, str) else None
    return found[0] if found else None


def of_provider(
    status: int, code: object = None, message: object = None
) -> type[ChatError] | None:
    """The error for a provider's *code*, else for its *status*, if there is one.

    A *code* may be the status, also as text. Every status from 300 on has an error.
    *message* only tells a conversation that is too long from other refusals.
    """
    if isinstance(code, str) and code in BY_CODE:
        return BY_CODE[code]
    status = _status(code) or status
    if status in _OF_THE_CALLER and _says_too_long(message):
        return ContextTooLong
    if found := BY_STATUS.get(status):
        return found
    if status < 400:
        return UpstreamMoved if status >= 300 else None
    return UpstreamError if status >= 500 else UpstreamRefused


def _status(code: object) -> int | None:
    if isinstance(code, str) and re.fullmatch(r"[45]\d\d", code):
        return int(code)
    return code if type(code) is int and 400 <= code < 600 else None


def _says_too_long(message: object) -> bool:
    if not isinstance(message, str):
        return False
    start = message[:2000]  # It may quote the prompt.
    return bool(_TOO_LONG.search(start)) and not _LIMIT.search(start)
