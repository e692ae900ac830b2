"""Turns providers' exceptions into the errors a caller sees: one table, one seam."""

import logging
import re
import traceback
from collections.abc import Mapping
from types import FrameType

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
    OutputParserException,
)

from azure_openai import failure
from runnables import connecting, optional_errors
from runnables.connecting import is_any
from runnables.exits import Exit
from runnables.places import raised_at
from streaming import provider_errors
from streaming.errors import (
    ChatError,
    ContextTooLong,
    DeploymentNotFound,
    InternalError,
    InvalidRequest,
    ModelRefused,
    RateLimited,
)
from streaming.upstream_errors import (
    ConnectTimeout,
    UnreadableAnswer,
    UpstreamAuth,
    UpstreamError,
    UpstreamForbidden,
    UpstreamIncomplete,
    UpstreamLost,
    UpstreamTimeout,
    UpstreamUnreachable,
)

log = logging.getLogger(__name__)

RESPONSES_READERS = (
    "_convert_responses_chunk_to_generation_chunk",
    "_construct_lc_result_from_responses_api",
)
"""LangChain's functions that raise a failed response's error, without its code."""

READERS = ("_convert_chunk_to_generation_chunk", "_create_chat_result")
"""LangChain's functions that read an answer, and fail if it is no answer."""

STRANGE = "The model's answer is not what it should be."

REFUSED_RESUME = "_langgraph_invalid_resume"
"""LangGraph's attribute of the error of an `interrupt()` that does not take an answer.
See: langgraph.errors.is_invalid_resume
"""

NO_CHUNKS = ("No generation chunks were returned", "No generations found in stream.")
"""What LangChain says, in a `ValueError`, of a model that has given nothing."""

PATH = re.compile(r"[\w.\[\]$-]{1,100}")
"""The form of a parameter's name; any other text may be part of the prompt."""

UNCONNECTED = (ConnectTimeout, UpstreamLost, UpstreamUnreachable)

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
    TimeoutError: UpstreamTimeout,
}

# Of which a status says more.
OTHERS: Mapping[type[Exception], type[ChatError]] = {
    ModelAPIError: UpstreamError,
    ModelError: UpstreamError,
    OutputParserException: UnreadableAnswer,
}


def to_chat_error(exc: Exception, request_id: str) -> ChatError:
    """Translate *exc* for the caller, without its text, which may hold anything.

    An unknown exception becomes `InternalError`; its class and where it was raised are
    logged.
    """
    if isinstance(exc, ChatError):
        return exc
    if getattr(exc, REFUSED_RESUME, False):
        unfit = "resume: it is not what the question's `response_schema` asks for"
        return InvalidRequest(unfit, param="resume")
    if kind := _kind(exc):
        param = _parameter(exc) if kind is InvalidRequest else None
        message = f"{kind.says} Parameter: {param}." if param else None
        wait = _retry_after_ms(exc) if kind.retryable else None
        if kind in UNCONNECTED and (said := connecting.described(exc)):
            log.warning("request %s: %s", request_id, said)
        return kind(message, retry_after_ms=wait, param=param)
    if found := _of_responses(exc):
        return found()
    if isinstance(exc, ValueError) and exc.args in ((said,) for said in NO_CHUNKS):
        return UpstreamIncomplete("The model's answer ended before it began.")
    if _is_unread(exc):
        return UnreadableAnswer()
    if is_any(exc, "openai", "OpenAIError"):
        return UpstreamError("The model's provider failed in the middle of its answer.")
    if _is_strange(exc):
        log_unexpected(exc, request_id)
        return UpstreamError(STRANGE)
    if error := optional_errors.to_chat_error(exc):
        if error.status == InternalError.status:
            log_unexpected(exc, request_id)
        return error
    log_unexpected(exc, request_id)
    return InternalError(f"Something went wrong here; it is logged as {request_id}.")


def _of_responses(exc: Exception) -> type[ChatError] | None:
    """The error that a response has failed with; LangChain makes it a `ValueError`."""
    for frame, _ in traceback.walk_tb(exc.__traceback__):
        if frame.f_code.co_name not in RESPONSES_READERS:
            continue
        if not frame.f_globals.get("__name__", "").startswith("langchain_openai."):
            continue
        said = frame.f_locals.get("response") or frame.f_locals.get("chunk")
        error = getattr(said, "error", None) or said
        code, message = (getattr(error, n, None) for n in ("code", "message"))
        return provider_errors.of_provider(502, code, message)
    return None


def _is_unread(exc: Exception) -> bool:
    """Whether the SDK could not read a structured answer: it is cut, or not in its
    form."""
    if is_any(exc, "openai", "LengthFinishReasonError"):
        return True
    return isinstance(exc, ValueError) and any(
        module.startswith("openai.lib.") for _, module in _frames(exc)
    )


def _frames(exc: Exception) -> list[tuple[FrameType, str]]:
    """Where *exc* has been raised, each with its module's name."""
    frames = [frame for frame, _ in traceback.walk_tb(exc.__traceback__)]
    return [(frame, str(frame.f_globals.get("__name__"))) for frame in frames]


def _is_strange(exc: Exception) -> bool:
    """Whether *exc* was raised over what a model's server has sent."""
    return any(
        module == "openai._streaming"
        or (module.startswith("langchain_openai.") and frame.f_code.co_name in READERS)
        for frame, module in _frames(exc)
    )


def log_unexpected(exc: Exception, request_id: str) -> None:
    """Log what *exc* is and where it was raised, without its text."""
    kind = str(exc) if isinstance(exc, Exit) else type(exc).__qualname__
    where = raised_at(exc.__traceback__)
    log.error("request %s: %s at %s", request_id, kind, where)


def log_traceback(exc: Exception, request_id: str) -> None:
    """Log all of *exc*, its text too, for the developer whose chain has raised it."""
    log.error("request %s: a chain raised", request_id, exc_info=exc)


def _kind(exc: Exception) -> type[ChatError] | None:
    code = getattr(exc, "code", None)
    if isinstance(code, str) and code in provider_errors.BY_CODE:
        return provider_errors.BY_CODE[code]
    found = _by_class(exc, BY_CLASS)
    if found in (None, InvalidRequest):
        found = _by_status(exc) or found or _by_class(exc, OTHERS)
    if found is UpstreamForbidden and _retry_after_ms(exc) is not None:
        return RateLimited  # A gateway's quota.
    if found in (UpstreamLost, UpstreamTimeout):
        return connecting.failure(exc) or found
    return found


def _by_status(exc: Exception) -> type[ChatError] | None:
    if not is_any(exc, "openai", "APIError"):
        return None  # A retriever's 404, say, is none of the model's.
    status: int = getattr(exc, "status_code", 0)
    return provider_errors.of_provider(status, getattr(exc, "code", None), _said(exc))


def _said(exc: Exception) -> object:
    """What the provider said; the SDK's message leaves out a text in place of an
    object."""
    said = provider_errors.message_of(getattr(exc, "body", None))
    return said or getattr(exc, "message", None)


def _by_class(
    exc: Exception, kinds: Mapping[type[Exception], type[ChatError]]
) -> type[ChatError] | None:
    return next((kinds[kind] for kind in kinds if isinstance(exc, kind)), None)


def _parameter(exc: Exception) -> str | None:
    """The invalid parameter's name in OpenAI's API, which some have in the message
    alone."""
    parameter = getattr(exc, "param", None)
    if isinstance(parameter, str) and PATH.fullmatch(parameter):
        return parameter
    return provider_errors.parameter_of(_said(exc))


def _retry_after_ms(exc: Exception) -> int | None:
    headers = getattr(getattr(exc, "response", None), "headers", None)
    if not isinstance(headers, Mapping):
        return None
    seconds = failure.retry_after(headers)
    return None if seconds is None else round(seconds * 1000)
