"""The request parser against anything that JSON can say."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streaming.dialects import json as native
from streaming.errors import InvalidRequest
from streaming.requests import ChatRequest

FIELDS = """
    user message messages chain stream temperature top_p max_tokens stop seed id role
    inputs content type text name tool_call_id tool_calls function arguments sampling
"""
names = st.sampled_from(FIELDS.split())
roles = st.sampled_from(["system", "developer", "user", "assistant", "tool", "boss"])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | roles,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(names | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)
messages = st.lists(
    st.fixed_dictionaries(
        {"role": roles}, optional={"content": values, "name": values}
    ),
    max_size=3,
)
bodies = st.dictionaries(names, values, max_size=4) | st.fixed_dictionaries(
    {"messages": messages}, optional={"stream": values, "temperature": values}
)


def check(body: bytes) -> None:
    """*body* must be a request, or an error that says what is wrong and no more."""
    try:
        request = native.parse(body, {})
    except InvalidRequest as error:
        message = error.message
    else:
        assert isinstance(request, ChatRequest)
        assert request.messages
        return
    assert re.match(r"The body |user, messages: |[a-z_]+(\.\w+)*: ", message)
    assert len(message) < 2000


@pytest.mark.parametrize(
    ("body", "message", "param"),
    [
        (
            {"messages": [{"role": "assistant", "content": "?"}]},
            "messages: the last one must not be the assistant's",
            "messages",
        ),
        (
            {"user": "?", **dict.fromkeys(map(str, range(101)))},
            "The body: more than 100 fields",
            None,
        ),
    ],
)
def test_what_is_wrong_with_the_whole_is_said_of_it(
    body: dict[str, Any], message: str, param: str | None
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        native.parse(json.dumps(body).encode(), {})
    assert (str(refused.value), refused.value.param) == (message, param)


@given(bodies)
def test_any_object_is_a_request_or_an_error_naming_a_field(
    body: dict[str, Any],
) -> None:
    check(json.dumps(body).encode())


@given(values)
def test_any_json_is_a_request_or_an_error(value: Any) -> None:
    check(json.dumps(value).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_an_error(body: bytes) -> None:
    check(body)


@given(st.text(min_size=1))
def test_any_text_is_a_question_and_is_not_changed(text: str) -> None:
    request = native.parse(json.dumps({"user": text}).encode("utf-8", "replace"), {})
    assert request.messages[0].content == text
    assert request.stream is True
    assert request.chain is None


def test_inputs_that_are_too_deep_are_refused_in_few_words() -> None:
    deep = "[" * 1000 + "]" * 1000
    body = f'{{"user": "?", "inputs": {{"a": {deep}}}}}'
    with pytest.raises(InvalidRequest, match=r"^inputs\.") as raised:
        native.parse(body.encode(), {})
    assert len(raised.value.message) < 400
