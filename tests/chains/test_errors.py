"""Every exception a provider's library raises is one the caller understands."""

import inspect
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import httpx2
import langchain_core.exceptions
import langchain_openai.chat_models.base
import openai
import pytest
from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError
from langchain_core.exceptions import ModelError, ModelRateLimitError
from openai import LengthFinishReasonError
from openai.lib._parsing import _completions
from openai.types.chat import ChatCompletion
from pydantic import BaseModel

from azure_openai import outcome
from runnables.errors import to_chat_error
from streaming import errors
from streaming.upstream_errors import UnreadableAnswer

REQUEST = httpx2.Request("POST", "https://example.com")
SECRET = "the-text-of-the-exception"


def classes(module: object, base: type[Exception]) -> list[type[Exception]]:
    return [
        each
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, base) and each is not ModelError  # Nothing raises the base.
    ]


def an_instance(kind: type[Exception]) -> Exception:
    """An exception of that class, with its class's own status where it has one."""
    status = getattr(kind, "status_code", None)
    exc = kind.__new__(kind)
    Exception.__init__(exc, SECRET)
    exc.message, exc.body, exc.code, exc.param = SECRET, None, None, None  # type: ignore[attr-defined]
    if issubclass(kind, openai.APIStatusError):
        exc.response = httpx2.Response(int(status or 500), request=REQUEST)  # type: ignore[attr-defined]
        exc.status_code = exc.response.status_code  # type: ignore[attr-defined]
    return exc


@pytest.mark.parametrize(
    "kind",
    [
        *classes(openai, openai.OpenAIError),
        *classes(langchain_openai.chat_models.base, openai.OpenAIError),
        *classes(langchain_core.exceptions, ModelError),
        TimeoutError,
        ClientAuthenticationError,
    ],
)
def test_every_provider_exception_is_mapped(kind: type[Exception]) -> None:
    error = to_chat_error(an_instance(kind), "request-1")
    assert error.code != "internal_error"
    assert SECRET not in error.message


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "invalid_request"),
        (401, "upstream_auth"),
        (403, "upstream_auth"),
        (404, "deployment_not_found"),
        (408, "upstream_timeout"),
        (402, "upstream_error"),
        (405, "upstream_error"),
        (406, "upstream_error"),
        (409, "upstream_error"),
        (410, "deployment_not_found"),
        (413, "context_length_exceeded"),
        (415, "upstream_error"),
        (418, "upstream_error"),
        (424, "upstream_error"),
        (425, "upstream_error"),
        (431, "upstream_error"),
        (451, "upstream_error"),
        (422, "invalid_request"),
        (429, "rate_limited"),
        (500, "upstream_error"),
        (503, "upstream_error"),
        (504, "upstream_timeout"),
    ],
)
def test_the_sdks_own_errors_are_mapped_by_status(status: int, code: str) -> None:
    response = httpx2.Response(status, request=REQUEST)
    error = to_chat_error(
        openai.APIStatusError(SECRET, response=response, body=None), ""
    )
    assert error.code == code
    again = status in (408, 409, 424, 425, 429) or status >= 500
    assert error.retryable is again
    # An error within a stream has its status as its code, if any.
    for said in (status, str(status)):
        body = {"code": said, "message": SECRET}
        within = to_chat_error(openai.APIError(SECRET, REQUEST, body=body), "")
        assert (type(within), within.message) == (type(error), error.message)
        assert type(outcome.error(body)) is type(error)


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("This model's maximum context length is 4096 tokens.", True),
        ("the request exceeds the available context size", True),
        ("Your input exceeds the context window of this model", True),
        ("prompt is too long: 210000 tokens > 200000 maximum", True),
        ("The input token count (9) exceeds the maximum number", True),
        ("'max_tokens' is too large: 9. The maximum context length is 8", False),
        ("max_tokens must be at least 1", False),
    ],
)
def test_a_conversation_that_is_too_long_is_told_by_its_message(
    message: str, code: bool
) -> None:
    body = {"message": message, "type": "BadRequestError", "code": 400}
    response = httpx2.Response(400, request=REQUEST)
    found = to_chat_error(
        openai.BadRequestError(message, response=response, body=body), ""
    )
    expected = "context_length_exceeded" if code else "invalid_request"
    assert found.code == outcome.error(body, 400).code == expected


@pytest.mark.parametrize(
    "body",
    [
        {"error": "the model is loaded with context length of only 4096 tokens"},
        {"code": "x", "error": "This model's maximum prompt length is 131072"},
        {"error": "`inputs` tokens + `max_new_tokens` must be <= 4096"},
        {"message": "too many tokens: 130000 of 128000"},
        {"detail": "the prompt is too long: prompt is too long"},
        {"message": {"detail": [{"msg": "x", "loc": ["context size"]}]}},
        [{"error": {"code": 400, "message": "The input token count exceeds it"}}],
    ],
)
def test_the_message_may_be_in_another_place(body: object) -> None:
    said = body.get("error", body) if isinstance(body, dict) else body
    response = httpx2.Response(400, request=REQUEST)
    raised = openai.BadRequestError("Error code: 400", response=response, body=said)
    assert to_chat_error(raised, "").code == "context_length_exceeded"
    assert outcome.error(said, 400).code == "context_length_exceeded"


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"message": f"{SECRET}: unrecognized argument: reasoning_effort"}, "effort"),
        ({"detail": [{"loc": ["body", "response_format"], "msg": SECRET}]}, "format"),
        ({"message": SECRET, "param": "messages[0].content"}, "messages"),
        ({"message": SECRET, "param": f"the prompt {SECRET}"}, ""),
        ({"detail": [{"loc": ["body"], "msg": "x", "input": "temperature"}]}, ""),
        (SECRET, ""),
    ],
)
def test_the_parameter_that_is_refused_is_named_and_nothing_else(
    body: object, named: str
) -> None:
    response = httpx2.Response(422, request=REQUEST)
    raised = openai.UnprocessableEntityError(SECRET, response=response, body=body)
    error = to_chat_error(raised, "")
    assert error.code == "invalid_request"
    assert named in (error.param or "")
    assert bool(error.param) is bool(named)
    assert SECRET not in error.message


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_said_to_be_one(status: int) -> None:
    response = httpx2.Response(status, request=REQUEST)
    raised = openai.APIStatusError(SECRET, response=response, body=None)
    error = to_chat_error(raised, "")
    assert (error.code, error.retryable) == ("upstream_error", False)
    assert "redirect" in error.message


def test_a_wait_stands_only_beside_what_may_be_asked_again() -> None:
    for status, kind in ((403, openai.PermissionDeniedError), (400, None)):
        headers = {"retry-after": "7"}
        response = httpx2.Response(status, headers=headers, request=REQUEST)
        raised = (kind or openai.BadRequestError)("", response=response, body=None)
        error = to_chat_error(raised, "")
        assert error.retryable is (status == 403)
        assert error.retry_after_ms == (7000 if status == 403 else None)


def test_an_azure_service_that_is_down_is_no_failed_sign_in() -> None:
    error = to_chat_error(ServiceRequestError("search index down"), "")
    assert error.code == "internal_error"


def test_a_retry_after_may_be_a_date() -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    headers = {"retry-after": format_datetime(tomorrow, usegmt=True)}
    response = httpx2.Response(429, headers=headers, request=REQUEST)
    error = to_chat_error(openai.RateLimitError("", response=response, body=None), "")
    assert error.retry_after_ms is not None
    assert 80_000_000 < error.retry_after_ms <= 86_400_000


@pytest.mark.parametrize("headers", [{"retry-after": 7}, "retry-after: 7", None, 7])
def test_other_providers_may_have_headers_of_any_kind(headers: object) -> None:
    busy = an_instance(ModelRateLimitError)
    busy.response = SimpleNamespace(headers=headers)  # type: ignore[attr-defined]
    wait = 7000 if isinstance(headers, dict) else None
    assert to_chat_error(busy, "").retry_after_ms == wait


def test_what_fits_nothing_is_logged_by_class_and_place_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    try:
        raise LookupError(SECRET)
    except LookupError as exc:
        error = to_chat_error(exc, "request-1")
    assert error.code == "internal_error"
    assert "request-1" in error.message
    assert "request-1: LookupError at" in caplog.text
    assert "test_errors.py:" in caplog.text
    assert SECRET not in caplog.text + error.message


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    for name, kind in inspect.getmembers(errors, inspect.isclass):
        if issubclass(kind, errors.ChatError) and kind is not errors.ChatError:
            assert name in (errors.__doc__ or "")


def test_a_model_that_refuses_is_a_content_filter_and_no_bug() -> None:
    refusal = langchain_core.exceptions.ModelRefusalError(SECRET)
    error = to_chat_error(refusal, "")
    assert (error.code, error.status) == ("content_filter", 400)
    assert SECRET not in error.message


class Form(BaseModel):
    """What an answer should be."""

    number: int


@pytest.mark.parametrize("said", ["I would rather not.", '{"numb', '{"number": "x"}'])
def test_a_structured_answer_that_the_sdk_cannot_read_is_the_models(said: str) -> None:
    """It was an error of this app's, `internal_error`."""
    with pytest.raises(ValueError) as raised:
        _completions._parse_content(Form, said)
    error = to_chat_error(raised.value, "r")
    assert (error.status, error.code) == (502, "upstream_error")
    assert said not in error.message


def test_a_structured_answer_that_is_cut_is_the_models() -> None:
    usage = {"completion_tokens": 1, "prompt_tokens": 1, "total_tokens": 2}
    fields = {"id": "", "choices": [], "created": 0, "model": "", "usage": usage}
    whole = ChatCompletion.model_validate({**fields, "object": "chat.completion"})
    error = to_chat_error(LengthFinishReasonError(completion=whole), "r")
    assert (error.status, error.code) == (502, "upstream_error")
    assert error.message == UnreadableAnswer().message
