"""Server-Sent Events: the standard's own examples, and bytes split anywhere.

See: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import json
from pathlib import Path

import httpx
import pytest
from httpx_sse import EventSource
from hypothesis import given
from hypothesis import strategies as st

from streaming import sse
from streaming.sse import DataDecoder


def decoded(*pieces: bytes, limit: int = 10_000) -> list[bytes]:
    decoder = DataDecoder(limit)
    return [data for piece in pieces for data in decoder.feed(piece)]


def test_whatwg_example_stocks_joins_lines_of_data() -> None:
    assert decoded(b"data: YHOO\ndata: +2\ndata: 10\n\n") == [b"YHOO\n+2\n10"]


def test_whatwg_example_four_blocks_skips_the_comment_and_the_unfinished() -> None:
    stream = (
        b": test stream\n\n"
        b"data: first event\nid: 1\n\n"
        b"data:second event\nid\n\n"
        b"data:  third event\n"
    )
    assert decoded(stream) == [b"first event", b"second event"]
    assert decoded(stream, b"\n") == [b"first event", b"second event", b" third event"]


def test_whatwg_example_empty_data_dispatches_twice() -> None:
    assert decoded(b"data\n\ndata\ndata\n\ndata:") == [b"", b"\n"]


def test_whatwg_example_the_space_after_the_colon_is_optional() -> None:
    assert decoded(b"data:test\n\ndata: test\n\n") == [b"test", b"test"]


def test_whatwg_example_named_events_are_read_by_their_data() -> None:
    stream = b"event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n"
    assert decoded(stream) == [b"73857293", b"2153"]


def test_an_event_without_data_is_not_dispatched() -> None:
    assert decoded(b"event: done\n\nid: 1\n\n") == []


def test_one_leading_byte_order_mark_is_dropped() -> None:
    stream = b"\xef\xbb\xbfdata: a\n\n\xef\xbb\xbfdata: b\n\n"
    assert decoded(stream) == [b"a"]


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
def test_each_line_end_works_wherever_the_bytes_are_split(end: bytes) -> None:
    lines = "data: é漢\ndata: 😀\n\n: comment\n\ndata: two\n\n".encode().splitlines()
    stream = b"".join(line + end for line in lines) + b"data: x" + end
    expected = ["é漢\n😀".encode(), b"two"]
    for at in range(len(stream) + 1):
        assert decoded(stream[:at], stream[at:]) == expected
    assert decoded(*(stream[at : at + 1] for at in range(len(stream)))) == expected


def test_an_event_over_the_limit_is_refused_before_it_is_whole() -> None:
    with pytest.raises(ValueError, match="more than 10 bytes"):
        decoded(b"data: 12345", b"67890", limit=10)
    with pytest.raises(ValueError, match="more than 10 bytes"):
        decoded(b"data: 12345\n" * 3, limit=10)


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(st.lists(st.dictionaries(st.text(), anything), max_size=5), st.data())
def test_what_is_framed_is_read_back_by_us_and_by_others(
    values: list[dict[str, object]], data: st.DataObject
) -> None:
    stream = b"".join(sse.encode(value, "named") for value in values)
    at = data.draw(st.integers(0, len(stream)))
    assert [json.loads(each) for each in decoded(stream[:at], stream[at:])] == values
    headers = {"content-type": "text/event-stream"}
    response = httpx.Response(200, headers=headers, content=stream)
    events = list(EventSource(response).iter_sse())
    assert [event.json() for event in events] == values
    assert all(event.event == "named" for event in events)
    for character in ("\x85", "\u2028", "\u2029"):
        assert character.encode() not in stream


def test_half_a_surrogate_pair_becomes_the_replacement_character() -> None:
    value = {"a\ud83d": ["\ud83d", "\ud83d\ude00", 1, True, None]}
    expected = {"a\ufffd": ["\ufffd", "😀", 1, True, None]}
    assert json.loads(sse.dumps(value)) == expected


def test_what_json_has_no_word_for_is_written_all_the_same() -> None:
    value = {
        1: 2**70,
        "set": {"a\u2028"},
        "nan": [float("inf"), 0.5],
        "type": Path("p"),
    }
    data = sse.dumps(value)
    assert b"\n" not in data
    assert "\u2028".encode() not in data
    assert json.loads(data) == {
        "1": 2**70,
        "set": ["a\u2028"],
        "nan": [None, 0.5],
        "type": "p",
    }
