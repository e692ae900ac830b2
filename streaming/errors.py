"""What can go wrong, as the caller sees it.

* ChatError
  x InvalidRequest        400  invalid_request
    + ContextTooLong      400  context_length_exceeded
  x ContentFiltered       400  content_filter
    + ModelRefused
  x ThreadRequired        400  thread_required
  x Unauthorized          401  unauthorized
  x NotFound              404  not_found
    + UnknownChain, UnknownDialect, UnknownModel, DeploymentNotFound
  x MethodNotAllowed      405  method_not_allowed
  x RequestTimeout        408  request_timeout
  x ThreadBusy            409  thread_busy
  x ThreadChain           409  thread_chain
  x ThreadExists          409  thread_exists
  x Cancelled             409  cancelled
  x TooLarge              413  too_large
  x UnsupportedMediaType  415  unsupported_media_type
  x RateLimited           429  rate_limited
    + QuotaUsedUp
  x QuotaExceeded         429  quota_exceeded
  x BudgetUsedUp          429  budget
  x HeadersTooLarge       431  headers_too_large
  x InternalError         500  internal_error
  x NotYet                501  not_implemented
  x UpstreamError         502  upstream_error
    + UpstreamAuth        502  upstream_auth
      - UpstreamForbidden, SignInFailed
    + UpstreamRefused     502  not retryable
      - UpstreamUnpaid, UpstreamMoved
    + UpstreamLost, UnreadableAnswer
    + UpstreamUnreachable 502  upstream_unreachable
    + UpstreamIncomplete  502  upstream_incomplete
  x Overloaded            503  overloaded
  x ShuttingDown          503  shutting_down
  x RunLost               503  run_lost
  x StoreUnavailable      503  store_unavailable
  x NotConfigured         503  not_configured
  x UpstreamTimeout       504  upstream_timeout
    + UpstreamStall       504  upstream_stall
    + ConnectTimeout      504  upstream_unreachable
  x DeadlineExceeded      504  deadline
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar


class ChatError(Exception):
    """A failure, with a message that is safe to show to anyone."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False
    says: ClassVar[str] = "Something went wrong here."
    """The default message, for an error that has no message of its own."""

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after_ms: int | None = None,
        param: str | None = None,
    ) -> None:
        self.message = message or self.says
        super().__init__(self.message)
        self.retry_after_ms = retry_after_ms
        self.param = param

    def as_dict(self, request_id: str) -> dict[str, object]:
        """The error for JSON dialects; an unknown wait is left out."""
        error: dict[str, object] = {
            "code": self.code,
            "message": self.message,
            "status": self.status,
            "retryable": self.retryable,
        }
        if self.retry_after_ms is not None:
            error["retry_after_ms"] = self.retry_after_ms
        return {**error, "request_id": request_id}

    def headers(self) -> Mapping[str, str]:
        """`Retry-After` in whole seconds, rounded up; and OpenAI SDKs' do-not-retry."""
        headers = {}
        if self.retry_after_ms is not None:
            headers["retry-after"] = str(-(-self.retry_after_ms // 1000))
            headers["retry-after-ms"] = str(self.retry_after_ms)
        if not self.retryable:
            headers["x-should-retry"] = "false"
        return headers


class InvalidRequest(ChatError):
    """The caller sent something that cannot be run; the message names the field."""

    code, status = "invalid_request", 400
    says = "The model refused the request."


def invalid(field: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{field}: {message}", param=field)


class ContextTooLong(InvalidRequest):
    code = "context_length_exceeded"
    says = "The messages are too long for the model."


class ContentFiltered(ChatError):
    code, status = "content_filter", 400
    says = "The content filter refused the prompt."


class ModelRefused(ContentFiltered):
    says = "The model declined to answer."


class ThreadRequired(ChatError):
    """The graph waits for a person, and nothing keeps its state until then."""

    code, status = "thread_required", 400
    says = "The graph waits for a person: give a thread_id, so that it can go on."


class Unauthorized(ChatError):
    code, status = "unauthorized", 401
    says = (
        "An API key is needed, as api-key, x-api-key, Authorization: Bearer, "
        "x-functions-key or ?code=."
    )

    def headers(self) -> Mapping[str, str]:
        return {**super().headers(), "www-authenticate": "Bearer"}


class NotFound(ChatError):
    """The request names something that does not exist; the message says what does."""

    code, status = "not_found", 404


class UnknownChain(NotFound):
    """No chain has that name."""


class UnknownModel(NotFound):
    """Neither a chain nor a deployment that may be called has that name."""


class UnknownDialect(NotFound):
    """No dialect has that name."""


class DeploymentNotFound(NotFound):
    """The provider has no such deployment, or not for this API version."""

    code = "deployment_not_found"
    says = "The model's deployment does not exist."


class MethodNotAllowed(ChatError):
    """The path has other methods, which the message and `Allow` name."""

    code, status = "method_not_allowed", 405

    def __init__(
        self, message: str | None = None, *, allowed: Sequence[str] = ()
    ) -> None:
        super().__init__(message)
        self._allowed = allowed

    def headers(self) -> Mapping[str, str]:
        return {**super().headers(), "allow": ", ".join(self._allowed)}


class RequestTimeout(ChatError):
    """The body was late; the connection is closed, as the rest may still come."""

    code, status, retryable = "request_timeout", 408, True

    def headers(self) -> Mapping[str, str]:
        return {**super().headers(), "connection": "close"}


class ThreadBusy(ChatError):
    """Another run is on the thread, which takes one at a time."""

    code, status, retryable = "thread_busy", 409, True
    says = "Another run is on the thread: wait for its end, or cancel it."


class ThreadChain(ChatError):
    """The thread was begun with another chain; the message names it."""

    code, status = "thread_chain", 409


class ThreadExists(ChatError):
    """The caller has a thread of that id already."""

    code, status = "thread_exists", 409


class Cancelled(ChatError):
    """Somebody has stopped the run by its id."""

    code, status = "cancelled", 409
    says = "The run was cancelled."


class TooLarge(ChatError):
    """The body or the conversation is over its limit; the message says which."""

    code, status = "too_large", 413


class UnsupportedMediaType(ChatError):
    """The body is compressed, or of a type that is not JSON; the message says which."""

    code, status = "unsupported_media_type", 415


class RateLimited(ChatError):
    code, status, retryable = "rate_limited", 429, True
    says = "The model is busy; try again later."


class QuotaUsedUp(RateLimited):
    says = "The model's quota is used up."


class QuotaExceeded(ChatError):
    """The caller's own budget is used up; it is renewed after the time given."""

    code, status, retryable = "quota_exceeded", 429, True
    says = "Your budget is used up until it is renewed."


class BudgetUsedUp(ChatError):
    """The caller's budget has ended an answer; the answer says so in its ending."""

    code, status = "budget", 429


class HeadersTooLarge(ChatError):
    code, status = "headers_too_large", 431


class InternalError(ChatError):
    """A bug of ours or of the chain; the log has it under the request's id."""


class NotYet(ChatError):
    """The chain did what this app cannot do yet; the message names it."""

    code, status = "not_implemented", 501


class Overloaded(ChatError):
    code, status, retryable = "overloaded", 503, True
    says = "Too many answers are being streamed at this moment; try again."


class ShuttingDown(ChatError):
    code, status, retryable = "shutting_down", 503, True
    says = "This server is being stopped; try again."


class RunLost(ChatError):
    """The process that made the answer is gone; only who follows the run sees this."""

    code, status, retryable = "run_lost", 503, True
    says = "The server that made the answer is gone; ask again."


class StoreUnavailable(ChatError):
    """What is kept cannot be read or written, and the request needs it."""

    code, status, retryable = "store_unavailable", 503, True
    says = "What is kept cannot be reached at this moment; try again."


class NotConfigured(ChatError):
    """The chain lacks a setting; the message names it."""

    code, status = "not_configured", 503
    says = (
        "No model is configured: set AZURE_OPENAI_ENDPOINT and "
        "AZURE_OPENAI_DEPLOYMENT, or OPENAI_BASE_URL and OPENAI_MODEL."
    )


class DeadlineExceeded(ChatError):
    code, status, retryable = "deadline", 504, True
    says = "The answer took too long."
