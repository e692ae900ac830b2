"""Provider exceptions, turned into the errors a caller sees: one table, one seam."""

import logging
import sys
import traceback
from typing import Any

from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
    ModelTimeoutError,
)

from azure_openai import failure
from runnables.exits import Exit
from streaming.errors import (
    ChatError,
    ContentFiltered,
    ContextTooLong,
    DeploymentNotFound,
    InternalError,
    InvalidRequest,
    RateLimited,
    UpstreamAuth,
    UpstreamError,
    UpstreamTimeout,
)

log = logging.getLogger(__name__)

# The first that fits counts: LangChain's classes, which other providers' integrations
# raise too, then the SDK's own, by status.
BY_CLASS: tuple[tuple[type[Exception], type[ChatError], str], ...] = (
    (ContextOverflowError, ContextTooLong, "The messages are too long for the model."),
    (ModelRateLimitError, RateLimited, "The model is busy; try again later."),
    (
        ModelAuthenticationError,
        UpstreamAuth,
        "The model's provider refused this server's credential.",
    ),
    (
        ModelPermissionDeniedError,
        UpstreamAuth,
        "This server's identity may not use the model.",
    ),
    (ModelNotFoundError, DeploymentNotFound, "The model's deployment does not exist."),
    (ModelInvalidRequestError, InvalidRequest, "The model refused the request."),
    (ModelTimeoutError, UpstreamTimeout, "The model did not answer in time."),
    (ModelConnectionError, UpstreamError, "The connection to the model was lost."),
    (ModelAPIError, UpstreamError, "The model's provider failed."),
    (TimeoutError, UpstreamTimeout, "The model did not answer in time."),
)

BY_STATUS: dict[int, type[Exception]] = {
    400: ModelInvalidRequestError,
    401: ModelAuthenticationError,
    403: ModelPermissionDeniedError,
    404: ModelNotFoundError,
    408: ModelTimeoutError,
    422: ModelInvalidRequestError,
    429: ModelRateLimitError,
    504: ModelTimeoutError,
}

BY_CODE: dict[str, tuple[type[ChatError], str]] = {
    "content_filter": (ContentFiltered, "The content filter refused the prompt."),
    "context_length_exceeded": (
        ContextTooLong,
        "The messages are too long for the model.",
    ),
    "rate_limit_exceeded": (RateLimited, "The model is busy; try again later."),
    "insufficient_quota": (RateLimited, "The model's quota is used up."),
    "429": (RateLimited, "The model is busy; try again later."),
}


def to_chat_error(exc: Exception, request_id: str) -> ChatError:
    """What the caller is told of *exc*; never its text, which may hold anything.

    What fits nothing is logged, by its class and where it was raised, and
    `InternalError`.
    """
    if isinstance(exc, ChatError):
        return exc
    code = getattr(exc, "code", None)
    if isinstance(code, str) and code in BY_CODE:
        error, message = BY_CODE[code]
        return error(message, retry_after_ms=_retry_after_ms(exc))
    for kind, error, message in BY_CLASS:
        if isinstance(exc, kind) or _has_status_of(exc, kind):
            param = _parameter(exc) if error is InvalidRequest else None
            detail = f" Parameter: {param}." if param else ""
            wait = _retry_after_ms(exc)
            return error(message + detail, retry_after_ms=wait, param=param)
    if _is_any(exc, "openai", "OpenAIError"):
        return UpstreamError("The model's provider failed in the middle of its answer.")
    if _is_any(exc, "azure.core.exceptions", "ClientAuthenticationError"):
        return UpstreamAuth("This server could not sign in to the model's provider.")
    log_unexpected(exc, request_id)
    return InternalError(f"Something went wrong here; it is logged as {request_id}.")


def log_unexpected(exc: Exception, request_id: str) -> None:
    """Log what *exc* is and where it was raised, without its text."""
    frames = traceback.extract_tb(exc.__traceback__)[-4:]
    where = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
    kind = str(exc) if isinstance(exc, Exit) else type(exc).__qualname__
    log.error("request %s: %s at %s", request_id, kind, where)


def _has_status_of(exc: Exception, kind: type[Exception]) -> bool:
    if not _is_any(exc, "openai", "APIStatusError"):
        return False  # A retriever's 404, say, is none of the model's.
    status: int = getattr(exc, "status_code", 0)
    return BY_STATUS.get(status, ModelAPIError if status >= 500 else None) is kind


def _is_any(exc: Exception, module: str, name: str) -> bool:
    """Whether *exc* is of a class in a *module* that may never have been imported."""
    # While it is being imported, in another thread, it has no such class yet.
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(exc, kind)


def _parameter(exc: Exception) -> str | None:
    """The parameter at fault, as OpenAI names it; its message may quote the prompt."""
    parameter = getattr(exc, "param", None)
    return parameter[:100] if isinstance(parameter, str) else None


def _retry_after_ms(exc: Exception) -> int | None:
    """What the provider asks for."""
    headers: Any = getattr(getattr(exc, "response", None), "headers", None) or {}
    seconds = failure.retry_after(headers)
    return None if seconds is None else round(seconds * 1000)
