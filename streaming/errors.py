"""What can go wrong, as the caller sees it.

* ChatError
  x InvalidRequest        400  invalid_request
    + ContextTooLong      400  context_length_exceeded
  x ContentFiltered       400  content_filter
  x Unauthorized          401  unauthorized
  x NotFound              404  not_found
    + UnknownChain, UnknownDialect, UnknownModel, DeploymentNotFound
  x RequestTimeout        408  request_timeout
  x TooLarge              413  too_large
  x RateLimited           429  rate_limited
  x HeadersTooLarge       431  headers_too_large
  x InternalError         500  internal_error
  x UpstreamError         502  upstream_error
    + UpstreamAuth        502  upstream_auth
    + UpstreamIncomplete  502  upstream_incomplete
  x Overloaded            503  overloaded
  x NotConfigured         503  not_configured
  x UpstreamTimeout       504  upstream_timeout
    + UpstreamStall       504  upstream_stall
  x DeadlineExceeded      504  deadline
"""

from collections.abc import Mapping
from typing import Any, ClassVar


class ChatError(Exception):
    """An answer that is not the one asked for; its message is safe to show anyone."""

    code: ClassVar[str] = "internal_error"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        retry_after_ms: int | None = None,
        param: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after_ms = retry_after_ms
        self.param = param

    def as_dict(self, request_id: str) -> dict[str, Any]:
        """The error as JSON dialects write it; a wait that is not known is left out."""
        error: dict[str, Any] = {
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


class ContextTooLong(InvalidRequest):
    """The messages do not fit the model's context window."""

    code = "context_length_exceeded"


class ContentFiltered(ChatError):
    """The provider's content filter refused the prompt."""

    code, status = "content_filter", 400


class Unauthorized(ChatError):
    """The caller has none of the keys."""

    code, status = "unauthorized", 401

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


class RequestTimeout(ChatError):
    """The body did not come in time; the connection is closed, as it still might."""

    code, status, retryable = "request_timeout", 408, True

    def headers(self) -> Mapping[str, str]:
        return {**super().headers(), "connection": "close"}


class TooLarge(ChatError):
    """The body or the conversation is over its limit; the message says which."""

    code, status = "too_large", 413


class RateLimited(ChatError):
    """The provider asks to come back later."""

    code, status, retryable = "rate_limited", 429, True


class HeadersTooLarge(ChatError):
    """The request's line and headers are more than anyone needs."""

    code, status = "headers_too_large", 431


class InternalError(ChatError):
    """A bug of ours or of the chain; the log has it under the request's id."""


class UpstreamError(ChatError):
    """The provider failed, or the connection to it broke."""

    code, status, retryable = "upstream_error", 502, True


class UpstreamAuth(UpstreamError):
    """The provider refused this server's credential; the caller's is not at fault."""

    code, retryable = "upstream_auth", False


class UpstreamIncomplete(UpstreamError):
    """The model's stream ended without saying why: it was cut."""

    code = "upstream_incomplete"


class Overloaded(ChatError):
    """This server has as many streams open as it may."""

    code, status, retryable = "overloaded", 503, True


class NotConfigured(ChatError):
    """The chain lacks a setting; the message names it."""

    code, status = "not_configured", 503


class UpstreamTimeout(ChatError):
    """The provider did not answer in time."""

    code, status, retryable = "upstream_timeout", 504, True


class UpstreamStall(UpstreamTimeout):
    """The provider fell silent in the middle of its answer."""

    code = "upstream_stall"


class DeadlineExceeded(ChatError):
    """The run took longer than a run may."""

    code, status, retryable = "deadline", 504, True
