"""Turns providers' exceptions into the errors a caller sees: one table, one seam."""

import logging
import sys
import traceback
from collections.abc import Mapping

from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
    ModelRefusalError,
    ModelTimeoutError,
)

from azure_openai import failure
from runnables.exits import Exit
from streaming import errors
from streaming.errors import (
    ChatError,
    ContextTooLong,
    DeploymentNotFound,
    InternalError,
    InvalidRequest,
    ModelRefused,
    RateLimited,
    SignInFailed,
    UpstreamAuth,
    UpstreamError,
    UpstreamForbidden,
    UpstreamLost,
    UpstreamTimeout,
)

log = logging.getLogger(__name__)

# LangChain's classes, which other providers' integrations raise too. The first fits.
BY_CLASS: Mapping[type[Exception], type[ChatError]] = {
    ContextOverflowError: ContextTooLong,
    ModelRateLimitError: RateLimited,
    ModelAuthenticationError: UpstreamAuth,
    ModelPermissionDeniedError: UpstreamForbidden,
    ModelNotFoundError: DeploymentNotFound,
    ModelInvalidRequestError: InvalidRequest,
    ModelTimeoutError: UpstreamTimeout,
    ModelConnectionError: UpstreamLost,
    ModelRefusalError: ModelRefused,
    ModelAPIError: UpstreamError,
    ModelError: UpstreamError,
    TimeoutError: UpstreamTimeout,
}


def to_chat_error(exc: Exception, request_id: str) -> ChatError:
    """Translate *exc* for the caller, without its text, which may hold anything.

    An unknown exception becomes `InternalError`; its class and where it was raised are
    logged.
    """
    if isinstance(exc, ChatError):
        return exc
    if kind := _by_code(exc) or _by_class(exc) or _by_status(exc):
        param = _parameter(exc) if kind is InvalidRequest else None
        message = f"{kind.says} Parameter: {param}." if param else None
        return kind(message, retry_after_ms=_retry_after_ms(exc), param=param)
    if _is_any(exc, "openai", "OpenAIError"):
        return UpstreamError("The model's provider failed in the middle of its answer.")
    if _is_any(exc, "azure.core.exceptions", "ClientAuthenticationError"):
        return SignInFailed()
    log_unexpected(exc, request_id)
    return InternalError(f"Something went wrong here; it is logged as {request_id}.")


def log_unexpected(exc: Exception, request_id: str) -> None:
    """Log what *exc* is and where it was raised, without its text."""
    frames = traceback.extract_tb(exc.__traceback__)[-4:]
    where = " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
    kind = str(exc) if isinstance(exc, Exit) else type(exc).__qualname__
    log.error("request %s: %s at %s", request_id, kind, where)


def _by_code(exc: Exception) -> type[ChatError] | None:
    return errors.of_provider(0, getattr(exc, "code", None))


def _by_status(exc: Exception) -> type[ChatError] | None:
    if not _is_any(exc, "openai", "APIStatusError"):
        return None  # A retriever's 404, say, is none of the model's.
    status: int = getattr(exc, "status_code", 0)
    return errors.of_provider(status)


def _by_class(exc: Exception) -> type[ChatError] | None:
    return next((BY_CLASS[kind] for kind in BY_CLASS if isinstance(exc, kind)), None)


def _is_any(exc: Exception, module: str, name: str) -> bool:
    """Whether *exc* is of a class in a *module* that may never have been imported."""
    # While it is being imported, in another thread, it has no such class yet.
    kind = getattr(sys.modules.get(module), name, None)
    return kind is not None and isinstance(exc, kind)


def _parameter(exc: Exception) -> str | None:
    """The invalid parameter's name in OpenAI's API; the message may quote the
    prompt."""
    parameter = getattr(exc, "param", None)
    return parameter[:100] if isinstance(parameter, str) else None


def _retry_after_ms(exc: Exception) -> int | None:
    headers = getattr(getattr(exc, "response", None), "headers", None)
    if not isinstance(headers, Mapping):
        return None
    seconds = failure.retry_after(headers)
    return None if seconds is None else round(seconds * 1000)
