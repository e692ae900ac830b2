"""Which words refuse a field, and which refuse its value."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure_openai.refusals import Refusals, refuses

OF_THE_FIELD = [
    {"error": {"message": "Unsupported parameter: 'max_tokens' is not supported with "
               "this model. Use 'max_completion_tokens' instead.",
               "type": "invalid_request_error", "param": "max_tokens",
               "code": "unsupported_parameter"}},
    {"error": {"message": "Unsupported parameter: 'max_tokens' is not supported with "
               "this model.", "code": "invalid_request_body"}},
    {"error": {"message": "Unsupported value: 'max_tokens' does not support 1 with "
               "this model.", "param": "max_tokens", "code": "unsupported_value"}},
    {"error": {"message": "Unrecognized request argument supplied: max_tokens",
               "type": "invalid_request_error", "param": None, "code": None}},
    {"object": "error", "message": "[{'type': 'extra_forbidden', 'loc': ('body', "
     "'max_tokens'), 'msg': 'Extra inputs are not permitted', 'input': 8192}]",
     "type": "BadRequestError", "param": None, "code": 400},
    {"object": "error", "message": {"detail": [{"type": "extra_forbidden", "loc": [
        "body", "max_tokens"], "msg": "Extra inputs are not permitted"}]}},
    {"error": {"message": "property 'max_tokens' is unsupported"}},
    {"error": "litellm.UnsupportedParamsError: does not support {'max_tokens': 5}"},
    {"code": "x", "error": "Argument not supported on this model: max_tokens"},
    {"error": {"message": "`max_tokens` is not supported for this model"}},
    {"message": "max_tokens is not allowed, use max_completion_tokens"},
    {"detail": "Unknown name \"max_tokens\": Cannot find field."},
]  # fmt: skip

OF_ANOTHER_THING = [
    {"error": {"message": "max_tokens is too large: 99999. This model supports at most "
               "16384 completion tokens.", "param": "max_tokens",
               "code": "invalid_value"}},
    {"error": {"message": "Unsupported parameter: 'temperature' is not supported; see "
               "max_tokens.", "param": "temperature"}},
    {"error": {"message": "Unknown field max_tokens_per_doc"}},
    {"error": {"message": "max_tokens is not allowed to be more than 4096"}},
    {"error": {"message": "max_tokens: 9999 is not supported, the most is 4096"}},
    {"error": {"message": "Unsupported parameter: 'max_completion_tokens'",
               "param": "max_completion_tokens"}},
    {"error": {"message": "An unknown error: max_tokens"}},
    {},
]  # fmt: skip


@pytest.mark.parametrize("body", OF_THE_FIELD)
def test_a_name_is_refused_in_many_words(body: object) -> None:
    assert refuses(json.dumps(body).encode(), "max_tokens")


@pytest.mark.parametrize("body", OF_ANOTHER_THING)
def test_a_refusal_of_something_else_is_none_of_the_name(body: object) -> None:
    assert not refuses(json.dumps(body).encode(), "max_tokens")


def test_a_stream_is_left_out_if_the_answer_may_come_at_once() -> None:
    message = "Your organization must be verified to stream this model."
    error = {"message": message, "param": "stream", "code": "unsupported_value"}
    said, asked = json.dumps({"error": error}).encode(), b'{"stream": true, "n": 1}'
    refusals = Refusals("max_tokens")
    fitted = refusals.fit(asked, whole=True)
    assert fitted.amend(said)
    fitted.accepted()
    assert json.loads(refusals.fit(asked, whole=True).content) == {"n": 1}
    for streamed in (refusals.fit(asked), Refusals("max_tokens").fit(asked)):
        assert not streamed.amend(said)
        assert streamed.content == asked
    assert not refuses(b'{"error": {"message": "Unknown: stream"}}', "stream")


strange = st.binary() | st.text().map(str.encode) | st.just(b"[" * 9_999)


@given(strange, strange)
def test_no_body_and_no_refusal_is_too_strange(content: bytes, said: bytes) -> None:
    refusals = Refusals("max_completion_tokens")
    content += b'"max_tokens"'  # No JSON, then.
    fitted = refusals.fit(content)
    assert fitted.amend(said + b'"unknown: max_tokens"') is False
    assert fitted.content == content
    limited = refusals.fit(b'{"max_completion_tokens": 5}')
    assert limited.amend(said + b"unknown: max_completion_tokens") is True


def test_the_rest_of_a_body_stays_as_it_is() -> None:
    body = {"model": "m", "seed": 10**30, "x": "\ud83d é", "stream_options": {}}
    fitted = Refusals("max_completion_tokens").fit(
        json.dumps({"max_tokens": 5, **body}).encode()
    )
    assert json.loads(fitted.content) == {**body, "max_completion_tokens": 5}


def test_models_of_one_backend_are_told_apart() -> None:
    refusals = Refusals("max_tokens")
    asked = b'{"model": "a", "max_tokens": 5}'
    fitted = refusals.fit(asked)
    assert fitted.amend(json.dumps(OF_THE_FIELD[0]).encode())
    fitted.accepted()
    assert b"max_completion_tokens" in refusals.fit(asked).content
    other = asked.replace(b'"a"', b'"b"')
    assert refusals.fit(other).content == other
