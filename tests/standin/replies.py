"""What Azure OpenAI answers instead of a stream."""

from collections.abc import Sequence

from tests.standin.steps import Reply
from tests.standin.wire import PROMPT_SAFE, failure


def error(status: int, code: str, message: str, /, **more: object) -> Reply:
    """An error in Azure's form."""
    return Reply(status, {"error": {"code": code, "message": message, **more}})


RESOURCE_NOT_FOUND = error(404, "404", "Resource not found")
DEPLOYMENT_NOT_FOUND = error(
    404,
    "DeploymentNotFound",
    "The API deployment for this resource does not exist. If you created the "
    "deployment within the last 5 minutes, please wait a moment and try again.",
)
RESPONSES_ONLY = error(
    400,
    "invalid_request_error",
    "This model is only supported in v1/responses and not in v1/chat/completions.",
    param="model",
)
UNAUTHORIZED = error(
    401,
    "401",
    "Access denied due to invalid subscription key or wrong API endpoint. Make sure "
    "to provide a valid key for an active subscription and use a correct regional API "
    "endpoint for your resource.",
)
FORBIDDEN = error(403, "403", "Access denied due to Virtual Network/Firewall rules.")
PROMPT_FILTERED = error(
    400,
    "content_filter",
    "The response was filtered due to the prompt triggering Azure OpenAI's content "
    "management policy. Please modify your prompt and retry.",
    type=None,
    param="prompt",
    status=400,
    innererror={
        "code": "ResponsibleAIPolicyViolation",
        "content_filter_result": {
            **PROMPT_SAFE,
            "violence": {"filtered": True, "severity": "medium"},
        },
    },
)
CONTEXT_LENGTH = error(
    400,
    "context_length_exceeded",
    "This model's maximum context length is 128000 tokens. However, your messages "
    "resulted in 200000 tokens. Please reduce the length of the messages.",
    type="invalid_request_error",
    param="messages",
)
UNKNOWN_STREAM_OPTIONS = error(
    400,
    "unknown_parameter",
    "Unrecognized request argument supplied: stream_options",
    type="invalid_request_error",
    param=None,
)


def unsupported_parameter(name: str) -> Reply:
    """What a model says of a field that it does not take, as OpenAI words it."""
    newer = " Use 'max_completion_tokens' instead." if name == "max_tokens" else ""
    return error(
        400,
        "unsupported_parameter",
        f"Unsupported parameter: '{name}' is not supported with this model.{newer}",
        type="invalid_request_error",
        param=name,
    )


def extra_forbidden(names: Sequence[str]) -> Reply:
    """What Mistral's gateway says of fields that it does not know."""
    detail = [
        {
            "type": "extra_forbidden",
            "loc": ["body", name],
            "msg": "Extra inputs are not permitted",
        }
        for name in names
    ]
    return Reply(422, {"object": "error", "message": {"detail": detail}})


def too_many_tokens(limit: int) -> Reply:
    """A limit that is refused for its value, not for its name."""
    return error(
        400,
        "invalid_value",
        f"max_tokens is too large: {limit}. This model supports at most 16384 "
        f"completion tokens, whereas you provided {limit}.",
        type="invalid_request_error",
        param="max_tokens",
    )


def invalid(message: str) -> Reply:
    """A request that is not one."""
    kind = "invalid_request_error"
    return error(400, kind, message, type=kind, param=None)


def response_not_found(response_id: str, **more: object) -> Reply:
    """What is said of a response that was never made, or is deleted."""
    kind = "invalid_request_error"
    message = f"Response with id '{response_id}' not found."
    return error(404, kind, message, type=kind, param=None, **more)


def rate_limited(seconds: str | None, milliseconds: str | None) -> Reply:
    """Too many tokens; says when to come back where it is told to."""
    message = (
        "Requests to the ChatCompletions_Create Operation have exceeded token rate "
        f"limit of your current pricing tier. Please retry after {seconds or 7} "
        "seconds."
    )
    headers = {"retry-after": seconds, "retry-after-ms": milliseconds}
    return Reply(
        429,
        {"error": {"code": "429", "message": message}},
        {name: value for name, value in headers.items() if value is not None},
    )


def server_error(status: int) -> Reply:
    """The service's own failure."""
    return Reply(status, failure("The server had an error (secret-upstream-detail)."))


FAR = "Fri, 31 Dec 9999 23:59:59 GMT"
OVERFLOWING = "Wed, 21 Oct 9999999999999 07:28:00 GMT"
ODD_HEADERS: tuple[dict[str, str], ...] = (
    {"retry-after": FAR},
    {"retry-after": OVERFLOWING},
    {"retry-after": "Wed, 21 Oct 2065 07:28:00 -0000"},
    {"retry-after": "-1"},
    {"retry-after": "nan", "retry-after-ms": "inf"},
    {"retry-after": "", "retry-after-ms": ""},
    {"retry-after": "0, 0"},
    {"retry-after": "soön", "retry-after-ms": OVERFLOWING},
    {"retry-after": "9" * 5000, "retry-after-ms": "1e400"},
    {"content-type": "application/json; charset=utf-16"},
    {"content-type": ";;=/"},
    {"content-encoding": "gzip"},
    {"content-encoding": "zstd, deflate"},
    {"x-ms-region": "Göteborg", "x-request-id": "ö"},
)


def odd_headers(which: int, milliseconds: str | None) -> Reply:
    """Come back later, with headers that nobody can make sense of."""
    plain = rate_limited(None, milliseconds)
    headers = {**plain.headers, **ODD_HEADERS[which]}
    return Reply(plain.status, plain.body, headers)
