"""How far a stream is read ahead, and what its beginning says; cut anywhere."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azure_openai.failure import CUT, BackendFailure, of_status, retry_after
from azure_openai.peek import PEEKED, STRANGE, Peek, examine_whole

PROMPT_FILTER = b'data: {"choices":[],"prompt_filter_results":[{}],"id":""}\n\n'
ROLE = b'data: {"choices":[{"delta":{"role":"assistant","content":""}}]}\n\n'
FILTER = b'data: {"choices":[{"index":0,"content_filter_offsets":{}}]}\n\n'
OPENING = PROMPT_FILTER + ROLE + FILTER + b": comment\n\ndata:\n\n"


def delta(delta: bytes, more: bytes = b"") -> bytes:
    return b'data: {"choices":[{"index":0,"delta":%b%b}]}\n\n' % (delta, more)


def error(fields: bytes) -> bytes:
    return b'data: {"error":{%b}}\n\n' % fields


ANSWERS = {
    "text": delta(b'{"content":"Hi"}'),
    "reasoning": delta(b'{"reasoning_content":"Hm"}'),
    "refusal": delta(b'{"refusal":"No"}'),
    "tool": delta(b'{"tool_calls":[{"index":0,"id":"c"}]}'),
    "finish": delta(b"{}", b',"finish_reason":"stop"'),
    "block": b'data: {"choices":[{"finish_reason":"content_filter"}]}\n\n',
    "caller": error(b'"code":"content_filter"'),
    "context": error(b'"code":"context_length_exceeded"'),
    "invalid": error(b'"type":"invalid_request_error"'),
}
TROUBLES = {
    "error": (error(b'"code":"server_error"'), False),
    "busy": (error(b'"code":"429"'), True),
    "json": (b"data: {not json\n\n", False),
    "list": (b"data: [1]\n\n", False),
    "end": (b"", False),
    "half": (ANSWERS["text"][:-1], False),
    "done": (b"data: [DONE]\n\n", False),
    "done, otherwise": (b"event: x\r\ndata:[DONE] \r\n\r\n", False),
    "empty": (
        delta(b'{"content":"","refusal":null,"tool_calls":[{"index":0}]}'),
        False,
    ),
    "usage": (b'data: {"choices":[],"usage":{"total_tokens":9}}\n\n', False),
    "comments": (b": wait\n\n" * 99, False),
}


def peeked(stream: bytes, cuts: list[int]) -> Peek:
    peek, edges = Peek(), [0, *sorted(cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(edges)]
    for piece in [piece for piece in pieces if piece] + [b""]:
        if peek.feed(piece):
            break
    return peek


@pytest.mark.parametrize("name", ANSWERS)
@given(cuts=st.lists(st.integers(0, 300), max_size=4))
def test_what_shows_something_or_says_why_it_ends_is_an_answer(
    name: str, cuts: list[int]
) -> None:
    peek = peeked(OPENING + ANSWERS[name], cuts)
    assert peek.decided
    assert peek.failure is None


@pytest.mark.parametrize("name", TROUBLES)
@given(cuts=st.lists(st.integers(0, 300), max_size=4))
def test_what_comes_to_nothing_is_failure(name: str, cuts: list[int]) -> None:
    stream, busy = TROUBLES[name]
    peek = peeked(OPENING + stream, cuts)
    assert peek.failure is not None
    assert peek.failure.busy is busy


def whole(choice: str) -> str:
    return f'{{"choices":[{choice}],"usage":{{"total_tokens":9}}}}'


@pytest.mark.parametrize(
    ("body", "failure"),
    [
        (whole('{"message":{"content":"Hi"}}'), None),
        (whole('{"message":{"content":[{"type":"text","text":"Hi"}]}}'), None),
        (whole('{"message":{"content":null},"finish_reason":"stop"}'), None),
        (whole('{"finish_reason":"content_filter"}'), None),
        (whole('{"message":{"tool_calls":[{"id":"c"}]}}'), None),
        (whole('{},{"message":{"content":"Hi"}}'), None),
        ('{"data":[{"embedding":[0.5]}],"usage":{"total_tokens":9}}', None),
        ('{"error":{"code":"content_filter"}}', None),
        (" " * PEEKED + whole(""), None),
        ("", CUT),
        ("{}", CUT),
        ('{"data":null}', CUT),
        ('{"choices":null}', CUT),
        (whole(""), CUT),
        (whole("{}"), CUT),
        (whole('{"message":null,"finish_reason":null}'), CUT),
        (whole('{"message":{"role":"assistant","content":""}}'), CUT),
        (whole('{"message":{"content":[{"type":"text","text":""}]}}'), CUT),
        (whole('{"message":{"content":"Hi"}}')[:-2], CUT),
        (whole('{"message":"Hi"}'), STRANGE),
        (whole("null"), STRANGE),
        ('{"choices":{"a":1}}', STRANGE),
        ('{"choices":}', STRANGE),
        ('{"a":' * 30_000 + "}", None),
        ('{"a":' * 3000 + "}", STRANGE),
        ('{"error":{"code":"429"}}', BackendFailure("busy", busy=True, name="busy")),
    ],
)
def test_an_answer_that_does_not_stream_is_one_by_the_same_rule(
    body: str, failure: BackendFailure | None
) -> None:
    assert examine_whole(body.encode()) == failure


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "delta", "message", "content", "error", "data", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(values)
def test_nothing_that_a_backend_says_is_too_odd_to_be_judged(value: object) -> None:
    body = json.dumps(value).encode()
    examine_whole(body)
    assert peeked(b"data: %b\n\n" % body, []).decided


def test_neither_the_prompts_filter_nor_the_role_is_an_answer() -> None:
    peek = Peek()
    assert not peek.feed(OPENING)
    assert peek.feed(ANSWERS["text"])


def test_it_is_not_read_for_ever() -> None:
    peek = Peek()
    assert not peek.feed(b":" + b" " * (PEEKED - 1))
    assert peek.feed(b" ")
    assert peek.failure is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "7", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "7", "retry-after-ms": "-1"}, 7),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
    ],
)
def test_retry_after_is_read_in_all_its_forms(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (200, None),
        (400, None),
        (413, None),
        (422, None),
        (302, BackendFailure("status 302")),
        (401, BackendFailure("status 401", refused=True)),
        (403, BackendFailure("status 403", refused=True)),
        (404, BackendFailure("status 404", refused=True)),
        (408, BackendFailure("status 408")),
        (429, BackendFailure("status 429", busy=True)),
        (500, BackendFailure("status 500")),
        (599, BackendFailure("status 599")),
    ],
)
def test_which_status_is_the_backends_fault(
    status: int, failure: BackendFailure | None
) -> None:
    assert of_status(status, {}) == failure


def test_a_failure_that_says_when_to_come_back_asks_for_it() -> None:
    assert of_status(503, {"retry-after": "9"}) == BackendFailure(
        "status 503", busy=True, wait=9
    )


def test_what_is_nested_too_deep_to_be_read_is_failure() -> None:
    peek = Peek()
    peek.feed(b"data: " + b"[" * 30_000 + b"\n\n")
    assert peek.failure is not None
