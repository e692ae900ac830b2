"""A field put into raw JSON: everything else stays, byte for byte."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy import json_text

ASKED = {"include_usage": True}

spaces = st.text(" \t\n\r", max_size=3)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text() | st.sampled_from(["stream_options", "model", "{", "}"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=10,
)


@st.composite
def bodies(draw: st.DrawFn, *names: str) -> str:
    """An object's text, spaced at will; *names* are as likely as any, and twice."""
    members = []
    for name, value in draw(
        st.lists(st.tuples(st.text(max_size=8) | st.sampled_from(names), values))
    ):
        key = json.dumps(name, ensure_ascii=draw(st.booleans()))
        text = json.dumps(value, ensure_ascii=draw(st.booleans()))
        parts = [draw(spaces), key, draw(spaces), ":", draw(spaces), text, draw(spaces)]
        members.append("".join(parts))
    inner = ",".join(members) if members else draw(spaces)
    return f"{draw(spaces)}{{{inner}}}{draw(spaces)}"


@given(bodies("stream", "messages"))
def test_only_the_field_is_added(text: str) -> None:
    body = text.encode("utf-8", "surrogatepass")
    spliced = json_text.with_member(body, json_text.USAGE)
    opening = body.index(b"{") + 1
    added = json_text.USAGE + (b"" if json.loads(text) == {} else b",")
    assert spliced == body[:opening] + added + body[opening:]
    expected = {"stream_options": ASKED} | json.loads(text)
    assert json.loads(spliced.decode("utf-8", "surrogatepass")) == expected


@given(bodies("model", "stream"), st.text())
def test_only_the_value_is_replaced(text: str, value: str) -> None:
    body = text.encode()
    pairs: list[tuple[str, Any]] = json.loads(text, object_pairs_hook=list)
    replaced = json_text.with_value(
        body, "model", json.dumps(value).encode(), given="model" in dict(pairs)
    )
    expected = [(k, value if k == "model" else v) for k, v in pairs]
    assert json.loads(replaced, object_pairs_hook=list) == expected
    if "model" not in dict(pairs):
        assert replaced == body


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"{}", b'{"stream_options":{"include_usage":true}}'),
        (b" {\n}\n", b' {"stream_options":{"include_usage":true}\n}\n'),
        (
            b'{"seed": 12345678901234567890.10, "a": 1, "a": 1E400}',
            b'{"stream_options":{"include_usage":true},'
            b'"seed": 12345678901234567890.10, "a": 1, "a": 1E400}',
        ),
        (
            b'{"user":"}{","x":{"stream_options":1}}',
            b'{"stream_options":{"include_usage":true},'
            b'"user":"}{","x":{"stream_options":1}}',
        ),
    ],
)
def test_examples(body: bytes, expected: bytes) -> None:
    assert json_text.with_member(body, json_text.USAGE) == expected


def test_what_is_no_object_has_no_place_for_a_field() -> None:
    for body in (b"", b"[]", b'"{"', b"\xef\xbb\xbf{}"):
        with pytest.raises(ValueError, match="not a JSON object"):
            json_text.with_member(body, json_text.USAGE)


@given(bodies(*json_text.MEMBERS))
def test_what_is_read_of_a_body_is_what_it_has(text: str) -> None:
    read = json_text.members(text.encode())
    whole = json.loads(text)
    assert read == {name: whole[name] for name in json_text.MEMBERS if name in whole}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"x":{"model":"inner"},"model":"a","model":"b"}', {"model": "b"}),
        (b'{"model":"%b"}' % (b"a" * 2000), {"model": "a" * 2000}),
        (b'{"stream_options":[%b0]}' % (b"0," * 2000), {"stream_options": None}),
        (b'{"stream":true,"x":NaN}', {"stream": True}),
        (b'{"stream":true,"x":"\\ud83d","y":"%b"}' % (b"a" * 2**21), {"stream": True}),
        (b'{"stream":true,"x":NaN,"y":[%b0]}' % (b"0," * 200_000), None),
        (b'{"model":"a","x":"\\ud800"}', {"model": "a"}),
        (b'{"x":NaN}', {}),
        (b'{"model":"a"} {', None),
        (b'["model"]', None),
        (b'{"model":"a","x":"\xff"}', None),
        (b'{"x":' + b"[" * 100_000, None),
    ],
    ids=range(12),
)
def test_a_body_that_is_odd_is_read_as_far_as_needed(
    body: bytes, expected: dict[str, object] | None
) -> None:
    assert json_text.members(body) == expected


@pytest.mark.parametrize(
    "body", [b"", b"[1]", b"{", b"\xff{}", "{}".encode("utf-16"), b"[" * 100_000]
)
def test_what_is_no_object_has_no_fields(body: bytes) -> None:
    assert json_text.fields(body) == {}


def test_what_other_parsers_take_has_fields() -> None:
    assert json_text.fields(b'{"stream":true,"x":NaN}')["stream"] is True
    assert json_text.fields(b'{"stream":true,"x":"\\ud800"}')["stream"] is True
